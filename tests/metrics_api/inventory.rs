//! The inventory: recorded objects through the server's double to line protocol, as whole output; names, tags and
//! types against Telegraf's list.

use std::collections::{BTreeMap, BTreeSet};

use influxdb_line_protocol::{FieldValue, parse_lines};
use podometer::encode::influx::LineWriter;
use podometer::encode::schema::inventory;
use podometer::model::stamp::Stamp;
use podometer::source::inventory::{Config, Reading, Resource, Whose, fetch};
use serde_json::{Value, json};

use crate::api_double::{Double, Fault, USER};
use crate::{golden, truth};

const TAKEN_NS: i64 = 1_795_222_705_000_000_000;

/// Telegraf's measurements: tags, then fields. The fields of type string are marked by `"`.
const TELEGRAF: &[(&str, &[&str], &[&str])] = &[
    (
        "kubernetes_daemonset",
        &["daemonset_name", "namespace", "selector_app"],
        &[
            "generation",
            "current_number_scheduled",
            "desired_number_scheduled",
            "number_available",
            "number_misscheduled",
            "number_ready",
            "number_unavailable",
            "updated_number_scheduled",
            "created",
        ],
    ),
    (
        "kubernetes_deployment",
        &["deployment_name", "namespace", "selector_app"],
        &["replicas_available", "replicas_unavailable", "created"],
    ),
    (
        "kubernetes_node",
        &["node_name", "cluster_namespace", "version", "status", "condition"],
        &[
            "capacity_cpu_cores",
            "capacity_millicpu_cores",
            "capacity_memory_bytes",
            "capacity_pods",
            "allocatable_cpu_cores",
            "allocatable_millicpu_cores",
            "allocatable_memory_bytes",
            "allocatable_pods",
            "spec_unschedulable",
            "status_condition",
            "ready",
            "node_count",
        ],
    ),
    (
        "kubernetes_persistentvolumeclaim",
        &["pvc_name", "namespace", "phase", "storageclass", "selector_tier"],
        &["phase_type"],
    ),
    (
        "kubernetes_pod_container",
        &[
            "container_name",
            "namespace",
            "node_name",
            "pod_name",
            "phase",
            "state",
            "readiness",
            "image",
            "version",
            "node_selector_disk",
            "condition",
            "status",
        ],
        &[
            "restarts_total",
            "state_code",
            "\"state_reason",
            "\"phase_reason",
            "\"terminated_reason",
            "resource_requests_millicpu_units",
            "resource_requests_memory_bytes",
            "resource_limits_millicpu_units",
            "resource_limits_memory_bytes",
            "status_condition",
            "ready",
        ],
    ),
    (
        "kubernetes_statefulset",
        &["statefulset_name", "namespace", "selector_app"],
        &[
            "created",
            "generation",
            "replicas",
            "replicas_current",
            "replicas_ready",
            "replicas_updated",
            "spec_replicas",
            "observed_generation",
        ],
    ),
];

#[expect(clippy::needless_pass_by_value, reason = "made where it is called")]
fn object(namespace: &str, name: &str, spec: Value, status: Value) -> Value {
    let metadata = json!({"name": name, "namespace": namespace, "creationTimestamp": "2026-11-21T00:34:49Z",
        "generation": 2});
    json!({"metadata": metadata, "spec": spec, "status": status})
}

