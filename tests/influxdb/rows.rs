//! Names: every measurement, tag, field and type, as whole output and against Telegraf's list.

use std::collections::BTreeMap;
use std::sync::Arc;

use influxdb_line_protocol::{FieldValue, parse_lines};
use podometer::encode::influx::{Limits, Producer};

use crate::sample;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/influx_kubernetes.txt");

type Names = &'static [&'static str];

/// What Telegraf's inputs.kubernetes writes of each measurement: tags (that can be told from cgroups), fields.
const TELEGRAF: &[(&str, Names, &[Names])] = &[
    (
        "kubernetes_pod_container",
        &["node_name", "namespace", "container_name", "pod_name", "image", "version"],
        &[SYSTEM, &["rootfs_used_bytes", "logsfs_used_bytes"]],
    ),
    ("kubernetes_system_container", &["node_name", "container_name"], &[SYSTEM]),
    (
        "kubernetes_pod_volume",
        &["node_name", "pod_name", "namespace", "volume_name"],
        &[&["available_bytes", "capacity_bytes", "used_bytes"]],
    ),
    (
        "kubernetes_pod_network",
        &["node_name", "pod_name", "namespace"],
        &[&["rx_bytes", "rx_errors", "tx_bytes", "tx_errors"]],
    ),
    (
        "kubernetes_node",
        &["node_name"],
        &[&[
            "cpu_usage_nanocores",
            "cpu_usage_core_nanoseconds",
            "memory_available_bytes",
            "memory_usage_bytes",
            "memory_working_set_bytes",
            "memory_rss_bytes",
            "memory_page_faults",
            "memory_major_page_faults",
            "network_rx_bytes",
            "network_rx_errors",
            "network_tx_bytes",
            "network_tx_errors",
            "fs_available_bytes",
            "fs_capacity_bytes",
            "fs_used_bytes",
            "runtime_image_fs_available_bytes",
            "runtime_image_fs_capacity_bytes",
            "runtime_image_fs_used_bytes",
        ]],
    ),
];
const SYSTEM: &[&str] = &[
    "cpu_usage_nanocores",
    "cpu_usage_core_nanoseconds",
    "memory_usage_bytes",
    "memory_working_set_bytes",
    "memory_rss_bytes",
    "memory_page_faults",
    "memory_major_page_faults",
    "rootfs_available_bytes",
    "rootfs_capacity_bytes",
    "logsfs_available_bytes",
    "logsfs_capacity_bytes",
];

fn encoded(producer: &mut Producer, snapshot: &podometer::model::snapshot::Snapshot) -> String {
    let batches = producer.encode_snapshot(snapshot, &mut []);
    batches.iter().map(|batch| String::from_utf8(batch.body.to_vec()).unwrap()).collect()
}

#[test]
fn golden_rows() {
    let text = encoded(&mut Producer::new(sample::options("n1")), &sample::small());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    for (ours, golden) in text.lines().zip(golden.lines()) {
        assert_eq!(ours, golden);
    }
    assert_eq!(text.len(), golden.len(), "set UPDATE_GOLDEN=1 to accept");
}

#[test]
fn telegraf_measurements_have_telegraf_names_and_types_only() {
    let text = encoded(&mut Producer::new(sample::options("n1")), &sample::small());
    let mut seen: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for line in parse_lines(&text) {
        let line = line.unwrap();
        let measurement = line.series.measurement.to_string();
        let Some((name, ..)) = TELEGRAF.iter().find(|(name, ..)| *name == measurement) else {
            assert!(["kubernetes_pod", "podometer_unit"].contains(&measurement.as_str()), "{measurement}");
            continue;
        };
        let (tags, fields) = seen.entry(name).or_default();
        tags.extend(line.series.tag_set.iter().flatten().map(|(key, _)| key.to_string()));
        for (key, value) in &line.field_set {
            assert!(matches!(value, FieldValue::I64(_)), "{measurement}.{key} is {value:?}");
            fields.push(key.to_string());
        }
    }
    // Labels, the agent's own tags, the stand-ins of units without a name, and who says what is not read here.
    let ours = ["app", "site", "host", "pod_uid", "container_id", "source"];
    for (measurement, tags, fields) in TELEGRAF {
        let (seen_tags, seen_fields) = &seen[measurement];
        for name in *tags {
            assert!(seen_tags.iter().any(|seen| seen == name), "{measurement} has no tag {name}");
        }
        let fields: Vec<&str> = fields.iter().flat_map(|some| some.iter().copied()).collect();
        for name in &fields {
            assert!(seen_fields.iter().any(|seen| seen == name), "{measurement} has no field {name}");
        }
        for seen in seen_tags {
            assert!(
                tags.contains(&seen.as_str()) || ours.contains(&seen.as_str()),
                "{measurement}: tag {seen}"
            );
        }
        for seen in seen_fields {
            assert!(fields.contains(&seen.as_str()), "{measurement}: field {seen}");
        }
    }
}

