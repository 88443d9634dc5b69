//! compare-top while it happens: a whole agent reads counters that move, a metrics-server (the independent model of
//! tests/support) measures the same counters by its own clock, and kubectl itself prints its answer. Only the cluster
//! between them is a double, and only the way into the agent's pod is the fake kubectl's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use podometer::model::metrics_api::PodUsage;
use serde_json::{Value, json};

use crate::api_double::Double;
use crate::fake_kubectl::Fake;
use crate::kubectl_api;
use crate::metrics_server::MetricsServer;
use crate::program::Agent;

const NODE: &str = "n1";
/// How often the counters move, and metrics-server measures.
const STEP: Duration = Duration::from_millis(20);
const RESOLUTION: Duration = Duration::from_secs(4);

/// A pod of one container, and the CPU time that it has used after so long.
struct Load {
    name: &'static str,
    mebibytes: u64,
    usec: fn(Duration) -> u64,
}

const LOADS: [Load; 3] = [
    Load { name: "steady", mebibytes: 30, usec: |after| after.as_micros() as u64 / 4 },
    Load { name: "idle", mebibytes: 3, usec: |after| after.as_micros() as u64 / 2000 },
    // A fifth of a core, and another in every other half second.
    Load {
        name: "bursts",
        mebibytes: 200,
        usec: |after| {
            let (whole, rest) = (after.as_micros() as u64 / 1_000_000, after.as_micros() as u64 % 1_000_000);
            after.as_micros() as u64 / 5 + whole * 100_000 + rest.min(500_000) / 5
        },
    },
];

/// The counters of a node, as files.
struct Node {
    root: tempfile::TempDir,
    begun: Instant,
    files: Vec<(File, usize)>,
}

impl Node {
    fn new() -> Node {
        let mut node = Node { root: tempfile::tempdir().unwrap(), begun: Instant::now(), files: Vec::new() };
        node.cgroup("", None);
        node.cgroup("kubepods", None);
        for (place, load) in LOADS.iter().enumerate() {
            let pod = format!("kubepods/pod{}", uid(place));
            node.cgroup(&pod, Some((place, load.mebibytes)));
            node.cgroup(&format!("{pod}/{}", id(place)), Some((place, load.mebibytes)));
        }
        node.step();
        node
    }

    fn cgroup(&mut self, path: &str, load: Option<(usize, u64)>) {
        let directory = self.path().join(path);
        fs::create_dir_all(&directory).unwrap();
        let bytes = load.map_or(1 << 30, |(_, mebibytes)| mebibytes << 20);
        let stat = format!("anon {bytes}\nfile 0\ninactive_file 0\n");
        for (name, text) in [
            ("cgroup.controllers", "cpu memory pids\n".to_owned()),
            ("cpu.stat", counters(0)),
            ("memory.current", format!("{bytes}\n")),
            ("memory.stat", stat),
        ] {
            fs::write(directory.join(name), text).unwrap();
        }
        if let Some((place, _)) = load {
            let file = File::options().write(true).open(directory.join("cpu.stat")).unwrap();
            self.files.push((file, place));
        }
    }

    fn path(&self) -> PathBuf {
        self.root.path().join("cgroup")
    }

    /// Each counter at the instant at which it is written.
    fn step(&self) {
        for (file, place) in &self.files {
            file.write_all_at(counters((LOADS[*place].usec)(self.begun.elapsed())).as_bytes(), 0).unwrap();
        }
    }

    /// What the kubelet would say now.
    fn page(&self) -> String {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let after = self.begun.elapsed();
        let mut page =
            format!("node_cpu_usage_seconds_total 9 {at}\nnode_memory_working_set_bytes 1e9 {at}\n");
        for load in &LOADS {
            let labels = format!("{{container=\"app\",namespace=\"shop\",pod=\"{}\"}}", load.name);
            let seconds = (load.usec)(after).max(1) as f64 / 1e6;
            let bytes = load.mebibytes << 20;
            writeln!(page, "container_cpu_usage_seconds_total{labels} {seconds} {at}").unwrap();
            writeln!(page, "container_memory_working_set_bytes{labels} {bytes} {at}").unwrap();
            writeln!(page, "container_start_time_seconds{labels} 1700000000").unwrap();
        }
        page
    }
}

/// Always as long, so that a reader never meets half of it.
fn counters(usec: u64) -> String {
    format!("usage_usec {usec:012}\nuser_usec {usec:012}\nsystem_usec {:012}\n", 0)
}

fn uid(place: usize) -> String {
    format!("{place:08}-1111-2222-3333-444444444444")
}

fn id(place: usize) -> String {
    format!("{place:064x}")
}