/// Kinds of which the recorded cluster has none.
fn add_workloads(double: &Double) {
    let selector = json!({"matchLabels": {"app": "web", "secret": "x"}});
    let status = json!({"replicas": 3, "availableReplicas": 2, "unavailableReplicas": 1});
    double.add("apps", "deployments", [object("shop", "web", json!({"selector": selector}), status)]);
    let status = json!({"replicas": 2, "readyReplicas": 1, "currentReplicas": 2, "updatedReplicas": 2, "observedGeneration": 2});
    let spec = json!({"replicas": 2, "selector": selector});
    double.add("apps", "statefulsets", [object("shop", "db", spec, status)]);
    let status = json!({"currentNumberScheduled": 1, "desiredNumberScheduled": 1, "numberMisscheduled": 0,
        "numberReady": 1, "numberAvailable": 1, "updatedNumberScheduled": 1, "observedGeneration": 2});
    double.add("apps", "daemonsets", [object("kube-system", "agent", json!({"selector": selector}), status)]);
    let spec = json!({"storageClassName": "fast", "selector": {"matchLabels": {"tier": "gold"}}});
    let claims = [
        object("shop", "data-db-0", spec, json!({"phase": "Bound"})),
        object("shop", "data-db-1", json!({}), json!({"phase": "Pending"})),
        object("shop", "data-db-2", json!({}), json!({})),
    ];
    double.add("", "persistentvolumeclaims", claims);
    let spec = json!({"nodeName": "n2", "nodeSelector": {"disk": "ssd"},
        "containers": [{"name": "main", "image": "registry:5000/web:1"}]});
    let status = json!({"phase": "Failed", "reason": "Evicted"});
    double.add("", "pods", [object("shop", "evicted", spec, status)]);
}

