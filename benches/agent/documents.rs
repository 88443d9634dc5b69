//! What a kubelet, the API server and metrics-server say of a node with the pods of [`super::trees`]: as large
//! and as nested as on a real node. CPU counters move on with every document.

use std::fmt::Write as _;

use serde_json::{Value, json};

pub(crate) const NODE: &str = "bench";

/// The UID that the pod's cgroup carries.
pub(crate) fn uid(pod: usize) -> String {
    format!("18451618-ada8-4b1c-a71e-{pod:012x}")
}

fn container_id(pod: usize, container: usize) -> String {
    format!("containerd://{:064x}", pod * 3 + container + 1)
}

fn namespace(pod: usize) -> String {
    format!("team-{}", pod % 12)
}

fn name(pod: usize) -> String {
    format!("service-{}-7d9f8b6c5-{pod:05x}", pod % 40)
}

const CONTAINERS: [&str; 2] = ["app", "proxy"];
const CONDITIONS: [&str; 4] = ["Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// A pod of about 9 kB, as the API server stores it.
pub(crate) fn pod(pod: usize) -> Value {
    let container = |name: &str| {
        let env =
            |at: usize| json!({"name": format!("SETTING_{at}"), "value": format!("value-{at}-of-{name}")});
        json!({
            "name": name, "image": format!("registry.example/team/{name}:1.{}", pod % 7),
            "env": (0..12).map(env).collect::<Vec<Value>>(),
            "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
            "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
            "volumeMounts": [{"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": "api", "readOnly": true}],
        })
    };
    let status = |(at, name): (usize, &&str)| {
        json!({
            "name": name, "image": format!("registry.example/team/{name}:1.{}", pod % 7),
            "imageID": format!("registry.example/team/{name}@sha256:{:064x}", pod % 7),
            "containerID": container_id(pod, at + 1), "ready": true, "started": true, "restartCount": pod % 3,
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
            "state": {"running": {"startedAt": "2026-11-21T00:55:44Z"}}, "lastState": {},
        })
    };
    let field = |at: usize| (format!("f:field-{at}"), json!({"f:nested": {"f:leaf": {}}, "f:other": {}}));
    let manager = |name: &str| {
        let fields: serde_json::Map<String, Value> = (0..24).map(field).collect();
        json!({"manager": name, "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
    };
    let condition = |kind: &str| json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": "2026-11-21T00:53:28Z"});
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name(pod), "namespace": namespace(pod), "uid": uid(pod), "resourceVersion": (pod + 1).to_string(),
            "creationTimestamp": "2026-11-21T00:52:16Z",
            "labels": {"app": format!("service-{}", pod % 40), "pod-template-hash": "7d9f8b6c5", "tier": "backend"},
            "annotations": {"example.com/configuration": "x".repeat(600)},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
                "name": format!("service-{}-7d9f8b6c5", pod % 40), "uid": "1"}],
            "managedFields": [manager("controller"), manager("kubelet")],
        },
        "spec": {"nodeName": NODE, "containers": CONTAINERS.map(container), "restartPolicy": "Always",
            "tolerations": [{"effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists"}]},
        "status": {
            "phase": "Running", "qosClass": "Guaranteed", "startTime": "2026-11-21T00:52:19Z", "podIP": "10.88.0.17",
            "conditions": CONDITIONS.map(condition),
            "containerStatuses": CONTAINERS.iter().enumerate().map(status).collect::<Vec<Value>>(),
        },
    })
}

fn psi() -> Value {
    let line = json!({"total": 28_043_952, "avg10": 21.13, "avg60": 17.77, "avg300": 7.42});
    json!({"full": line, "some": line})
}

fn cpu(time: &str, nanoseconds: u64) -> Value {
    json!({"time": time, "usageNanoCores": 108_260_301, "usageCoreNanoSeconds": nanoseconds, "psi": psi()})
}

fn memory(time: &str) -> Value {
    json!({"time": time, "usageBytes": 2_613_248, "workingSetBytes": 1_331_200, "rssBytes": 1_101_824,
        "pageFaults": 838, "majorPageFaults": 0, "psi": psi()})
}

fn filesystem(time: &str) -> Value {
    json!({"time": time, "availableBytes": 5_287_092_224_u64, "capacityBytes": 6_316_195_840_u64, "usedBytes": 4_227_072,
        "inodesFree": 379_651, "inodes": 393_216, "inodesUsed": 12})
}

