//! The agent in a container that shows its own cgroup and nothing more.

use crate::program::{Agent, Host, ended};

pub(crate) const UID: &str = "18451618-ada8-4b1c-a71e-5d336ca178d6";
const NET_DEV: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       9       9    0    0    0     0          0         0        9       9    0    0    0     0       0          0
  eth0:    5476      74    0    0    0     0          0         0      892      12    0    0    0     0       0          0
";
const NODE_LINK: &str = "  cni0:   1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n";
pub(crate) const NAMED: [(&str, &str); 3] =
    [("POD_UID", UID), ("POD_NAME", "web-0"), ("POD_NAMESPACE", "shop")];

/// A container as a private cgroup namespace shows it.
pub(crate) fn container() -> Host {
    let host = Host::new();
    host.write("leaf/cgroup.controllers", "cpu memory pids\n");
    host.write("leaf/cgroup.events", "populated 1\nfrozen 0\n");
    host.write("leaf/cpu.stat", "usage_usec 5000000\nuser_usec 3000000\nsystem_usec 2000000\n");
    host.write("leaf/memory.current", "4096000\n");
    host.write("leaf/memory.stat", "anon 1000\nfile 2000\ninactive_file 96000\n");
    host.write("proc/1/cgroup", "0::/\n");
    host.write("proc/1/net/dev", NET_DEV);
    host.write("proc/self/net/dev", NET_DEV);
    host.write("proc/self/cgroup", "0::/\n");
    host
}

pub(crate) fn arguments(host: &Host) -> Vec<String> {
    let set = |key, place| ["--set".to_owned(), host.set(key, place)];
    [set("paths.cgroup", "leaf"), set("paths.procfs", "proc")].concat()
}

pub(crate) fn sidecar(host: &Host, more: &[&str], variables: &[(&str, &str)]) -> Agent {
    let arguments = arguments(host);
    let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
    all.extend(more);
    let agent = Agent::launch(&all, variables);
    agent.wait("readiness", |agent| agent.get("/-/ready").0 == 200);
    agent
}

/// The rows of a page that give a figure and carry a pod's or a namespace's name, or stand for a pod or a container.
pub(crate) fn claims(page: &str) -> Vec<&str> {
    let is_one = |line: &&str| {
        ["pod=\"", "namespace=\"", "uid=\""].iter().any(|label| line.contains(label))
            || ["pod_", "container_", "podometer_pod_", "podometer_container_"]
                .iter()
                .any(|name| line.starts_with(name))
    };
    // Who the pod is was told by the downward API; it is no figure.
    let is_name = |line: &&str| line.starts_with("podometer_pod_info{");
    page.lines().filter(|line| !line.starts_with('#') && !is_name(line)).filter(is_one).collect()
}

#[test]
fn without_a_word_on_its_pod_it_claims_nothing() {
    let host = container();
    let agent = sidecar(&host, &[], &[]);
    assert_eq!(agent.metric("podometer_scope_info{scope=\"own_container\"}"), Some(1.0));
    for page in ["/metrics", "/metrics/cadvisor", "/metrics/resource", "/metrics/node"] {
        let (status, text) = agent.get(page);
        assert_eq!((status, claims(&text)), (200, vec![]), "{page}");
    }
    assert_eq!(agent.metric("podometer_own_container_cpu_usage_seconds_total"), Some(5.0));
    assert_eq!(agent.metric("podometer_own_container_memory_working_set_bytes"), Some(4_000_000.0));
    // The pod's network is not the node's either.
    let (_, node) = agent.get("/metrics/node");
    assert!(!node.contains("device=\"eth0\""), "{node}");
    let (_, document) = agent.get("/api/v1/pods");
    assert!(
        document.contains("\"scope\":\"own_container\"") && document.contains("\"pods\":[]"),
        "{document}"
    );
    assert_eq!(agent.end(), 0);
}

#[test]
fn it_says_so_loudly_and_no_node_is_made_of_it() {
    let host = container();
    let arguments = arguments(&host);
    let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let agent = Agent::launch(&all, &[]);
    drop(agent);
    let (code, report) = ended(&[&["check"], &all[..]].concat());
    assert_eq!(code, 1, "{report}");
    for words in [
        "the cgroup of this container alone (a private cgroup namespace)",
        "hostPath: {path: /sys/fs/cgroup, type: Directory}",
        "shareProcessNamespace: true",
        "fieldPath: status.hostIP",
        "fieldPath: metadata.uid",
    ] {
        assert!(report.contains(words), "no {words:?} in\n{report}");
    }
    for mode in ["agent.mode=node", "agent.mode=host"] {
        all.splice(0..0, ["--set", mode]);
        let (code, said) = ended(&[&["agent", "--set", "server.listen=127.0.0.1:0"], &all[..]].concat());
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("mount the host's /sys/fs/cgroup read-only"), "{said}");
        all.drain(0..2);
    }
}

#[test]
fn the_pods_network_is_its_own_and_always_there() {
    let host = container();
    let agent = sidecar(&host, &["--set", "sampler.slow_interval=1s"], &NAMED);
    let labels = format!(
        "id=\"\",image=\"\",interface=\"eth0\",name=\"\",namespace=\"shop\",pod=\"web-0\",uid=\"{UID}\""
    );
    agent.wait("the network", |agent| {
        agent.get("/metrics").1.contains("container_network_receive_bytes_total{")
    });
    let (_, page) = agent.get("/metrics");
    let row = page.lines().find(|line| line.starts_with("container_network_receive_bytes_total{")).unwrap();
    assert!(
        row.contains("namespace=\"shop\"") && row.contains("pod=\"web-0\"") && row.ends_with(" 5476"),
        "{row} {labels}"
    );
    // Its name is known, and still no CPU and no memory is called by it.
    for line in claims(&page) {
        assert!(line.starts_with("container_network_"), "{line}");
    }
    assert_eq!(agent.end(), 0);
}

#[test]
fn the_nodes_network_is_not_called_the_pods() {
    for (variables, links) in [
        (vec![("POD_IP", "10.0.0.7"), ("HOST_IP", "10.0.0.7")], NET_DEV.to_owned()),
        (vec![], [NET_DEV, NODE_LINK].concat()),
    ] {
        let host = container();
        host.write("proc/self/net/dev", links);
        let never = ["--set", "sidecar.node_agent.enabled=never", "--set", "sampler.slow_interval=1s"];
        let agent = sidecar(&host, &never, &[&NAMED[..], &variables].concat());
        agent.wait("a reading of /proc", |agent| {
            agent.metric("podometer_source_up{source=\"procfs\"}") == Some(1.0)
                && agent.metric("podometer_sampler_ticks_total") > Some(25.0)
        });
        assert_eq!(claims(&agent.get("/metrics").1), [""; 0]);
        assert_eq!(agent.end(), 0);
    }
}
