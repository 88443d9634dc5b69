//! Two recorded nodes, one for each cgroup driver, against what their kubelet and their files say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use podometer::model::identity::PodUid;
use podometer::source::procfs::{find_pod_processes, read_interfaces};
use serde_json::Value;

use crate::{at, reader, truth};

/// The pod of a cgroup path, as far as these two recordings need it: `pod`, then the UID, in some directory.
fn pod_of(path: &str) -> Option<PodUid> {
    let part = path.split('/').find_map(|part| {
        let at = part.strip_prefix("pod").or_else(|| Some(part.split_once("-pod")?.1))?;
        Some(at.trim_end_matches(".slice"))
    })?;
    Some(PodUid(part.replace('_', "-").into()))
}

/// Name, then the pod's UID in /stats/summary and what it says of the network's bytes.
fn summary_pods(recording: &Path) -> BTreeMap<String, (String, Option<(u64, u64)>)> {
    let text = fs::read_to_string(recording.join("stats-summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&text).unwrap();
    let pods = summary["pods"].as_array().unwrap();
    pods.iter()
        .map(|pod| {
            let network = &pod["network"];
            let bytes = network["rxBytes"].as_u64().zip(network["txBytes"].as_u64());
            let uid = pod["podRef"]["uid"].as_str().unwrap().to_owned();
            (uid, (pod["podRef"]["name"].as_str().unwrap().to_owned(), bytes))
        })
        .collect()
}

#[test]
fn systemd_node() {
    check("systemd");
}

#[test]
fn cgroupfs_node() {
    check("cgroupfs");
}

fn check(driver: &str) {
    let Some(recording) = truth::recording(driver) else { return };
    let root = tempfile::tempdir().unwrap();
    truth::unpack(&recording, &["proc", "etc"], root.path());
    check_pods(driver, &recording, root.path());
    check_node(driver, &recording, root.path());
}

/// Every pod has a process, and its interfaces are the kubelet's.
fn check_pods(driver: &str, recording: &Path, root: &Path) {
    let procfs = root.join("proc");
    let found = find_pod_processes(&procfs, &pod_of);
    let known = summary_pods(recording);
    let found_uids: BTreeSet<&str> = found.keys().map(|uid| &*uid.0).collect();
    let missing: Vec<_> = known.iter().filter(|(uid, _)| !found_uids.contains(uid.as_str())).collect();
    assert!(missing.is_empty(), "{driver}: {missing:?} not in {found_uids:?}");

    let mut compared = 0;
    for (uid, pid) in &found {
        let interfaces = read_interfaces(&procfs, *pid).unwrap();
        assert!(interfaces.iter().any(|interface| &*interface.name == "eth0"), "{driver} {uid}");
        assert!(interfaces.iter().all(|interface| !interface.name.starts_with("veth")));
        let Some((name, Some((rx, tx)))) = known.get(&*uid.0) else { continue };
        // Counters only grow, and the tree was read after the summary, whose own reading is older still.
        let eth0 = interfaces.iter().find(|interface| &*interface.name == "eth0").unwrap();
        assert!(eth0.rx_bytes >= *rx && eth0.tx_bytes >= *tx, "{driver} {name}: {eth0:?} {rx} {tx}");
        compared += 1;
    }
    assert!(compared >= 8, "{driver}: only {compared} pods have a network in the summary");
}

/// The node reads whole, and as its files say.
fn check_node(driver: &str, recording: &Path, root: &Path) {
    let procfs = root.join("proc");
    let (node, faults) = reader(root).read(at(1));
    // The recording holds a selection of /proc, in which everything needed is there.
    assert!(faults.is_empty(), "{driver}: {faults:?}");

    let word = |file: &str, row: &str, column: usize| -> u64 {
        let text = fs::read_to_string(procfs.join(file)).unwrap();
        let line = text.lines().find(|line| line.trim_start().starts_with(row)).unwrap();
        line.split_ascii_whitespace().nth(column).unwrap().parse().unwrap()
    };
    assert_eq!(node.memory.mem_total, Some(word("meminfo", "MemTotal:", 1) * 1024));
    assert_eq!(node.memory.mem_available, Some(word("meminfo", "MemAvailable:", 1) * 1024));
    assert_eq!(node.cpu.total.unwrap().user, Some(word("stat", "cpu ", 1)));
    assert_eq!(node.cpu.total.unwrap().softirq, Some(word("stat", "cpu ", 7)));
    assert_eq!(node.cpu.cores.len(), 2);
    assert_eq!(node.kernel.context_switches, Some(word("stat", "ctxt", 1)));
    assert_eq!(node.vmstat.pgfault, Some(word("vmstat", "pgfault", 1)));
    let vda = node.disks.iter().find(|disk| &*disk.name == "vda").unwrap();
    assert_eq!((vda.reads, vda.sectors_written), (word("diskstats", "254", 3), word("diskstats", "254", 9)));
    let eth0 = node.interfaces.iter().find(|interface| &*interface.name == "eth0").unwrap();
    assert_eq!((eth0.rx_bytes, eth0.tx_bytes), (word("net/dev", "eth0:", 1), word("net/dev", "eth0:", 9)));
    assert!(node.interfaces.iter().filter(|interface| interface.name.starts_with("veth")).count() >= 8);
    assert!(node.pressure.cpu.some.unwrap().total_usec.unwrap() > 1_000_000);
    let machine_id = fs::read_to_string(root.join("etc/machine-id")).unwrap();
    assert_eq!(node.machine.machine_id.as_deref(), Some(machine_id.trim()));
    // Not recorded: absent, and nowhere a zero.
    assert_eq!((node.conntrack.count, node.sockets.tcp, node.interrupts), (None, None, None));
    assert_eq!(node.sysctl_fs, podometer::model::node::SysctlFs::default());

    // The kubelet's node memory: what is there in all is what it calls available and working set together.
    let text = fs::read_to_string(recording.join("stats-summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&text).unwrap();
    let memory = &summary["node"]["memory"];
    let total = memory["availableBytes"].as_u64().unwrap() + memory["workingSetBytes"].as_u64().unwrap();
    assert_eq!(node.memory.mem_total, Some(total), "{driver}");
}