/// `/stats/summary`, indented as a kubelet writes it. `time` is RFC 3339, `seconds` the age of the counters.
pub(crate) fn summary(pods: usize, time: &str, seconds: u64) -> String {
    let used = |pod: usize| (seconds + pod as u64) * 10_000_000;
    let container = |pod: usize, name: &str| {
        json!({"name": name, "startTime": "2026-11-21T00:54:17Z", "cpu": cpu(time, used(pod)), "memory": memory(time),
            "io": {"time": time, "psi": psi()}, "swap": {"time": time, "swapUsageBytes": 0},
            "rootfs": filesystem(time), "logs": filesystem(time)})
    };
    let network = json!({"time": time, "name": "eth0", "rxBytes": 8806, "rxErrors": 0, "txBytes": 892, "txErrors": 0,
        "interfaces": [{"name": "eth0", "rxBytes": 8806, "rxErrors": 0, "txBytes": 892, "txErrors": 0}]});
    let row = |pod: usize| {
        let mut volume = filesystem(time);
        volume["name"] = json!("kube-api-access-gd5w2");
        json!({"podRef": {"name": name(pod), "namespace": namespace(pod), "uid": uid(pod)},
            "startTime": "2026-11-21T00:52:45Z", "containers": CONTAINERS.map(|name| container(pod, name)),
            "cpu": cpu(time, 2 * used(pod)), "memory": memory(time), "io": {"time": time, "psi": psi()},
            "network": network, "volume": [volume], "ephemeral-storage": filesystem(time),
            "process_stats": {"process_count": 2}, "swap": {"time": time, "swapUsageBytes": 0}})
    };
    let document = json!({
        "node": {"nodeName": NODE, "startTime": "2026-11-21T00:30:13Z", "cpu": cpu(time, seconds * 1_000_000_000),
            "memory": memory(time), "network": network, "fs": filesystem(time),
            "runtime": {"imageFs": filesystem(time), "containerFs": filesystem(time)},
            "rlimit": {"time": time, "maxpid": 31_176, "curproc": 312}},
        "pods": (0..pods).map(row).collect::<Vec<Value>>(),
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// `/metrics/resource`.
pub(crate) fn resource(pods: usize, at_ms: i64, seconds: u64) -> String {
    let mut text = String::new();
    let used = |pod: usize| (seconds + pod as u64) as f64 * 0.01;
    let mut family = |name: &str, kind: &str, row: &dyn Fn(usize) -> f64, labelled: bool| {
        let _ = writeln!(text, "# HELP {name} [STABLE] {name}\n# TYPE {name} {kind}");
        for pod in 0..pods {
            let containers: &[&str] = if labelled { &CONTAINERS } else { &[""] };
            for container in containers {
                let label = if labelled { format!("container=\"{container}\",") } else { String::new() };
                let (namespace, pod_name) = (namespace(pod), crate::documents::name(pod));
                let _ = writeln!(
                    text,
                    "{name}{{{label}namespace=\"{namespace}\",pod=\"{pod_name}\"}} {} {at_ms}",
                    row(pod)
                );
            }
        }
    };
    family("container_cpu_usage_seconds_total", "counter", &used, true);
    family("container_memory_working_set_bytes", "gauge", &|_| 1_331_200.0, true);
    family("container_start_time_seconds", "gauge", &|_| 1_795_222_344.0, true);
    family("pod_cpu_usage_seconds_total", "counter", &|pod| 2.0 * used(pod), false);
    family("pod_memory_working_set_bytes", "gauge", &|_| 2_900_000.0, false);
    let _ = writeln!(
        text,
        "# TYPE node_cpu_usage_seconds_total counter\nnode_cpu_usage_seconds_total {seconds} {at_ms}\n\
         # TYPE node_memory_working_set_bytes gauge\nnode_memory_working_set_bytes 5e+08 {at_ms}\n\
         # TYPE resource_scrape_error gauge\nresource_scrape_error 0"
    );
    text
}

/// One pod of metrics.k8s.io.
pub(crate) fn pod_metrics(pod: usize, time: &str) -> Value {
    json!({"metadata": {"name": name(pod), "namespace": namespace(pod), "creationTimestamp": time},
        "timestamp": time, "window": "15.041s",
        "containers": CONTAINERS.map(|name| json!({"name": name, "usage": {"cpu": "10002347n", "memory": "1300Ki"}}))})
}

/// The node of metrics.k8s.io.
pub(crate) fn node_metrics(time: &str) -> Value {
    json!({"metadata": {"name": NODE}, "timestamp": time, "window": "10.041s",
        "usage": {"cpu": "500000000n", "memory": "500000Ki"}})
}

/// The node as the API server stores it.
pub(crate) fn node() -> Value {
    json!({"metadata": {"name": NODE}, "status": {"allocatable": {"cpu": "2", "memory": "4044384Ki", "pods": "250"},
        "capacity": {"cpu": "2", "memory": "4146784Ki", "pods": "250"}}})
}
