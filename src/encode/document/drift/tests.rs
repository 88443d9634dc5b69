use std::sync::Arc;

use super::*;
use crate::model::identity::{PodInfo, PodUid};
use crate::model::reconciled::{PodReconciliation, Reconciled, SourceKind};
use crate::model::stamp::Stamp;

fn difference(resource: Resource, ours: u64, theirs: u64, cause: Option<Cause>) -> Difference {
    Difference {
        view: View::Top,
        against: SourceKind::MetricsApi,
        resource,
        ours: Some(ours),
        theirs: Some(theirs),
        cause,
        detail: cause.map_or("", |_| "seen").into(),
    }
}

fn pod(name: &str, differences: Vec<Difference>) -> PodReconciliation {
    let info = PodInfo { namespace: "shop".into(), name: name.into(), ..PodInfo::default() };
    let usage = |cpu: u64| Usage {
        cpu_nanocores: Some(cpu),
        memory_bytes: None,
        at_ms: 1_699_999_990_500,
        window_ns: 15_000_000_000,
    };
    PodReconciliation {
        uid: PodUid(format!("uid-{name}").into()),
        info: Some(Arc::new(info)),
        values: Reconciliation {
            top: Some(usage(16_000_000)),
            top_of: SourceKind::MetricsApi,
            metrics_api: Some(usage(15_000_000)),
            differences,
            ..Reconciliation::default()
        },
    }
}

fn snapshot() -> Snapshot {
    let reconciled = Reconciled {
        pods: vec![
            pod("even", vec![difference(Resource::Cpu, 100, 100, None)]),
            pod("old", vec![difference(Resource::Cpu, 1_500_000_000, 1_000_000_000, Some(Cause::Stale))]),
            pod(
                "lost",
                vec![
                    difference(Resource::Memory, 1, 4, Some(Cause::Unexplained)),
                    difference(Resource::Cpu, 3, 2, Some(Cause::Stale)),
                ],
            ),
        ],
        node: Some(Reconciliation::default()),
        ..Reconciled::default()
    };
    Snapshot {
        taken: Stamp { boot_ns: 0, wall_ns: 1_700_000_000_000_000_000 },
        node_name: "n1".into(),
        reconciled: Some(Arc::new(reconciled)),
        ..Snapshot::default()
    }
}

fn names(filter: &DriftFilter) -> Vec<String> {
    drift(&snapshot(), filter).pods.into_iter().filter_map(|pod| pod.pod).collect()
}

#[test]
fn the_largest_difference_comes_first_and_filters_choose() {
    let all = DriftFilter::default();
    assert_eq!(names(&all), ["lost", "old", "even"]);
    assert_eq!(names(&DriftFilter { namespace: Some("other".into()), ..all.clone() }), [""; 0]);
    assert_eq!(names(&DriftFilter { pod: Some("uid-old".into()), ..all.clone() }), ["old"]);
    let stale = drift(&snapshot(), &DriftFilter { cause: Some("stale".into()), ..all });
    assert_eq!((stale.pods.len(), stale.causes["stale"], stale.causes["unexplained"]), (2, 2, 0));
    assert!(stale.pods.iter().all(|pod| pod.differences.len() == 1), "only those of the cause");
    assert_eq!(stale.node_values, None);
}

#[test]
fn a_row_says_both_values_their_age_and_why() {
    let document = drift(&snapshot(), &DriftFilter { pod: Some("old".into()), ..DriftFilter::default() });
    let value = serde_json::to_value(&document).unwrap();
    assert_eq!(
        value["pods"][0],
        serde_json::json!({
            "namespace": "shop", "pod": "old", "uid": "uid-old", "source": "cgroup", "top_of": "metrics_api",
            "top": {"cpu_cores": 0.016, "at": "2023-11-14T22:13:10.500Z", "age_seconds": 9.5,
                    "window_seconds": 15.0},
            "metrics_api": {"cpu_cores": 0.015, "at": "2023-11-14T22:13:10.500Z", "age_seconds": 9.5,
                            "window_seconds": 15.0},
            "differences": [{"view": "top", "against": "metrics_api", "resource": "cpu", "ours": 1.5,
                             "theirs": 1.0, "difference": 0.5, "ratio": 0.5, "cause": "stale",
                             "detail": "seen"}],
        })
    );
    assert_eq!(serde_json::from_value::<DriftDocument>(value).unwrap(), document);
}

#[test]
fn a_filter_that_could_show_nothing_is_told_so() {
    let cause = |cause: &str| DriftFilter { cause: Some(cause.into()), ..DriftFilter::default() }.problem();
    assert_eq!(cause("own-cgroup"), None);
    assert!(cause("why").unwrap().contains("allowed: window, rounding"));
    assert!(cause("").unwrap().contains("is empty"));
}

#[test]
fn pods_are_bounded() {
    let mut snapshot = snapshot();
    let pods = (0..=MAX_PODS).map(|at| pod(&format!("p{at}"), Vec::new())).collect();
    snapshot.reconciled = Some(Arc::new(Reconciled { pods, ..Reconciled::default() }));
    let document = drift(&snapshot, &DriftFilter::default());
    assert_eq!((document.pods.len(), document.truncated), (MAX_PODS, true));
}
