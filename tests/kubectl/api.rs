//! An API server as far as `kubectl top` asks, and podometer's own document, from one set of numbers.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use serde_json::{Value, json};

/// Answers until the test ends.
pub(crate) fn serve(document: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            answer(stream, document);
        }
    });
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, document: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut request, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
        request.push_str(&std::mem::take(&mut line));
    }
    let target = request.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let (status, body) = match reply(path, &serde_json::from_str(document).unwrap()) {
        Some(body) => (
            "200 OK",
            if path == "/api/v1/pods" && !request.contains("kubectl") {
                document.to_owned()
            } else {
                body.to_string()
            },
        ),
        None => ("404 Not Found", missing(path).to_string()),
    };
    let length = body.len();
    // The client may be gone: that is its business.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    );
}

fn reply(path: &str, document: &Value) -> Option<Value> {
    let metrics = path.strip_prefix("/apis/metrics.k8s.io/v1beta1/");
    Some(match path {
        "/api" => json!({"kind": "APIVersions", "versions": ["v1"]}),
        "/apis" => {
            let version = json!({"groupVersion": "metrics.k8s.io/v1beta1", "version": "v1beta1"});
            let group = json!({"name": "metrics.k8s.io", "versions": [version], "preferredVersion": version});
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]})
        }
        "/api/v1/nodes" => {
            let amounts = |key: &str| {
                let amounts = &document[key];
                json!({"cpu": format!("{}m", amounts["cpu_millicores"]), "memory": amounts["memory_bytes"].to_string()})
            };
            let status = json!({"allocatable": amounts("allocatable"), "capacity": amounts("capacity")});
            let node = json!({"metadata": {"name": document["node"]}, "status": status});
            json!({"kind": "NodeList", "apiVersion": "v1", "items": [node]})
        }
        // Only asked for by kubectl where it found no metrics; by podometer always.
        "/api/v1/pods" => list("PodList", &[]),
        _ if path.starts_with("/api/v1/namespaces/") && path.ends_with("/pods") => list("PodList", &[]),
        _ => match metrics?.split('/').collect::<Vec<_>>()[..] {
            ["nodes"] => {
                let usage = usage(&document["root"]["top"]);
                list("NodeMetricsList", &[json!({"metadata": {"name": document["node"]}, "usage": usage})])
            }
            ["pods"] => list("PodMetricsList", &pods(document, None)),
            ["namespaces", namespace, "pods"] => list("PodMetricsList", &pods(document, Some(namespace))),
            ["namespaces", namespace, "pods", name] => {
                let found = pods(document, Some(namespace));
                found.into_iter().find(|pod| pod["metadata"]["name"] == name)?
            }
            _ => return None,
        },
    })
}

fn list(kind: &str, items: &[Value]) -> Value {
    let version = if kind == "PodList" { "v1" } else { "metrics.k8s.io/v1beta1" };
    json!({"kind": kind, "apiVersion": version, "items": items})
}

/// As metrics-server has them: only pods with values. By name, since kubectl leaves equal ones in this order.
fn pods(document: &Value, namespace: Option<&str>) -> Vec<Value> {
    let mut pods: Vec<&Value> = document["pods"].as_array().unwrap().iter().collect();
    pods.sort_by_key(|pod| (pod["namespace"].as_str(), pod["pod"].as_str()));
    pods.into_iter()
        .filter(|pod| pod["top"].is_object() && pod["pod"].is_string())
        .filter(|pod| namespace.is_none_or(|namespace| pod["namespace"] == namespace))
        .map(|pod| {
            let containers: Vec<Value> = pod["containers"]
                .as_array()
                .unwrap()
                .iter()
                .map(|container| json!({"name": container["container"], "usage": usage(&container["top"])}))
                .collect();
            json!({
                "kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
                "metadata": {"name": pod["pod"], "namespace": pod["namespace"]},
                "timestamp": "2026-11-21T00:56:30Z", "window": "15.5s", "containers": containers,
            })
        })
        .collect()
}

/// In metrics-server's own units.
fn usage(top: &Value) -> Value {
    let nanocores = (top["cpu_cores"].as_f64().unwrap() * 1e9).round();
    json!({"cpu": format!("{nanocores}n"), "memory": format!("{}Ki", top["memory_bytes"].as_u64().unwrap() / 1024)})
}

fn missing(path: &str) -> Value {
    let name = path.rsplit('/').next().unwrap_or_default();
    json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
        "message": format!("podmetrics.metrics.k8s.io \"{name}\" not found"),
        "details": {"name": name, "group": "metrics.k8s.io", "kind": "podmetrics"},
    })
}

/// kubectl, with a home of its own.
pub(crate) struct Kubectl {
    home: tempfile::TempDir,
}

/// `None`, loudly, where there is none that names its columns as current ones do.
pub(crate) fn kubectl() -> Option<Kubectl> {
    let asked = Command::new("kubectl").args(["version", "--client", "-o", "json"]).output();
    let version: Option<Value> = asked.ok().and_then(|output| serde_json::from_slice(&output.stdout).ok());
    let minor = version.as_ref().and_then(|version| {
        version["clientVersion"]["minor"].as_str()?.trim_end_matches('+').parse::<u32>().ok()
    });
    if minor.is_none_or(|minor| minor < 32) {
        eprintln!("SKIPPED: kubectl 1.32 or later is not installed (found {minor:?})");
        return None;
    }
    Some(Kubectl { home: tempfile::tempdir().unwrap() })
}

impl Kubectl {
    pub(crate) fn command(&self, arguments: &[&str], url: &str) -> Command {
        let mut command = Command::new("kubectl");
        command.arg("top").args(arguments).args(["--server", url, "--cache-dir"]).arg(self.home.path());
        command.env("HOME", self.home.path()).env_remove("KUBECONFIG");
        command
    }
}
