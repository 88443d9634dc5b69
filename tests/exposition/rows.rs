//! Which units have which rows.

use std::sync::Arc;

use podometer::encode::prometheus::{Encoder, Format, LabelCache, Options, Page};
use podometer::model::identity::{Identity, PodInfo};
use podometer::model::snapshot::Snapshot;
use podometer::model::unit::UnitId;

use super::sample;

fn lines(snapshot: &Snapshot, page: Page, family: &str, options: Options) -> Vec<String> {
    let bytes = sample::document(&Arc::new(snapshot.clone()), page, Format::Text, options);
    let prefix = format!("{family}{{");
    String::from_utf8(bytes)
        .unwrap()
        .lines()
        .filter(|line| line.starts_with(&prefix))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_document_in_small_chunks_is_the_same_document() {
    for page in Page::ALL {
        for format in Format::ALL {
            let whole = sample::document(&sample::snapshot(), page, format, Options::default());
            let plan = LabelCache::new(format).plan(sample::snapshot(), page);
            let mut encoder = Encoder::new(plan, Arc::new(sample::report()), format, Options::default());
            let (mut pieced, mut chunk) = (Vec::new(), Vec::new());
            while encoder.next_chunk(&mut chunk, 100) {
                assert!(!chunk.is_empty(), "a chunk without progress");
                pieced.append(&mut chunk);
            }
            pieced.append(&mut chunk);
            assert!(pieced == whole, "{page:?} {format:?}");
        }
    }
}

#[test]
fn pods_are_not_counted_twice_in_cadvisors_families() {
    let snapshot = sample::snapshot();
    let family = "container_cpu_usage_seconds_total";
    let rows = lines(&snapshot, Page::Cadvisor, family, Options::default());
    let of_guar: Vec<&String> = rows.iter().filter(|row| row.contains("pod=\"guar\"")).collect();
    assert_eq!(of_guar.len(), 1, "the one container, not the sandbox, not the pod: {of_guar:?}");
    assert!(rows.iter().any(|row| row.contains("id=\"/\"")));
    let with_pods = Options { cadvisor_pod_rows: true, ..Options::default() };
    assert_eq!(lines(&snapshot, Page::Cadvisor, family, with_pods).len(), rows.len() + 3);
    assert_eq!(
        lines(&snapshot, Page::Cadvisor, "container_network_receive_bytes_total", Options::default()).len(),
        1,
        "on a page with times none that has another time"
    );
}

#[test]
fn a_unit_made_again_at_the_path_of_a_gone_one_has_one_row() {
    let mut snapshot = (*sample::snapshot()).clone();
    let mut again = snapshot.units[7].clone();
    again.id = UnitId(70);
    snapshot.units[7].gone = true;
    again.values.set(podometer::model::field::Field::UsageUsec, 5);
    snapshot.units.push(again);
    let rows = lines(&snapshot, Page::Cadvisor, "container_cpu_usage_seconds_total", Options::default());
    let rows: Vec<&String> = rows.iter().filter(|row| row.contains("ssh.service")).collect();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].contains("} 0.000005 "), "{rows:?}");
}

#[test]
fn a_restarted_container_has_one_row_on_the_page_without_ids() {
    let mut snapshot = (*sample::snapshot()).clone();
    let mut restarted = snapshot.units[3].clone();
    restarted.id = UnitId(40);
    restarted.created_wall_s = Some(1_795_222_600.0);
    snapshot.units.insert(3, restarted);
    let rows = lines(&snapshot, Page::Resource, "container_start_time_seconds", Options::default());
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].ends_with(" 1795222600.0"), "the newer one: {rows:?}");
}

#[test]
fn a_name_that_arrives_late_replaces_the_cached_labels() {
    let mut cache = LabelCache::new(Format::Text);
    let mut encode = |snapshot: &Snapshot| {
        let plan = cache.plan(Arc::new(snapshot.clone()), Page::Metrics);
        let mut out = Vec::new();
        Encoder::new(plan, Arc::default(), Format::Text, Options::default()).finish(&mut out);
        (String::from_utf8(out).unwrap(), cache.len())
    };
    let mut snapshot = (*sample::snapshot()).clone();
    let (before, units) = encode(&snapshot);
    assert!(before.contains("pod_cpu_usage_seconds_total{namespace=\"\",pod=\"\",uid=\"0ad1f6a8-"));
    assert_eq!(units, snapshot.units.len());
    let pod = PodInfo { namespace: "late".into(), name: "named".into(), ..PodInfo::default() };
    snapshot.units[5].identity = Some(Arc::new(Identity { pod: Some(Arc::new(pod)), container: None }));
    snapshot.units.truncate(6);
    let (after, units) = encode(&snapshot);
    assert!(after.contains("pod_cpu_usage_seconds_total{namespace=\"late\",pod=\"named\",uid=\"0ad1f6a8-"));
    assert_eq!(units, 6, "units that are gone are forgotten");
}