/// The pods as the API server lists them.
fn pods() -> Vec<Value> {
    let pod = |(place, load): (usize, &Load)| {
        let status = json!({"name": "app", "containerID": format!("containerd://{}", id(place)), "image": "i",
            "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {"startedAt": "2023-11-14T22:13:20Z"}}});
        json!({"metadata": {"namespace": "shop", "name": load.name, "uid": uid(place)},
            "spec": {"nodeName": NODE, "containers": [{"name": "app", "image": "i"}]},
            "status": {"phase": "Running", "qosClass": "Guaranteed", "containerStatuses": [status]}})
    };
    LOADS.iter().enumerate().map(pod).collect()
}

/// Moves the counters and measures them. Told to stop, it measures no more, and the last answer stands until nobody is
/// left to tell it anything.
async fn cluster(
    node: Node,
    ready: Sender<(PathBuf, PathBuf)>,
    stop: Receiver<()>,
    last: Sender<Vec<PodUsage>>,
) {
    let double = Double::start().await;
    double.add("", "pods", pods());
    ready.send((double.kubeconfig(), node.path())).unwrap();
    let mut server = MetricsServer::new(RESOLUTION);
    let (mut measured, mut is_told) = (Instant::now(), false);
    let mut steps = tokio::time::interval(STEP);
    loop {
        steps.tick().await;
        node.step();
        let usages = |server: &MetricsServer| server.pods().into_iter().map(|served| served.usage).collect();
        match stop.try_recv() {
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => {}
            Ok(()) => {
                is_told = true;
                last.send(usages(&server)).unwrap();
            }
        }
        if !is_told && measured.elapsed() >= RESOLUTION {
            measured += RESOLUTION;
            server.scrape(NODE, &node.page());
            let answer: Vec<PodUsage> = usages(&server);
            double.set_metrics(Some((&answer, &server.nodes())));
        }
    }
}

/// What kubectl's server says of these pods.
fn document(pods: &[PodUsage]) -> String {
    let top = |cpu: u64, memory: u64| json!({"cpu_cores": cpu as f64 / 1e9, "memory_bytes": memory});
    let row = |pod: &PodUsage| {
        let containers: Vec<Value> = pod
            .containers
            .iter()
            .map(|one| json!({"container": one.name, "top": top(one.cpu_nanocores, one.memory_bytes)}))
            .collect();
        json!({"namespace": pod.namespace, "pod": pod.name, "top": top(0, 0), "containers": containers})
    };
    json!({"node": NODE, "pods": pods.iter().map(row).collect::<Vec<_>>()}).to_string()
}

fn agent(kubeconfig: &Path, cgroup: &Path) -> Agent {
    let settings = [
        "agent.mode=node".to_owned(),
        format!("agent.node_name={NODE}"),
        format!("paths.cgroup={}", cgroup.display()),
        format!("api_server.kubeconfig={}", kubeconfig.display()),
        "metrics_api.interval=1s".to_owned(),
        "kubelet.enabled=never".to_owned(),
    ];
    let arguments: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting.as_str()]).collect();
    Agent::launch(&arguments, &[])
}

/// When metrics-server measured, by the agent's own document, for each pod that has a value.
fn seen(agent: &Agent) -> BTreeMap<String, String> {
    let (status, text) = agent.get("/api/v1/drift");
    if status != 200 {
        return BTreeMap::new();
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    let pods = document["pods"].as_array().unwrap().iter();
    let at = |pod: &Value| {
        let at = pod["metrics_api"]["at"].as_str()?;
        Some((pod["pod"].as_str()?.to_owned(), at.to_owned()))
    };
    pods.filter_map(at).collect()
}

#[test]
fn a_live_agent_is_within_ten_percent_of_a_live_kubectl_top() {
    let Some(kubectl) = kubectl_api::kubectl() else {
        assert!(std::env::var_os("CI").is_none(), "kubectl 1.32 or later is not installed");
        return;
    };
    let (tell_ready, ready) = channel();
    let (stop, stopped) = channel();
    let (tell_last, last) = channel();
    let serving = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(cluster(Node::new(), tell_ready, stopped, tell_last));
    });
    let (kubeconfig, cgroup) = ready.recv().unwrap();
    let agent = agent(&kubeconfig, &cgroup);
    // A whole window of metrics-server lies within what the agent has seen by its second answer.
    let first = {
        agent.wait("a first answer", |agent| seen(agent).len() == LOADS.len());
        seen(&agent)
    };
    agent.wait("a second answer", |agent| {
        let now = seen(agent);
        now.len() == LOADS.len() && first.iter().all(|(pod, at)| now.get(pod) != Some(at))
    });
    stop.send(()).unwrap();
    let answer = last.recv().unwrap();
    let at = |pod: &PodUsage| {
        humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(pod.at_ms as u64))
    };
    agent.wait("the last answer", |agent| {
        let now = seen(agent);
        answer.iter().all(|pod| now.get(&*pod.name) == Some(&at(pod).to_string()))
    });

    let url = kubectl_api::serve(document(&answer).leak());
    let top = kubectl.command(&["pods", "-A"], &url).output().unwrap();
    assert!(top.status.success(), "{}", String::from_utf8_lossy(&top.stderr));
    let podometer = env!("CARGO_BIN_EXE_podometer");
    let cases = format!(
        "'get pods '*) echo pod/podometer-{NODE} ;;\n\
         'top pods -A') cat top ;;\n\
         'exec -i '*) shift 7; exec '{podometer}' \"$@\" --url 'http://{}' <\"$input\" ;;",
        agent.address
    );
    let fake = Fake::answering(&cases);
    fs::write(fake.path("top"), top.stdout).unwrap();
    let ended = fake.script("compare-top", &["--tries", "1"]);
    println!("{}", ended.stdout);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    let within = ended.stdout.lines().filter(|line| line.ends_with("within")).count();
    assert_eq!(within, LOADS.len(), "{}", ended.stdout);
    drop(stop);
    serving.join().unwrap();
    assert_eq!(agent.end(), 0);
}