#[test]
fn a_name_that_arrives_later_is_used_at_once() {
    let mut producer = Producer::new(sample::options("n1"));
    let mut snapshot = sample::small();
    let before = encoded(&mut producer, &snapshot);
    assert!(before.contains("kubernetes_pod,host=n1,site=lab\\ 1,node_name=n1,uid=b8bda1f2,"), "{before}");
    let pod = sample::pod_info("late", "b8bda1f2");
    snapshot.units[8].identity = sample::identity(&pod, None);
    let after = encoded(&mut producer, &snapshot);
    assert!(after.contains("namespace=shop,pod_name=late,uid=b8bda1f2,"), "{after}");
    snapshot.units[8].identity = sample::identity(&sample::pod_info("renamed", "b8bda1f2"), None);
    assert!(encoded(&mut producer, &snapshot).contains("pod_name=renamed"));
    snapshot.node_name = "n2".into();
    assert!(!encoded(&mut producer, &snapshot).contains("node_name=n1"));
}

#[test]
fn units_that_left_are_forgotten() {
    let mut producer = Producer::new(sample::options("n1"));
    let many = encoded(&mut producer, &sample::large(50));
    let few = encoded(&mut producer, &sample::small());
    assert_eq!(few, encoded(&mut Producer::new(sample::options("n1")), &sample::small()));
    assert_eq!(many, encoded(&mut producer, &sample::large(50)), "and written alike when they come back");
}

#[test]
fn extra_rows_share_batches() {
    let mut options = sample::options("n1");
    options.limits = Limits { points: 3, bytes: 1 << 20 };
    let mut producer = Producer::new(options);
    let snapshot = sample::small();
    let alone: u64 = producer.encode_snapshot(&snapshot, &mut []).iter().map(|batch| batch.points).sum();
    let batches = producer.encode_snapshot(
        &snapshot,
        &mut [&mut |snapshot, writer| {
            writer.measurement("mem");
            writer.tag("host", &snapshot.node_name);
            writer.integer("total", 1);
            writer.end(snapshot.taken.wall_ns);
        }],
    );
    assert_eq!(batches.iter().map(|batch| batch.points).sum::<u64>(), alone + 1);
    assert!(batches.iter().all(|batch| batch.points <= 3));
    let last = batches.last().unwrap().body.clone();
    let expected = format!("mem,host=n1 total=1i {}\n", sample::TAKEN_NS);
    assert!(String::from_utf8(last.to_vec()).unwrap().ends_with(&expected));
}

#[test]
fn a_plain_host_has_no_kubernetes_rows() {
    let mut snapshot = sample::small();
    snapshot.units = vec![sample::unit(1, "/", podometer::model::identity::UnitKind::Root, None)];
    snapshot.windows = Arc::new([]);
    snapshot.reconciled = None;
    let text = encoded(&mut Producer::new(sample::options("n1")), &snapshot);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("podometer_unit,host=n1,site=lab\\ 1,unit=/,kind=root "), "{text}");
}

#[test]
fn what_the_kubelet_alone_knows_names_it() {
    let mut snapshot = sample::small();
    snapshot.units[3].network = None;
    let lines = |snapshot: &podometer::model::snapshot::Snapshot, start: &str, word: &str| -> Vec<String> {
        let text = encoded(&mut Producer::new(sample::options("n1")), snapshot);
        let found = text.lines().filter(|line| line.starts_with(start) && line.contains(word));
        found.map(str::to_owned).collect()
    };
    let network = lines(&snapshot, "kubernetes_pod_network,", "pod_name=web-0");
    assert!(
        network[0].contains(",source=kubelet rx_bytes=77i,tx_bytes=88i "),
        "absent is not zero: {network:?}"
    );
    let volumes = lines(&snapshot, "kubernetes_pod_volume,", "");
    assert_eq!(volumes.len(), 2);
    assert!(volumes[1].contains("volume_name=config\\ map available_bytes=9000i"), "{volumes:?}");
    let misc = lines(&snapshot, "kubernetes_system_container,", "container_name=misc");
    assert!(
        misc[0].contains(",source=kubelet cpu_usage_nanocores=7i,rootfs_available_bytes=9000i"),
        "{misc:?}"
    );
    let pod = lines(&snapshot, "kubernetes_pod,", "pod_name=web-0");
    for field in [
        "top_cpu_usage_nanocores=16000000i",
        "top_of=\"metrics_api\"",
        "drift_cpu_nanocores=-1000000i,drift_cpu_cause=\"window\",drift_memory_bytes=0i",
        "cpu_limit_coverage=0.5",
        "resource_limits_millicpu_units=500i",
        "ephemeral_storage_used_bytes=500i",
    ] {
        assert!(pod[0].contains(field), "{field}: {pod:?}");
    }
    assert!(!pod[0].contains("drift_memory_cause"), "they agree");
    snapshot.units[3].source = podometer::model::reconciled::SourceKind::Kubelet;
    let foreign = &lines(&snapshot, "kubernetes_pod,", "pod_name=web-0")[0];
    assert!(foreign.contains(",source=kubelet,"), "{foreign}");
    let network = lines(&snapshot, "kubernetes_pod_network,", "pod_name=web-0");
    assert_eq!(network[0].matches("source=").count(), 1, "{network:?}");
    let own_time = (sample::TAKEN_NS - 5_000_000).to_string();
    assert!(foreign.ends_with(&own_time), "the source's own time: {foreign}");
}