#[test]
fn absent_values_give_no_row_and_empty_families_nothing() {
    let mut snapshot = (*sample::snapshot()).clone();
    for unit in &mut snapshot.units {
        unit.values = podometer::model::field::Values::default();
    }
    let bytes = sample::document(&Arc::new(snapshot), Page::Cadvisor, Format::Text, Options::default());
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains("container_cpu_usage_seconds_total"), "neither rows nor head");
    assert!(text.contains("# TYPE container_oom_events_total counter"));
}

#[test]
fn what_another_source_says_is_a_series_of_its_own() {
    let snapshot = sample::snapshot();
    let of = |page, family| lines(&snapshot, page, family, Options::default());
    let foreign = |rows: Vec<String>| rows.into_iter().filter(|row| row.contains("away")).collect::<Vec<_>>();
    let rows = foreign(of(Page::Metrics, "pod_cpu_usage_seconds_total"));
    assert!(rows.len() == 1 && rows[0].contains(",source=\"kubelet\"}"), "{rows:?}");
    let rows = foreign(of(Page::Resource, "pod_cpu_usage_seconds_total"));
    assert!(rows.len() == 1 && !rows[0].contains("source="), "the kubelet's own form has no such label");
    assert!(!of(Page::Metrics, "pod_cpu_usage_seconds_total")[0].contains("source="));
    let rows = foreign(of(Page::Metrics, "container_network_receive_bytes_total"));
    assert!(rows[0].matches("source=").count() == 1 && rows[0].ends_with(" 77"), "{rows:?}");
    let mut blind = (*snapshot).clone();
    blind.units[2].network = None;
    let rows = lines(&blind, Page::Metrics, "container_network_receive_bytes_total", Options::default());
    let guar = rows.iter().find(|row| row.contains("pod=\"guar\"")).unwrap();
    assert!(guar.contains("interface=\"eth0\",source=\"kubelet\"}") && guar.ends_with(" 77"), "{guar}");
    let packets = lines(&blind, Page::Metrics, "container_network_receive_packets_total", Options::default());
    assert!(packets.is_empty(), "the kubelet does not count packets, and absent is not zero");
}

#[test]
fn a_source_that_changes_changes_the_series_at_once() {
    let mut cache = LabelCache::new(Format::Text);
    let mut encode = |snapshot: &Snapshot| {
        let plan = cache.plan(Arc::new(snapshot.clone()), Page::Metrics);
        let mut out = Vec::new();
        Encoder::new(plan, Arc::default(), Format::Text, Options::default()).finish(&mut out);
        String::from_utf8(out)
            .unwrap()
            .contains("pod=\"guar\",uid=\"63f8f95c-2cab-4e91-8271-232b018ec34d\",source=")
    };
    let mut snapshot = (*sample::snapshot()).clone();
    assert!(!encode(&snapshot));
    snapshot.units[2].source = podometer::model::reconciled::SourceKind::NodeAgent;
    assert!(encode(&snapshot));
    snapshot.units[2].source = podometer::model::reconciled::SourceKind::Cgroup;
    assert!(!encode(&snapshot));
}

#[test]
fn differences_are_shown_for_as_many_pods_as_are_asked_for_and_counted_for_all() {
    let snapshot = sample::snapshot();
    let of = |family, drift_pods| {
        lines(&snapshot, Page::Metrics, family, Options { drift_pods, ..Options::default() })
    };
    let rows = of("podometer_drift_cpu_cores", 20);
    assert!(rows.len() == 1 && rows[0].ends_with(" 0.001"), "ours minus theirs: {rows:?}");
    assert_eq!(of("podometer_drift_cpu_cores", 0), [""; 0]);
    let unexplained = [
        "podometer_drift_unexplained{against=\"kubelet\"} 1",
        "podometer_drift_unexplained{against=\"metrics_api\"} 0",
    ];
    assert_eq!(
        of("podometer_drift_unexplained", 0),
        unexplained,
        "zero is measured, and counts do not depend"
    );
    assert_eq!(of("podometer_drift_differences", 0).len(), 18);
}

#[test]
fn one_claim_has_one_row_however_many_pods_use_it() {
    let rows =
        lines(&sample::snapshot(), Page::Metrics, "kubelet_volume_stats_used_bytes", Options::default());
    assert_eq!(
        rows,
        ["kubelet_volume_stats_used_bytes{namespace=\"default\",persistentvolumeclaim=\"data\"} 1000"]
    );
    assert_eq!(
        lines(&sample::snapshot(), Page::Metrics, "podometer_pod_volume_used_bytes", Options::default())
            .len(),
        3
    );
}
