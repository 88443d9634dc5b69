//! What `podometer check` says of an API server.

use std::process::Command;

use serde_json::{Value, json};

use super::api_server::{ApiServer, PODS};

/// The findings of the group `api server`: what about, state, and all of its words.
fn findings(server: &ApiServer) -> Vec<(String, String, String)> {
    let root = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_podometer"))
        .args(["check", "--json", "--set", &format!("paths.cgroup={}", root.path().display())])
        .args(["--set", &format!("api_server.kubeconfig={}", server.kubeconfig().display())])
        .env("NODE_NAME", "vm")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let groups = report["groups"].as_array().unwrap();
    let group = groups.iter().find(|group| group["source"] == "api server").unwrap();
    let row = |finding: &Value| {
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        (text("what"), text("state"), finding.to_string())
    };
    group["findings"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn each_right_that_is_missing_is_named() {
    let server = ApiServer::start().await;
    let metrics = "/apis/metrics.k8s.io/v1beta1/pods";
    server.state().documents.insert(metrics.to_owned(), json!({"items": []}));
    let server = std::sync::Arc::new(server);
    let asked = server.clone();
    let ask = move || findings(&asked);
    let all = tokio::task::spawn_blocking(ask.clone()).await.unwrap();
    assert!(all.len() == 5 && all.iter().all(|(_, state, _)| state == "ok"), "{all:?}");
    server.state().denied.insert(("watch", PODS.to_owned()));
    server.state().documents.clear();
    let some = tokio::task::spawn_blocking(ask).await.unwrap();
    let bad: Vec<_> = some.iter().filter(|(_, state, _)| state != "ok").collect();
    assert_eq!(bad.len(), 2, "{some:?}");
    assert!(bad[0].2.contains("lacks the verb watch on pods") && bad[0].2.contains("add to its ClusterRole"));
    assert!(bad[1].2.contains("install metrics-server"), "{bad:?}");
}
