//! The whole program against a cluster: the one that `KUBECONFIG` points at, and always the double over TLS, so that
//! no line here runs for the first time where a cluster is at hand.
//!
//! Nothing is assumed of the cluster but an API server; without metrics-server the comparisons with it are left out.
//! Everything is read, but for one Lease object of a name of its own, made and deleted in the namespace that
//! `PODOMETER_CLUSTER_NAMESPACE` names; without that variable the agent itself is not started.

#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests may panic and say that they were skipped"
)]

#[path = "support/api_double.rs"]
mod api_double;
#[path = "support/metrics_server.rs"]
mod metrics_server;
#[path = "support/ports.rs"]
mod ports;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use api_double::Double;
use hyper::Request;
use k8s_metrics::v1beta1::PodMetrics;
use kube::core::ObjectList;
use podometer::model::metrics_api::{ContainerUsage, NodeUsage, PodUsage};
use podometer::source::api_server::{self, ApiServer};
use podometer::source::inventory::{self, Resource, Whose};
use podometer::source::metrics_api::{self, Wanted};
use ports::free_address;
use rustix::process::{Pid, Signal, kill_process};

/// Far beyond what any step takes: a hang fails the test instead of blocking it.
const PATIENCE: Duration = Duration::from_mins(1);

/// The double has a thread of its own: the suite waits for programs without giving way.
#[test]
fn the_suite_against_the_double() {
    let (ready, started) = std::sync::mpsc::channel();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = std::thread::spawn(move || {
        runtime().block_on(async move {
            let double = measured_cluster().await;
            ready.send(double.kubeconfig()).unwrap();
            let mut scrapes = tokio::time::interval(Duration::from_secs(5));
            loop {
                tokio::select! {
                    _ = scrapes.tick() => measure(&double),
                    _ = &mut stopped => return,
                };
            }
        });
    });
    let kubeconfig = started.recv().unwrap();
    runtime().block_on(suite(&kubeconfig, Some("monitoring")));
    drop(stop);
    serving.join().unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn measured_cluster() -> Double {
    let double = Double::start().await;
    let pods = measure(&double);
    let objects = pods.iter().map(|pod| {
        serde_json::json!({"metadata": {"namespace": &*pod.namespace, "name": &*pod.name},
            "spec": {"nodeName": "n1", "containers": []}, "status": {"phase": "Running"}})
    });
    double.add("", "pods", objects);
    double
}

/// What metrics-server would have seen five seconds ago.
fn measure(double: &Double) -> Vec<PodUsage> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let (at_ms, window_ns) = ((now.as_secs() as i64 - 5) * 1000, 15_000_000_000);
    let pod = |n: u64| PodUsage {
        namespace: if n.is_multiple_of(3) { "shop" } else { "kube-system" }.into(),
        name: format!("pod-{n}").into(),
        at_ms,
        window_ns,
        containers: (0..=n % 2)
            .map(|c| {
                let (cpu_nanocores, memory_bytes) = (1_000_001 * n + c, (n << 20) + 4096 * (c + 1));
                ContainerUsage { name: format!("c{c}").into(), cpu_nanocores, memory_bytes }
            })
            .collect(),
    };
    let node = |name: &str| {
        let (name, cpu_nanocores, memory_bytes) = (name.into(), 500_000_000, 1 << 31);
        NodeUsage { name, at_ms, window_ns, cpu_nanocores, memory_bytes }
    };
    let pods: Vec<PodUsage> = (1..40).map(pod).collect();
    double.set_metrics(Some((&pods, &[node("n1"), node("n2")])));
    pods
}

#[test]
fn the_suite_against_the_cluster_of_kubeconfig() {
    let Some(kubeconfig) = std::env::var_os("KUBECONFIG").map(PathBuf::from) else {
        eprintln!("SKIPPED: KUBECONFIG points at no cluster");
        return;
    };
    let namespace = std::env::var("PODOMETER_CLUSTER_NAMESPACE").ok();
    if namespace.is_none() {
        eprintln!(
            "SKIPPED in part: PODOMETER_CLUSTER_NAMESPACE names no namespace for a Lease, so no agent is started"
        );
    }
    runtime().block_on(suite(&kubeconfig, namespace.as_deref()));
}

