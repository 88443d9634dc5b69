//! Pods with an injected sidecar are measured by the agent of their node, too: no sum may count them twice.

use std::process::Command;

use regex::Regex;
use serde_json::Value;

use crate::build::{self, items, text};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
    spec: {containers: [{name: web, image: web}]}\n";

/// Prometheus' name of the annotation that the program leaves in a pod with a sidecar.
fn annotation() -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pod.yaml");
    std::fs::write(&file, POD).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_podometer"));
    let output = program.args(["inject", "--image", "podometer:1", "-f"]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pod = build::documents(&String::from_utf8(output.stdout).unwrap()).unwrap().remove(0);
    let annotations = pod["metadata"]["annotations"].as_object().unwrap();
    let ours = annotations.keys().find(|name| name.starts_with("podometer.io/")).unwrap();
    format!("__meta_kubernetes_pod_annotation_{}", ours.replace(['.', '/', '-'], "_"))
}

/// The action of the rule on that label, where the label has any text.
fn action<'a>(rules: &'a [Value], sources: &str, label: &str) -> Option<&'a str> {
    let rule = rules.iter().find(|rule| items(rule, sources) == [Value::from(label)])?;
    assert_eq!(text(rule, "/regex"), ".+", "{rule}");
    Some(text(rule, "/action"))
}

/// What the rule drops of the names that a sidecar serves.
fn assert_drops(rules: &[Value], of: &str) {
    let [rule] = rules else { panic!("{of}: {rules:?}") };
    assert_eq!(text(rule, "/action"), "drop", "{of}");
    let names = Regex::new(&format!("^(?:{})$", text(rule, "/regex"))).unwrap();
    for (name, is_dropped) in [
        ("container_cpu_usage_seconds_total", true),
        ("pod_memory_working_set_bytes", true),
        ("podometer_pod_cpu_usage_max_cores", true),
        ("podometer_container_cpu_usage_max_cores", true),
        ("podometer_source_up", false),
        ("nginx_http_requests_total", false),
        ("http_requests_total", false),
    ] {
        assert_eq!(names.is_match(name), is_dropped, "{of}: {name}");
    }
}

#[test]
fn our_prometheus_counts_pods_with_a_sidecar_once() {
    let Some(build) = build::all().iter().find(|build| build.directory == "prometheus") else { return };
    let label = annotation();
    let mut maps = build.objects.iter().filter_map(|object| object.pointer("/data/prometheus.yml"));
    let settings = maps.find_map(Value::as_str).unwrap();
    let settings = build::documents(settings).unwrap().remove(0);
    let job = |name: &str| {
        items(&settings, "/scrape_configs").iter().find(|job| text(job, "/job_name") == name).unwrap()
    };
    let rules = |name: &str| items(job(name), "/relabel_configs");
    assert_eq!(action(rules("kubernetes-pods"), "/source_labels", &label), Some("drop"));
    assert_eq!(action(rules("podometer-sidecars"), "/source_labels", &label), Some("keep"));
    assert_drops(items(job("podometer-sidecars"), "/metric_relabel_configs"), "podometer-sidecars");
}

#[test]
fn the_operator_counts_them_once() {
    let Some(build) = build::all().iter().find(|build| build.directory == "operator") else { return };
    let monitor = build.find("PodMonitor", None, "podometer-sidecars").unwrap();
    let endpoint = &monitor["spec"]["podMetricsEndpoints"][0];
    assert_eq!(action(items(endpoint, "/relabelings"), "/sourceLabels", &annotation()), Some("keep"));
    assert_drops(items(endpoint, "/metricRelabelings"), "PodMonitor podometer-sidecars");
}
