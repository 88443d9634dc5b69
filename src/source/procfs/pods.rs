//! The network of each pod: which process stands for it, and what its interfaces counted.

use std::collections::HashMap;
use std::path::Path;

use super::fault::{Fault, Unread};
use super::files;
use super::net_dev;
use super::processes::read_pids;
use crate::model::identity::PodUid;
use crate::model::node::NetInterface;
use crate::model::unit::Interface;

/// Far above any real file: a node in host network has one row per pod.
const MAX_NET_DEV_BYTES: u64 = 1 << 20;
const MAX_CGROUP_BYTES: u64 = 64 << 10;

/// Interfaces that belong to other pods' links or to the runtime, not to the traffic of this one.
/// Source: cAdvisor `lib/container/libcontainer/handler.go` (ignored device prefixes).
const IGNORED_PREFIXES: [&str; 3] = ["veth", "docker", "nerdctl"];

/// Links that a node has to its pods, and no pod to itself.
const NODE_PREFIXES: [&str; 6] = ["cali", "cni", "flannel", "kube-", "lxc", "veth"];

/// The interfaces that the process sees, loopback and the runtime's own links left out.
pub fn read_interfaces(procfs: &Path, pid: u32) -> Result<Vec<Interface>, Fault> {
    Ok(counted(read_rows(procfs, &pid.to_string())?))
}

/// The interfaces of our own network namespace, which all containers of our pod share; `None` where these are the
/// node's, as in a pod with `hostNetwork`.
pub fn read_own_interfaces(procfs: &Path) -> Result<Option<Vec<Interface>>, Fault> {
    let rows = read_rows(procfs, "self")?;
    let is_node = rows.iter().any(|row| NODE_PREFIXES.iter().any(|prefix| row.name.starts_with(prefix)));
    Ok((!is_node).then(|| counted(rows)))
}

fn read_rows(procfs: &Path, process: &str) -> Result<Vec<NetInterface>, Fault> {
    let path = procfs.join(process).join("net/dev");
    let mut buffer = Vec::new();
    files::read_into(&path, MAX_NET_DEV_BYTES, &mut buffer)?;
    let mut unread = Unread::default();
    let rows = net_dev::parse_net_dev(&String::from_utf8_lossy(&buffer), &mut unread);
    if let (true, Some((line, text))) = (rows.is_empty(), unread.first) {
        return Err(Fault::Line { path, line, text, count: unread.count });
    }
    Ok(rows)
}

fn counted(rows: Vec<NetInterface>) -> Vec<Interface> {
    let counted = rows.into_iter().filter(|row| {
        !row.is_loopback() && !IGNORED_PREFIXES.iter().any(|prefix| row.name.starts_with(prefix))
    });
    counted
        .map(|row| Interface {
            name: row.name,
            rx_bytes: row.rx_bytes,
            rx_packets: row.rx_packets,
            rx_errors: row.rx_errors,
            rx_dropped: row.rx_dropped,
            tx_bytes: row.tx_bytes,
            tx_packets: row.tx_packets,
            tx_errors: row.tx_errors,
            tx_dropped: row.tx_dropped,
        })
        .collect()
}

/// The lowest live process of each pod. `pod_of` tells the pod of a cgroup path.
pub fn find_pod_processes(procfs: &Path, pod_of: &dyn Fn(&str) -> Option<PodUid>) -> HashMap<PodUid, u32> {
    let mut found = HashMap::new();
    let mut buffer = Vec::new();
    // A /proc that cannot be listed has no pods to show; the node's own reading reports the fault.
    for pid in read_pids(procfs).unwrap_or_default() {
        let directory = procfs.join(pid.to_string());
        if files::read_into(&directory.join("cgroup"), MAX_CGROUP_BYTES, &mut buffer).is_err() {
            continue;
        }
        let text = String::from_utf8_lossy(&buffer);
        let Some(pod) = parse_cgroup_path(&text).and_then(pod_of) else { continue };
        // A zombie keeps its cgroup but has left its network namespace.
        if !found.contains_key(&pod) && directory.join("net/dev").exists() {
            found.insert(pod, pid);
        }
    }
    found
}

/// The cgroup v2 path of /proc/PID/cgroup. A reader in another cgroup namespace sees it relative to
/// its own root, as `/../../kubepods...`: the leading steps up are taken off.
pub fn parse_cgroup_path(text: &str) -> Option<&str> {
    let mut path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    while let Some(rest) = path.strip_prefix("/..").filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        path = rest;
    }
    Some(if path.is_empty() { "/" } else { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_up_are_taken_off() {
        for (text, path) in [
            ("0::/\n", Some("/")),
            ("0::/kubepods/podx/y\n", Some("/kubepods/podx/y")),
            ("0::/../../kubepods-podx.slice/y.scope\n", Some("/kubepods-podx.slice/y.scope")),
            ("0::/..\n", Some("/")),
            ("0::/..hidden/x\n", Some("/..hidden/x")),
            ("12:cpu:/a\n1:name=systemd:/b\n0::/c\n", Some("/c")),
            ("12:cpu:/a\n", None),
            ("", None),
        ] {
            assert_eq!(parse_cgroup_path(text), path, "{text:?}");
        }
    }

    #[test]
    fn links_of_others_are_left_out_and_a_gone_process_is_named() {
        let procfs = tempfile::tempdir().unwrap();
        let net = procfs.path().join("7/net");
        std::fs::create_dir_all(&net).unwrap();
        let row = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
        let text: String = ["lo", "eth0", "veth1", "docker0", "nerdctl0", "cni0"]
            .map(|name| format!("{name}: {row}\n"))
            .concat();
        std::fs::write(net.join("dev"), format!("head\nhead\n{text}")).unwrap();
        let interfaces = read_interfaces(procfs.path(), 7).unwrap();
        let names: Vec<&str> = interfaces.iter().map(|interface| &*interface.name).collect();
        assert_eq!(names, ["eth0", "cni0"]);
        assert_eq!((interfaces[0].rx_bytes, interfaces[0].tx_bytes, interfaces[0].tx_dropped), (1, 9, 12));

        let fault = read_interfaces(procfs.path(), 8).unwrap_err();
        assert!(fault.to_string().contains("8/net/dev: No such file"), "{fault}");
        std::fs::write(net.join("dev"), "head\nhead\nbroken\n").unwrap();
        assert!(read_interfaces(procfs.path(), 7).unwrap_err().to_string().contains("line 3"));
    }

    #[test]
    fn a_zombie_does_not_stand_for_its_pod() {
        let procfs = tempfile::tempdir().unwrap();
        for (pid, net) in [(5, false), (30, true), (200, true)] {
            let directory = procfs.path().join(pid.to_string());
            std::fs::create_dir_all(directory.join("net")).unwrap();
            std::fs::write(directory.join("cgroup"), "0::/../pod-a\n").unwrap();
            if net {
                std::fs::write(directory.join("net/dev"), "").unwrap();
            }
        }
        let pod_of = |path: &str| path.strip_prefix("/pod-").map(|uid| PodUid(uid.into()));
        let found = find_pod_processes(procfs.path(), &pod_of);
        assert_eq!(found, HashMap::from([(PodUid("a".into()), 30)]));
    }
}