async fn suite(kubeconfig: &Path, namespace: Option<&str>) {
    let config =
        api_server::Config { kubeconfig: Some(kubeconfig.to_owned()), ..api_server::Config::default() };
    let server = ApiServer::connect(&config).await.unwrap();
    a_watch_opens_and_ends(&server).await;
    a_stranger_is_refused_in_one_line(kubeconfig).await;
    let has_metrics = usage_is_what_kube_reads(&server).await;
    if has_metrics {
        measured_pods_are_listed(&server).await;
    }
    if let Some(namespace) = namespace {
        two_agents_and_one_leader(&server, kubeconfig, namespace, has_metrics).await;
    }
}

async fn a_watch_opens_and_ends(server: &ApiServer) {
    let mut body = Vec::new();
    server.get("/api/v1/pods?limit=1", 1 << 20, &mut body).await.unwrap();
    let list: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let version = list["metadata"]["resourceVersion"].as_str().unwrap();
    let path = format!(
        "/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=2&resourceVersion={version}"
    );
    let mut lines = server.lines(&path, 4 << 20).await.unwrap();
    while let Some(line) = server.next_line(&mut lines, Duration::from_secs(30)).await.unwrap() {
        let event: serde_json::Value = serde_json::from_slice(line).unwrap();
        let kind = event["type"].as_str().unwrap();
        assert!(["ADDED", "MODIFIED", "DELETED", "BOOKMARK"].contains(&kind), "{event}");
    }
}

