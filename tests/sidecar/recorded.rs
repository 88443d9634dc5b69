//! Recorded nodes and what processes inside of their containers saw.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use podometer::model::field::{File, Values};
use podometer::model::identity::{PodUid, UnitKind};
use podometer::model::scope::Scope;
use podometer::source::cgroup::{Limits, Tree, grammar, kubepods, mounts};

use crate::truth::{recording, unpack};

/// A recorded node: its folder and its hierarchy.
pub(crate) struct Node {
    pub(crate) folder: PathBuf,
    root: tempfile::TempDir,
}

impl Node {
    pub(crate) fn open(driver: &str) -> Option<Node> {
        let folder = recording(driver)?;
        let root = tempfile::tempdir().unwrap();
        unpack(&folder, &["sys/fs/cgroup"], root.path());
        Some(Node { folder, root })
    }

    pub(crate) fn hierarchy(&self) -> PathBuf {
        self.root.path().join("sys/fs/cgroup")
    }

    pub(crate) fn inside(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join("inside").join(name)).unwrap()
    }

    /// All pods with the paths of their containers.
    pub(crate) fn pods(&self) -> BTreeMap<String, Vec<PathBuf>> {
        let tree = Tree::open(&self.hierarchy(), Limits::default()).unwrap();
        let mut pods = BTreeMap::new();
        for &slot in tree.order() {
            let cgroup = &tree.entry(slot).unwrap().cgroup;
            match &cgroup.kind {
                UnitKind::Pod { uid, .. } => {
                    pods.insert(uid.to_string(), Vec::new());
                }
                UnitKind::Container { pod: Some(uid), .. } => {
                    let path = self.hierarchy().join(cgroup.path.trim_start_matches('/'));
                    pods.get_mut(&*uid.0).unwrap().push(path);
                }
                _ => {}
            }
        }
        assert!(pods.len() > 5);
        pods
    }
}

/// Every number of every cgroup, by path.
fn values(tree: &mut Tree) -> BTreeMap<String, (UnitKind, Vec<Values>)> {
    let mut all = BTreeMap::new();
    for slot in tree.order().to_vec() {
        let cgroup = tree.entry(slot).unwrap().cgroup.clone();
        let mut read = |file| {
            let mut values = Values::default();
            tree.read(slot, file, &mut values);
            values
        };
        let values = [File::CpuStat, File::MemoryCurrent, File::MemoryStat, File::PidsCurrent].map(&mut read);
        all.insert(cgroup.path.to_string(), (cgroup.kind.clone(), values.to_vec()));
    }
    all
}

/// The host's mount shows each pod exactly as the node's agent sees it, static pods included, and no other.
#[test]
fn a_pod_is_read_as_the_node_reads_it() {
    for driver in ["systemd", "cgroupfs"] {
        let Some(node) = Node::open(driver) else { return };
        let whole = values(&mut Tree::open(&node.hierarchy(), Limits::default()).unwrap());
        let pods = node.pods();
        assert!(pods.keys().any(|uid| uid.len() == 32), "{driver}: no static pod");
        for (uid, containers) in &pods {
            let own = PodUid(uid.as_str().into());
            let mut tree = Tree::open_pod(&node.hierarchy(), own.clone(), Limits::default()).unwrap();
            let part = values(&mut tree);
            let path = kubepods::find_pod(&node.hierarchy(), &own).unwrap();
            let of_pod = |name: &&String| **name == path || name.starts_with(&format!("{path}/"));
            let expected: Vec<_> = whole.keys().filter(of_pod).collect();
            assert_eq!(part.keys().collect::<Vec<_>>(), expected, "{driver} {uid}");
            for (path, found) in &part {
                assert_eq!(found, &whole[path], "{driver} {path}");
            }
            assert_eq!(tree.scope(), &Scope::Pod(own.clone()));
            for leaf in containers {
                assert_eq!(kubepods::find_pod_of_leaf(&node.hierarchy(), leaf), Some(own.clone()));
            }
        }
    }
}

/// `/proc/PID/cgroup` in a shared process namespace names the containers of the pod, in both drivers' words.
#[test]
fn siblings_are_named_by_their_processes() {
    for driver in ["systemd", "cgroupfs"] {
        let Some(node) = Node::open(driver) else { return };
        let seen = node.inside("see-shared-eye.txt");
        let lines: Vec<(&str, &str)> = seen
            .lines()
            .filter_map(|line| line.strip_prefix("/proc/")?.split_once(" 0::"))
            .map(|(pid, rest)| (pid, rest.split(' ').next().unwrap()))
            .collect();
        let siblings: Vec<(&str, String)> = lines
            .iter()
            .filter_map(|(pid, path)| Some((*pid, grammar::sibling(path)?.id.to_string())))
            .collect();
        // Pause, the application and the other sidecar; all the rest is our own.
        let pids: Vec<&str> = siblings.iter().map(|(pid, _)| *pid).collect();
        assert!(matches!(pids[..], ["1", _, "7"]), "{driver}: {pids:?}");
        assert!(lines.iter().filter(|(_, path)| *path == "/").count() >= 3);
        let pods = node.pods();
        let ids = |uid: &str| -> Vec<String> {
            let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
            pods[uid].iter().map(name).collect()
        };
        let own = siblings[1].1.clone();
        let uid = pods.keys().find(|uid| ids(uid).iter().any(|id| id.contains(&own))).unwrap();
        for (_, id) in &siblings {
            assert!(ids(uid).iter().any(|name| name.contains(id)), "{driver}: {id}");
        }
    }
}

/// The steps up to other pods are no siblings, and the host's mount is told from the own leaf by its own.
#[test]
fn a_mounted_host_is_not_taken_for_the_own_pod() {
    for driver in ["systemd", "cgroupfs"] {
        let Some(node) = Node::open(driver) else { return };
        let seen = node.inside("see-shared-eyehost.txt");
        let host: Vec<&str> = seen
            .lines()
            .filter_map(|line| line.strip_prefix("/host/proc/")?.split_once(" 0::"))
            .map(|(_, path)| path)
            .collect();
        let strangers = host.iter().filter(|path| path.starts_with("/../../"));
        // The recording kept lines that mention kubepods: of cgroupfs, whose pods' names do not, none.
        assert!(strangers.clone().count() > 3 || driver == "cgroupfs", "{host:?}");
        for path in strangers {
            assert_eq!(grammar::sibling(path), None, "{path}");
        }
        let found = mounts::survey(&mounts::parse_mountinfo(&seen));
        assert_eq!(found.unified.as_deref(), Some(Path::new("/host/sys/fs/cgroup")));
        assert_eq!(found.own.as_deref(), Some(Path::new("/sys/fs/cgroup")));
        let view = node.inside("see-shared-eyehost.hostview.txt");
        let uid = mounts::pod_in_mountinfo(&view).unwrap();
        assert!(node.pods().contains_key(&*uid.0), "{driver}: the kubelet's mounts name {uid}");
    }
}