fn items(folder: &std::path::Path, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn config() -> Config {
    let selector_include = vec!["app".to_owned(), "tier".to_owned(), "disk*".to_owned()];
    Config { enabled: true, selector_include, ..Config::default() }
}

fn lines(reading: &mut Reading) -> String {
    reading.inventory.taken = Stamp { boot_ns: 1, wall_ns: TAKEN_NS };
    let mut out = Vec::new();
    let mut writer = LineWriter::new(&mut out);
    inventory::write(&reading.inventory, "n1", &[("site".to_owned(), "lab".to_owned())], &mut writer);
    writer.finish();
    String::from_utf8(out).unwrap()
}

async fn recorded(folder: &std::path::Path) -> String {
    let double = Double::start().await;
    double.add("", "pods", items(folder, "api-pods.json"));
    double.add("", "nodes", items(folder, "api-nodes.json"));
    add_workloads(&double);
    let mut reading = fetch(&double.client().await, &config(), &Whose::Cluster).await;
    assert!(reading.partial.is_none(), "{:?}", reading.partial);
    assert_eq!(reading.faults, 0);
    lines(&mut reading)
}

#[tokio::test]
async fn recorded_objects_as_whole_output() {
    let mut text = String::new();
    for driver in ["systemd", "cgroupfs"] {
        let Some(folder) = truth::recording(driver) else { return };
        text += &recorded(&folder).await;
    }
    golden::check("influx_inventory.txt", &text);
}

#[tokio::test]
async fn names_tags_and_types_are_telegrafs() {
    let Some(folder) = truth::recording("systemd") else { return };
    let text = recorded(&folder).await;
    let mut seen: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for line in parse_lines(&text) {
        let line = line.unwrap();
        assert_eq!(line.timestamp, Some(TAKEN_NS));
        let (tags, fields) = seen.entry(line.series.measurement.to_string()).or_default();
        tags.extend(line.series.tag_set.iter().flatten().map(|(key, _)| key.to_string()));
        for (key, value) in &line.field_set {
            let mark = match value {
                FieldValue::I64(_) => "",
                FieldValue::String(_) => "\"",
                other => panic!("{key} is {other:?}"),
            };
            fields.insert(format!("{mark}{key}"));
        }
    }
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(seen.len(), TELEGRAF.len());
    for (measurement, tags, fields) in TELEGRAF {
        let (seen_tags, seen_fields) = &seen[*measurement];
        let mut tags = set(tags);
        tags.extend(["host".to_owned(), "site".to_owned()]);
        // No node of the recording belongs to a managed cluster.
        tags.remove("cluster_namespace");
        assert_eq!(*seen_tags, tags, "{measurement}");
        assert_eq!(*seen_fields, set(fields), "{measurement}");
    }
}

#[tokio::test]
async fn a_node_lists_itself_and_its_pods_alone() {
    let Some(folder) = truth::recording("systemd") else { return };
    let double = Double::start().await;
    double.add("", "pods", items(&folder, "api-pods.json"));
    double.add("", "nodes", items(&folder, "api-nodes.json"));
    add_workloads(&double);
    let mut reading = fetch(&double.client().await, &config(), &Whose::Node("vm".to_owned())).await;
    let log = double.take_log();
    assert_eq!(
        log,
        [
            "GET /api/v1/pods?limit=500&fieldSelector=spec.nodeName%3Dvm",
            "GET /api/v1/nodes?limit=500&fieldSelector=metadata.name%3Dvm",
        ]
    );
    let text = lines(&mut reading);
    assert!(
        !text.contains("evicted") && !text.contains("node_count") && !text.contains("deployment"),
        "{text}"
    );
    assert_eq!(reading.inventory.deployments, None, "not asked for is not an empty list");
}

#[tokio::test]
async fn lists_are_paged_bounded_and_narrowed_to_namespaces() {
    let double = Double::start().await;
    let many = (0..1300).map(|n| object("shop", &format!("web-{n:04}"), json!({}), json!({})));
    double.add("apps", "deployments", many);
    double.add("apps", "deployments", [object("ops", "backup", json!({}), json!({}))]);
    let server = double.client().await;
    let only = Config { resources: vec![Resource::Deployments], ..config() };
    let count = |reading: &Reading| reading.inventory.deployments.as_ref().map(Vec::len);
    assert_eq!(count(&fetch(&server, &only, &Whose::Cluster).await), Some(1301));
    assert_eq!(double.take_log().len(), 3);
    let namespaces = vec!["ops".to_owned(), "none".to_owned()];
    let narrow = Config { namespaces, ..only.clone() };
    assert_eq!(count(&fetch(&server, &narrow, &Whose::Cluster).await), Some(1));
    let bounded = Config { max_objects: 700, ..only };
    let reading = fetch(&server, &bounded, &Whose::Cluster).await;
    assert_eq!((count(&reading), reading.faults), (Some(700), 300));
}

#[tokio::test]
async fn a_kind_that_is_refused_costs_itself_and_a_dead_server_the_rest() {
    let double = Double::start().await;
    add_workloads(&double);
    let server = double.client().await;
    double.deny("list deployments.apps");
    let reading = fetch(&server, &config(), &Whose::Cluster).await;
    assert_eq!(reading.inventory.deployments, None);
    assert_eq!(reading.inventory.claims.as_ref().map(Vec::len), Some(3));
    let said = reading.partial.unwrap().to_string();
    assert!(said.contains(&format!("{USER} lacks the verb list on deployments.apps")), "{said}");
    double.heal();
    double.take_log();
    double.fail("/api/v1/nodes", Fault::Status(500, "etcd"));
    let reading = fetch(&server, &config(), &Whose::Cluster).await;
    assert!(reading.inventory.pods.is_some() && reading.inventory.claims.is_none());
    assert_eq!(double.take_log().len(), 2);
}

#[tokio::test]
async fn an_object_of_another_shape_costs_itself() {
    let double = Double::start().await;
    double.add(
        "apps",
        "deployments",
        [
            json!({"metadata": {"namespace": "shop", "name": "odd"}, "spec": 7}),
            object("shop", "fine", json!({}), json!({"availableReplicas": 1})),
            json!({"metadata": {"namespace": "shop", "name": "young"}}),
        ],
    );
    let only = Config { resources: vec![Resource::Deployments], ..config() };
    let reading = fetch(&double.client().await, &only, &Whose::Cluster).await;
    assert_eq!(reading.faults, 1);
    let found = reading.inventory.deployments.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].replicas_available, found[0].replicas_unavailable), (Some(1), Some(0)));
    assert_eq!(found[1].replicas_available, None, "no status says nothing");
}
