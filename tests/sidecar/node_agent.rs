//! A sidecar that asks the agent of its node: two agents, one of a recorded node.

use std::fs;
use std::path::PathBuf;

use crate::blind::{UID, claims, container, sidecar};
use crate::program::{Agent, Host, ended};
use crate::recorded::Node;

/// The agent of a recorded node, behind TLS and a token.
struct Daemon {
    agent: Agent,
    files: tempfile::TempDir,
}

const NAME: &str = "podometer.node.test";
const TOKEN: &str = "s3cr3t-of-the-node";

impl Daemon {
    fn start(node: &Node) -> Daemon {
        let files = tempfile::tempdir().unwrap();
        let certificate = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
        let write = |name: &str, text: &str| fs::write(files.path().join(name), text).unwrap();
        write("tls.crt", &certificate.cert.pem());
        write("tls.key", &certificate.signing_key.serialize_pem());
        write("token", TOKEN);
        let set = |key: &str, path: PathBuf| format!("{key}={}", path.display());
        let settings = [
            set("paths.cgroup", node.hierarchy()),
            set("identity.pods_file", node.folder.join("pods.json")),
            set("server.tls.cert_file", files.path().join("tls.crt")),
            set("server.tls.key_file", files.path().join("tls.key")),
            set("server.bearer_token_file", files.path().join("token")),
            "agent.mode=node".to_owned(),
        ];
        let arguments: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting.as_str()]).collect();
        Daemon { agent: Agent::launch(&arguments, &[]), files }
    }

    /// How a sidecar asks it.
    fn asked(&self, token: &str) -> Vec<String> {
        let file = |name: &str| self.files.path().join(name).display().to_string();
        [
            format!("sidecar.node_agent.url=https://{}", self.agent.address),
            format!("sidecar.node_agent.server_name={NAME}"),
            format!("sidecar.node_agent.ca_file={}", file("tls.crt")),
            format!("sidecar.node_agent.token_file={}", file(token)),
            "sidecar.node_agent.interval=1s".to_owned(),
            "sidecar.node_agent.timeout=1s".to_owned(),
        ]
        .into_iter()
        .flat_map(|setting| ["--set".to_owned(), setting])
        .collect()
    }
}

fn start(host: &Host, settings: &[String], variables: &[(&str, &str)]) -> Agent {
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    sidecar(host, &settings, variables)
}

fn usage_usec(node: &Node, uid: &str) -> u64 {
    let uid = podometer::model::identity::PodUid(uid.into());
    let path = podometer::source::cgroup::kubepods::find_pod(&node.hierarchy(), &uid).unwrap();
    let text = fs::read_to_string(node.hierarchy().join(&path[1..]).join("cpu.stat")).unwrap();
    text.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The recorded pod whose own sidecar saw nothing but itself: here it gets the node's exact figures.
#[test]
fn what_it_cannot_see_the_nodes_agent_tells() {
    let Some(node) = Node::open("systemd") else { return };
    let daemon = Daemon::start(&node);
    let host = container();
    let agent = start(&host, &daemon.asked("token"), &[("POD_UID", UID)]);
    agent.wait("the node's word", |agent| agent.get("/metrics").1.contains("pod=\"see-shared\""));
    let (_, page) = agent.get("/metrics");
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("pod_cpu_usage_seconds_total{")).collect();
    assert_eq!(rows.len(), 1, "this pod alone: {rows:?}");
    assert!(rows[0].contains(UID) && rows[0].contains("pod=\"see-shared\""), "{}", rows[0]);
    let seconds: f64 = rows[0].rsplit(' ').next().unwrap().parse().unwrap();
    assert_eq!((seconds * 1e6).round() as u64, usage_usec(&node, UID));
    for line in claims(&page) {
        let foreign = line.contains("uid=\"") && !line.contains(UID);
        assert!(!foreign, "{line}");
    }
    assert!(page.contains("container_cpu_usage_seconds_total{container=\"eye\""));
    assert_eq!(
        agent.metric("podometer_scope_info{scope=\"own_container\"}"),
        Some(1.0),
        "what it sees itself"
    );
    assert_eq!(agent.metric("podometer_source_up{source=\"node_agent\"}"), Some(1.0));
    assert!(!page.contains(TOKEN));

    // The node's agent goes: its word is not told on for long.
    drop(daemon);
    agent.wait("the end of the pod's series", |agent| claims(&agent.get("/metrics").1).is_empty());
    assert_eq!(agent.metric("podometer_source_up{source=\"node_agent\"}"), Some(0.0));
    assert_eq!(agent.end(), 0);
}

#[test]
fn a_refusal_is_named_and_leaves_the_pod_without_figures() {
    let Some(node) = Node::open("systemd") else { return };
    let daemon = Daemon::start(&node);
    fs::write(daemon.files.path().join("wrong"), "another").unwrap();
    let unknown = "00000000-0000-0000-0000-000000000000";
    for (token, uid, line, reason) in [
        ("wrong", UID, "wants another token", "unauthorized"),
        ("token", unknown, "does not know this pod", "unknown_pod"),
    ] {
        let host = container();
        let settings = daemon.asked(token);
        let agent = start(&host, &settings, &[("POD_UID", uid)]);
        let reason = format!("reason=\"{reason}\"");
        let marks = ["podometer_source_info{", "source=\"node_agent\"", "state=\"down\"", &reason];
        let is_it = |line: &str| marks.iter().all(|mark| line.contains(mark));
        agent.wait("the refusal", |agent| agent.get("/metrics").1.lines().any(is_it));
        assert_eq!(claims(&agent.get("/metrics").1), [""; 0]);
        let said = agent.logged("tells nothing of this pod");
        assert!(said.contains(line) && !said.contains("another\"") && !said.contains(TOKEN), "{said}");
        assert_eq!(agent.end(), 0);
    }
}

/// No cgroup to read at all: others are asked where there are any, and the start fails where there are none.
#[test]
fn a_node_without_version_2_is_served_by_its_agent() {
    let Some(node) = Node::open("cgroupfs") else { return };
    let daemon = Daemon::start(&node);
    let host = container();
    host.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    let (uid, _) = node.pods().pop_first().unwrap();
    let procfs = host.set("paths.procfs", "proc");
    let mut settings = daemon.asked("token");
    settings.extend(["--set".to_owned(), procfs.clone()]);
    let arguments: Vec<&str> = settings.iter().map(String::as_str).collect();
    let agent = Agent::launch(&arguments, &[("POD_UID", &uid)]);
    agent.wait("the node's word", |agent| agent.get("/metrics").1.contains("\npod_cpu_usage_seconds_total{"));
    assert_eq!(agent.metric("podometer_scope_info{scope=\"remote\"}"), Some(1.0));
    assert_eq!(agent.get("/-/ready").0, 200);
    assert_eq!(agent.end(), 0);
    let (code, said) = ended(&["agent", "--set", "server.listen=127.0.0.1:0", "--set", &procfs]);
    assert!(code == 1 && said.contains("cgroup v1 only"), "{said}");
}