/// Without credentials: refused, in one line that holds no secret and says what is lacking.
async fn a_stranger_is_refused_in_one_line(kubeconfig: &Path) {
    let options = kube::config::KubeConfigOptions::default();
    let file = kube::config::Kubeconfig::read_from(kubeconfig).unwrap();
    let mut config = kube::Config::from_custom_kubeconfig(file, &options).await.unwrap();
    config.auth_info = kube::config::AuthInfo::default();
    let url = config.cluster_url.to_string().into();
    let client = kube::Client::try_from(config).unwrap();
    let stranger = ApiServer { client, url, timeout: Duration::from_secs(10) };
    let error = stranger.get("/api/v1/pods?limit=1", 1 << 20, &mut Vec::new()).await.unwrap_err();
    assert!(["unauthorized", "forbidden"].contains(&error.reason()), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
}

/// Our reading beside kube's own with k8s-metrics' types and arithmetic. False where there is no metrics-server.
async fn usage_is_what_kube_reads(server: &ApiServer) -> bool {
    let begun = Instant::now();
    loop {
        let before = directly(server).await;
        let settings = metrics_api::Config::default();
        let ours = match metrics_api::fetch(server, &settings, &Wanted::Cluster).await {
            Ok(reading) => reading,
            Err(error) if error.is_not_served() => {
                eprintln!("SKIPPED in part: this cluster has no metrics-server");
                return false;
            }
            Err(error) => panic!("{error}"),
        };
        // Where metrics-server had news in between, the two are of different times.
        let Some(theirs) = before.filter(|list| is_same_time(list, &ours.page.pods)) else {
            assert!(begun.elapsed() < PATIENCE, "no two readings of the same time");
            continue;
        };
        assert!(ours.partial.is_none() && ours.faults == 0, "{ours:?}");
        for pod in &theirs.items {
            let of = |name: &Option<String>| name.clone().unwrap();
            let (namespace, name) = (of(&pod.metadata.namespace), of(&pod.metadata.name));
            let found =
                ours.page.pods.iter().find(|ours| *ours.namespace == *namespace && *ours.name == *name);
            let found = found.unwrap_or_else(|| panic!("{namespace}/{name} is missing"));
            assert_eq!(u128::from(found.window_ns), pod.window.as_nanos());
            let cpu: u64 = found.containers.iter().map(|container| container.cpu_nanocores).sum();
            let memory: u64 = found.containers.iter().map(|container| container.memory_bytes).sum();
            assert!((cpu as f64 / 1e9 - pod.cpu().unwrap()).abs() < 1e-9, "{namespace}/{name}");
            assert_eq!(memory, pod.memory().unwrap() as u64, "{namespace}/{name}");
        }
        return true;
    }
}

async fn directly(server: &ApiServer) -> Option<ObjectList<PodMetrics>> {
    let request = Request::get("/apis/metrics.k8s.io/v1beta1/pods").body(Vec::new()).unwrap();
    server.client.request(request).await.ok()
}

fn is_same_time(list: &ObjectList<PodMetrics>, ours: &[PodUsage]) -> bool {
    let theirs: BTreeSet<_> = list
        .items
        .iter()
        .map(|pod| (pod.metadata.name.clone().unwrap(), pod.timestamp.0.as_millisecond()))
        .collect();
    theirs == ours.iter().map(|pod| (pod.name.to_string(), pod.at_ms)).collect()
}

/// Whoever has usage is a pod of the cluster: names are one and the same on both sides.
async fn measured_pods_are_listed(server: &ApiServer) {
    let config = inventory::Config { resources: vec![Resource::Pods], ..inventory::Config::default() };
    let begun = Instant::now();
    loop {
        let usage =
            metrics_api::fetch(server, &metrics_api::Config::default(), &Wanted::Cluster).await.unwrap();
        let listed = inventory::fetch(server, &config, &Whose::Cluster).await;
        assert!(listed.partial.is_none(), "{:?}", listed.partial);
        let pods = listed.inventory.pods.unwrap();
        let names: BTreeSet<_> = pods.iter().map(|pod| (&pod.name.namespace, &pod.name.name)).collect();
        let strangers: Vec<_> =
            usage.page.pods.iter().filter(|pod| !names.contains(&(&pod.namespace, &pod.name))).collect();
        // A pod that was deleted may be measured for one more reading.
        if strangers.is_empty() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{strangers:?}");
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// The agent's program twice: one leads and prints what kubectl would, the other takes over at once when it ends.
async fn two_agents_and_one_leader(
    server: &ApiServer,
    kubeconfig: &Path,
    namespace: &str,
    has_metrics: bool,
) {
    let lease = format!("podometer-test-{}", std::process::id());
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{lease}");
    let first = Agent::start(kubeconfig, namespace, &lease);
    first.wait_for("the first leads", |metrics| source(metrics, "lease").is_some_and(|up| up.0));
    let held_by = holder(server, &path).await;
    assert!(!held_by.is_empty());
    let node = first.get("/metrics/node");
    assert!(!node.contains("node_cpu_seconds_total{"), "a replica is no witness of its own node: {node}");
    let second = Agent::start(kubeconfig, namespace, &lease);
    second.wait_for("the second follows", |metrics| {
        source(metrics, "metrics_api").is_some_and(|(up, info)| !up && info.contains("reason=\"follower\""))
    });
    if has_metrics {
        first.wait_for("the first asks", |metrics| source(metrics, "metrics_api").is_some_and(|up| up.0));
        prints_what_kubectl_would(server, &first).await;
        assert!(second.get("/api/v1/pods").contains("\"pods\":[]"), "{}", second.get("/api/v1/pods"));
    }
    assert_eq!(holder(server, &path).await, held_by);
    first.stop();
    second.wait_for("the second takes over", |metrics| {
        let asks = source(metrics, "metrics_api");
        asks.is_some_and(|(up, info)| up == has_metrics && !info.contains("reason=\"follower\""))
    });
    let now_held_by = holder(server, &path).await;
    assert!(!now_held_by.is_empty() && now_held_by != held_by);
    second.stop();
    assert_eq!(holder(server, &path).await, "", "it is given back");
    let delete = Request::delete(&path).body(Vec::new()).unwrap();
    server.client.request_text(delete).await.unwrap();
}

async fn holder(server: &ApiServer, path: &str) -> String {
    let mut body = Vec::new();
    server.get(path, 1 << 20, &mut body).await.unwrap();
    let lease: serde_json::Value = serde_json::from_slice(&body).unwrap();
    lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()
}

/// `podometer top pods -A` beside kubectl's arithmetic on metrics.k8s.io: CPU up to 1m, memory down to 1Mi.
async fn prints_what_kubectl_would(server: &ApiServer, agent: &Agent) {
    let begun = Instant::now();
    loop {
        let list = directly(server).await.unwrap();
        let expected: BTreeMap<String, (u64, u64)> = list
            .items
            .iter()
            .map(|pod| {
                let cores: f64 = pod.cpu().unwrap();
                let millicores = (cores * 1e9).round() as u64;
                let memory = pod.memory().unwrap() as u64;
                let place =
                    pod.metadata.namespace.clone().unwrap() + "/" + pod.metadata.name.as_deref().unwrap();
                (place, (millicores.div_ceil(1_000_000), memory >> 20))
            })
            .collect();
        let printed = agent.top();
        let differing: Vec<_> =
            expected.iter().filter(|(name, value)| printed.get(*name) != Some(value)).collect();
        // A real cluster has news between two readings; a quiet instant comes.
        if differing.is_empty() && printed.len() == expected.len() {
            return;
        }
        let document =
            || agent.get("/api/v1/pods").chars().take(2500).collect::<String>().replace("\r\n", " ");
        assert!(begun.elapsed() < PATIENCE, "printed {printed:?}, not {differing:?}: {}", document());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Whether the source is up, and its line of podometer_source_info.
fn source(metrics: &str, name: &str) -> Option<(bool, String)> {
    let label = format!("source=\"{name}\"");
    let of = |family: &str| metrics.lines().find(|line| line.starts_with(family) && line.contains(&label));
    let up = of("podometer_source_up{")?;
    Some((up.ends_with(" 1"), of("podometer_source_info{").unwrap_or_default().to_owned()))
}

struct Agent {
    child: Child,
    address: String,
}

impl Agent {
    fn start(kubeconfig: &Path, namespace: &str, lease: &str) -> Agent {
        let address = free_address().to_string();
        let kubeconfig = kubeconfig.display();
        let settings = [
            "agent.mode=cluster".to_owned(),
            format!("server.listen={address}"),
            format!("api_server.kubeconfig={kubeconfig}"),
            format!("cluster.lease_name={lease}"),
            format!("cluster.lease_namespace={namespace}"),
            "cluster.lease_duration=6s".to_owned(),
            "cluster.renew_interval=1s".to_owned(),
            "metrics_api.interval=1s".to_owned(),
        ];
        let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
        command.arg("agent");
        for setting in settings {
            command.arg("--set").arg(setting);
        }
        let child = command.env_clear().stderr(Stdio::inherit()).stdout(Stdio::null()).spawn().unwrap();
        Agent { child, address }
    }

    fn get(&self, path: &str) -> String {
        use std::io::Write;
        let Ok(mut stream) = std::net::TcpStream::connect(&self.address) else { return String::new() };
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        _ = stream.read_to_string(&mut text);
        text
    }

    fn wait_for(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        loop {
            let metrics = self.get("/metrics");
            if is_so(&metrics) {
                return;
            }
            let own: Vec<&str> =
                metrics.lines().filter(|line| line.starts_with("podometer_source_")).collect();
            assert!(begun.elapsed() < PATIENCE, "{what}: {own:#?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Millicores and mebibytes by `namespace/name`.
    fn top(&self) -> BTreeMap<String, (u64, u64)> {
        let url = format!("http://{}", self.address);
        let output = Command::new(env!("CARGO_BIN_EXE_podometer"))
            .args(["top", "pods", "-A", "--no-headers", "--url", &url])
            .env_clear()
            .output()
            .unwrap();
        if !output.status.success() {
            eprintln!("top: {}", String::from_utf8_lossy(&output.stderr));
        }
        let row = |line: &str| {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let number = |cell: &str, unit: &str| cell.strip_suffix(unit)?.parse::<u64>().ok();
            let [namespace, name, cpu, memory] = cells[..] else { return None };
            Some((format!("{namespace}/{name}"), (number(cpu, "m")?, number(memory, "Mi")?)))
        };
        String::from_utf8(output.stdout).unwrap().lines().filter_map(row).collect()
    }

    fn stop(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // After a failure only: a stopped one is gone already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
