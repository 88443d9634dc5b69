//! `podometer check` reads each target once and says what is wrong with it.

use crate::double::Double;
use crate::lines::STATUS;
use crate::program::{Host, podometer, shown};

#[test]
fn each_target_is_tried_and_the_remedy_is_named() {
    let double = Double::start();
    double.page("/metrics", "a 1\nnonsense\n");
    double.page("/status", STATUS);
    let host = Host::new();
    let of = |name: &str, kind: &str, path: &str| {
        format!("{{name: {name}, kind: {kind}, url: \"{}\"}}", double.url(path))
    };
    let targets = [
        of("app", "prometheus", "/metrics"),
        of("web", "nginx", "/status"),
        of("jvm", "jolokia", "/jolokia"),
    ];
    let file = host.write("podometer.yaml", format!("scrape: {{targets: [{}]}}\n", targets.join(", ")));
    let cgroup = host.set("paths.cgroup", "cgroup");
    let output =
        podometer(&["check", "--json", "--set", &cgroup, "--config", shown(&file)]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let groups = report["groups"].as_array().unwrap();
    let group = groups.iter().find(|group| group["source"] == "scrape").unwrap();
    let findings = group["findings"].as_array().unwrap();
    let text = |place: usize, key: &str| findings[place][key].as_str().unwrap_or_default();
    assert_eq!((text(0, "what"), text(0, "state")), ("app (prometheus)", "degraded"));
    assert!(text(0, "detail").contains("1 values, 1 that cannot be read"), "{findings:#?}");
    assert_eq!((text(1, "what"), text(1, "state")), ("web (nginx)", "ok"));
    assert!(text(1, "detail").ends_with("/status: 7 values"), "{findings:#?}");
    assert_eq!((text(2, "what"), text(2, "state")), ("jvm (jolokia)", "missing"));
    assert_eq!(text(2, "remedy"), "set url to the agent's path, often /jolokia");
}
