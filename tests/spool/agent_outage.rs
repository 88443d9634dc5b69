//! An outage under a whole agent: 110 pods with three containers each, a point of each every second, and the
//! database gone. Its memory stays flat while the spool fills; once the database is back, live data is there within
//! seconds and in the end every point.
//!
//! An agent cannot be made faster than its clock: a second of the outage takes a second here. The hour of
//! [`crate::outage`] goes by faster, with the sink alone.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::fs::{Advice, fadvise};
use serde_json::{Value, json};

use crate::program::{Agent, podometer};
use crate::servers::Server;
use crate::trees::Pods;

const PODS: usize = 110;
/// Of a pod.
const CONTAINERS: usize = 3;
/// Seconds of the outage after which memory has found its size: the shortest window is full then.
const WARM: u64 = 15;
/// From the database's first answer to the first point of a later time in it.
const LIVE: Duration = Duration::from_secs(5);
const ALLOWED_KIB: u64 = 16 << 10;
/// How much more it may be than when it was warm: encoders and compressors hold more at one instant than at another.
const SWING_KIB: u64 = 2 << 10;
/// The most compressed bytes that wait in memory meanwhile: a second's or two.
const MOST_WAITING: u64 = 256 << 10;

/// How long the outage is: half a minute, or as many seconds as `PODOMETER_AGENT_OUTAGE_SECONDS` says.
fn seconds() -> u64 {
    let given = std::env::var("PODOMETER_AGENT_OUTAGE_SECONDS");
    given.map_or(30, |text| text.parse().expect("a number of seconds"))
}

/// Another binary than this build's own, such as the release that is shipped: `PODOMETER_AGENT_BINARY` names it. Cargo
/// builds the binaries of its tests with tables for unwinding, which a release has not.
fn binary() -> Option<PathBuf> {
    std::env::var_os("PODOMETER_AGENT_BINARY").map(PathBuf::from)
}

/// The pods of the tree, as the kubelet lists them.
fn pod_list() -> String {
    let container = |pod: usize, container: usize| {
        json!({"name": format!("container-{container}"), "image": "registry.example/shop/web:1.2",
            "containerID": format!("containerd://{:064x}", pod * CONTAINERS + container + 1)})
    };
    let pod = |pod: usize| {
        let containers: Vec<Value> = (0..CONTAINERS).map(|at| container(pod, at)).collect();
        json!({"metadata": {"namespace": "shop", "name": format!("deployment-7d9c5b6f8-{pod:05}"),
                "uid": format!("18451618-ada8-4b1c-a71e-{pod:012x}"), "labels": {"app": "web"}},
            "spec": {"nodeName": "n1", "containers": containers},
            "status": {"phase": "Running", "containerStatuses": containers}})
    };
    json!({"kind": "PodList", "apiVersion": "v1", "items": (0..PODS).map(pod).collect::<Vec<Value>>()})
        .to_string()
}

/// The pods' counters, moved on as processes would.
struct Load {
    files: Vec<File>,
    usage_usec: u64,
}

impl Load {
    fn new(tree: &Pods) -> Load {
        let open = |path| OpenOptions::new().write(true).open(path).unwrap();
        let files = tree.paths().iter().map(|path| open(path.join("cpu.stat"))).collect();
        Load { files, usage_usec: 42_646_576 }
    }

    /// Over the old digits, so that no reader finds an empty file.
    fn advance(&mut self) {
        let mut line = String::new();
        for (at, file) in (0..).zip(&self.files) {
            self.usage_usec += 7 + at % 13;
            line.clear();
            writeln!(line, "usage_usec {}", self.usage_usec).unwrap();
            file.write_all_at(line.as_bytes(), 0).unwrap();
        }
    }
}

/// What a process holds, in KiB.
#[derive(Clone, Copy, Debug)]
struct Memory {
    resident: u64,
    /// But for pages of files: the program itself, most of all.
    anonymous: u64,
}

impl Memory {
    fn of(agent: &Agent) -> Memory {
        let status = std::fs::read_to_string(format!("/proc/{}/status", agent.id())).unwrap();
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("a line of memory");
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        Memory { resident: number("VmRSS:"), anonymous: number("RssAnon:") }
    }

    fn most(self, other: Memory) -> Memory {
        Memory { resident: self.resident.max(other.resident), anonymous: self.anonymous.max(other.anonymous) }
    }
}

/// What the agent says of its sink.
fn delivery(agent: &Agent) -> Value {
    let mut document: Value = serde_json::from_str(&agent.get("/api/v1/delivery").1).unwrap();
    let sink = document["sinks"][0].take();
    assert_eq!(sink["balances"], true, "{sink}");
    assert_eq!((&sink["points"]["dropped"], &sink["points"]["rejected"]), (&json!({}), &json!({})), "{sink}");
    sink
}

fn rows(server: &Server) -> u64 {
    server.count("d", "kubernetes_pod_container", "memory_working_set_bytes")
}

fn now_ns() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()
}

/// Another process cannot be awaited.
fn look_again() {
    std::thread::sleep(Duration::from_millis(50));
}

fn start(tree: &Pods, server: &Server, folder: &std::path::Path) -> Agent {
    let (pods, file) = (folder.join("pods.json"), folder.join("podometer.yaml"));
    std::fs::write(&pods, pod_list()).unwrap();
    // A debug build takes more of the CPU than an agent gives itself.
    let text = format!(
        "agent: {{mode: node, node_name: n1}}\npaths: {{cgroup: {:?}}}\nsampler: {{cpu_budget_percent: 400}}\n\
         kubelet: {{enabled: never}}\napi_server: {{enabled: never}}\nidentity: {{pods_file: {pods:?}}}\n\
         server: {{listen: \"127.0.0.1:0\"}}\nspool: {{directory: {:?}}}\n\
         sinks: {{influxdb: [{{url: {:?}, database: d, interval: 1s, queue: {{order: fresh_first}}}}]}}\n",
        tree.root,
        folder.join("spool"),
        server.url(),
    );
    std::fs::write(&file, text).unwrap();
    let arguments = ["agent", "--config", file.to_str().unwrap()];
    let mut command = podometer(&arguments);
    if let Some(binary) = binary() {
        // A file that was just written lies in memory in large pieces and is mapped in such. One that a node reads from
        // its disk is mapped where it is used.
        let file = File::open(&binary).unwrap();
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
        command = Command::new(binary);
        command.args(arguments).env_clear();
    }
    Agent::launch_by(command)
}

#[test]
fn an_outage_under_a_whole_agent_loses_nothing() {
    let Some(mut server) = Server::influxdb(false) else { return };
    server.query("d", "CREATE DATABASE d");
    let tree = Pods::in_memory(PODS).unwrap();
    let mut load = Load::new(&tree);
    let folder = tempfile::tempdir().unwrap();
    let agent = start(&tree, &server, folder.path());
    agent.wait("the first rows", |_| rows(&server) > 0);
    let before = Memory::of(&agent);
    server.kill();

    let (outage, begun) = (seconds(), Instant::now());
    let (mut warm, mut most) = (None, before);
    for second in 1..=outage {
        while begun.elapsed() < Duration::from_secs(second) {
            look_again();
        }
        load.advance();
        let sink = delivery(&agent);
        assert!(sink["memory"]["bytes"].as_u64().unwrap() < MOST_WAITING, "{sink}");
        let now = Memory::of(&agent);
        most = most.most(now);
        if second == WARM {
            (warm, most) = (Some(now), now);
        }
        if second % 15 == 0 {
            let spool = sink["spool"]["bytes"].as_u64().unwrap() >> 10;
            println!(
                "after {second:>4} s: RSS {:>6} KiB, anonymous {:>6} KiB, spool {spool:>6} KiB",
                now.resident, now.anonymous
            );
        }
    }
    let on_disk = delivery(&agent)["spool"]["points"].as_u64().unwrap();

    server.start();
    let (live, returned) = (now_ns(), Instant::now());
    let visible = format!(
        "SELECT count(\"memory_working_set_bytes\") FROM \"kubernetes_pod_container\" WHERE time > {live}"
    );
    while server.series("d", &visible).is_empty() {
        look_again();
    }
    let seen = returned.elapsed();
    let is_all_there = || {
        let points = delivery(&agent)["points"].take();
        points["produced"] == points["acknowledged"]
    };
    while !is_all_there() {
        assert!(returned.elapsed().as_secs() < 60 + outage / 4, "{}", delivery(&agent));
        look_again();
    }
    let (drained, after) = (returned.elapsed(), Memory::of(&agent));
    assert_eq!(agent.end(), 0);
    let stored = rows(&server);
    let warm = warm.expect("an outage of WARM seconds or more");
    println!(
        "{outage} s without the database, {on_disk} points on disk; live data {:.2} s after its return, all of it {:.1} s \
         after; before {before:?}, after {WARM} s {warm:?}, since then at most {most:?}, delivered {after:?}",
        seen.as_secs_f64(),
        drained.as_secs_f64()
    );
    let of_a_second = (PODS * CONTAINERS) as u64;
    assert_eq!(stored % of_a_second, 0);
    assert!(stored >= outage * of_a_second, "{stored} rows of containers");
    assert!(seen < LIVE, "live data after {seen:?}");
    let most = most.most(after);
    assert!(most.anonymous < warm.anonymous + SWING_KIB, "memory grows with the spool: {warm:?} to {most:?}");
    // A debug build is three times as large itself.
    if binary().is_some() || !cfg!(debug_assertions) {
        assert!(most.resident <= ALLOWED_KIB, "{most:?}");
    }
}
