use std::fs;

use super::*;
use crate::model::field::{Field, File, Values};
use crate::source::cgroup::is_process_namespace_shared;

const UID: &str = "18451618-ada8-4b1c-a71e-5d336ca178d6";
const POD: &str = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod18451618_ada8_4b1c_a71e_5d336ca178d6.slice";

fn make(root: &Path, path: &str, usage: u64) {
    let dir = root.join(path);
    fs::create_dir_all(&dir).unwrap();
    for (name, text) in [
        ("cgroup.controllers", "cpu memory".to_owned()),
        ("cgroup.events", "populated 1\nfrozen 0\n".to_owned()),
        ("cpu.stat", format!("usage_usec {usage}\nuser_usec 0\nsystem_usec 0\n")),
    ] {
        fs::write(dir.join(name), text).unwrap();
    }
}

fn root() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("cgroup.controllers"), "cpu memory").unwrap();
    root
}

fn kinds(tree: &Tree) -> Vec<(String, &'static str)> {
    let entries = tree.order().iter().filter_map(|&slot| tree.entry(slot));
    entries.map(|entry| (entry.cgroup.path.to_string(), entry.cgroup.kind.name())).collect()
}

fn usage(tree: &mut Tree, path: &str) -> Option<u64> {
    let slots = tree.order().to_vec();
    let slot = slots.into_iter().find(|&slot| &*tree.entry(slot).unwrap().cgroup.path == path)?;
    let mut values = Values::default();
    tree.read(slot, File::CpuStat, &mut values);
    values.get(Field::UsageUsec)
}

#[test]
fn of_the_host_only_the_own_pod_is_taken_in_with_the_hosts_paths() {
    let root = root();
    let id = format!("cri-containerd-{}.scope", "a".repeat(64));
    make(root.path(), POD, 7);
    make(root.path(), &format!("{POD}/{id}"), 5);
    make(root.path(), "kubepods.slice/kubepods-pod00000000_0000_0000_0000_000000000000.slice", 9);
    make(root.path(), "system.slice/kubelet.service", 9);
    let mut tree = Tree::open_pod(root.path(), PodUid(UID.into()), Limits::default()).unwrap();
    let container = format!("/{POD}/{id}");
    assert_eq!(kinds(&tree), [(format!("/{POD}"), "pod"), (container.clone(), "container")]);
    assert_eq!(tree.scope(), &Scope::Pod(PodUid(UID.into())));
    assert_eq!((usage(&mut tree, &format!("/{POD}")), usage(&mut tree, &container)), (Some(7), Some(5)));
    assert!(!tree.wants_rescan());
}

#[test]
fn a_pod_that_comes_late_or_is_made_anew_is_found() {
    let root = root();
    let mut tree = Tree::open_pod(root.path(), PodUid(UID.into()), Limits::default()).unwrap();
    assert_eq!(kinds(&tree), []);
    assert!(tree.wants_rescan(), "it is looked for each second");
    make(root.path(), POD, 7);
    let mut changes = Vec::new();
    tree.rescan(&mut changes);
    assert!(matches!(changes[..], [Change::Added(_)]), "{changes:?}");
    let first = tree.entry(tree.order()[0]).unwrap().id;

    fs::rename(root.path().join(POD), root.path().join("gone")).unwrap();
    make(root.path(), POD, 8);
    fs::remove_dir_all(root.path().join("gone")).unwrap();
    changes.clear();
    tree.rescan(&mut changes);
    assert!(matches!(changes[..], [Change::Removed(_), Change::Added(_)]), "{changes:?}");
    assert_ne!(tree.entry(tree.order()[0]).unwrap().id, first);
    assert_eq!(usage(&mut tree, &format!("/{POD}")), Some(8));

    fs::remove_dir_all(root.path().join(POD)).unwrap();
    tree.rescan(&mut Vec::new());
    assert_eq!(kinds(&tree), []);
    assert!(tree.wants_rescan());
}

/// A process as /proc shows it from a shared process namespace.
fn process(procfs: &Path, id: u32, cgroup: &str, leaf: Option<&Path>) {
    let place = procfs.join(id.to_string());
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("cgroup"), format!("0::{cgroup}\n")).unwrap();
    if let Some(leaf) = leaf {
        fs::create_dir_all(place.join("root/sys/fs")).unwrap();
        std::os::unix::fs::symlink(leaf, place.join("root/sys/fs/cgroup")).ok();
    }
}

/// A leaf of a container, which a process's root shows below `procfs`.
fn leaf(procfs: &Path, id: u32, cgroup: &str, usage: u64, members: &str) {
    process(procfs, id, cgroup, None);
    make(procfs, &format!("{id}/root/sys/fs/cgroup"), usage);
    fs::write(procfs.join(format!("{id}/root/sys/fs/cgroup/cgroup.procs")), members).unwrap();
}

#[test]
fn siblings_are_containers_and_the_own_one_is_not() {
    let (own, proc) = (root(), root());
    make(own.path(), "", 1);
    let id = |digit: &str| digit.repeat(64);
    leaf(proc.path(), 1, &format!("/../cri-containerd-{}.scope", id("0")), 9, "1\n");
    leaf(proc.path(), 7, &format!("/../cri-containerd-{}.scope", id("a")), 20, "7\n");
    leaf(proc.path(), 13, "/", 1, "13\n");
    leaf(proc.path(), 18, &format!("/../{}", id("b")), 30, "18\n19\n");
    leaf(proc.path(), 19, &format!("/../{}", id("b")), 30, "18\n19\n");
    // Another pod's, one that shows another directory than its own, and what is no container.
    leaf(proc.path(), 30, &format!("/../../kubepods-podx.slice/cri-containerd-{}.scope", id("c")), 9, "30\n");
    leaf(proc.path(), 31, &format!("/../cri-containerd-{}.scope", id("d")), 9, "0\n");
    leaf(proc.path(), 32, "/../system.slice", 9, "32\n");
    assert!(is_process_namespace_shared(proc.path()));

    let pod = Some(PodUid(UID.into()));
    let mut tree = Tree::open_siblings(own.path(), proc.path(), pod.clone(), Limits::default()).unwrap();
    let (a, b) = (format!("/../cri-containerd-{}.scope", id("a")), format!("/../{}", id("b")));
    let of = |path: &str| (path.to_owned(), "container");
    assert_eq!(kinds(&tree), [("/".to_owned(), "own_container"), of(&b), of(&a)]);
    assert_eq!(tree.scope(), &Scope::Siblings(pod));
    assert_eq!((usage(&mut tree, &a), usage(&mut tree, &b)), (Some(20), Some(30)));
    assert!(tree.wants_rescan(), "new processes are looked for");

    // A container restarts: another ID, another process.
    fs::remove_dir_all(proc.path().join("7")).unwrap();
    let again = format!("/../cri-containerd-{}.scope", id("e"));
    leaf(proc.path(), 40, &again, 3, "40\n");
    let mut changes = Vec::new();
    tree.rescan(&mut changes);
    let (removed, added) = (
        changes.iter().filter(|change| matches!(change, Change::Removed(_))).count(),
        changes.iter().filter(|change| matches!(change, Change::Added(_))).count(),
    );
    assert_eq!((removed, added), (1, 1), "{changes:?}");
    assert_eq!(kinds(&tree), [("/".to_owned(), "own_container"), of(&b), of(&again)]);
    assert_eq!(usage(&mut tree, &again), Some(3));
}

#[test]
fn without_a_readable_sibling_there_is_the_own_container_alone() {
    let (own, proc) = (root(), root());
    make(own.path(), "", 1);
    process(proc.path(), 1, &format!("/../{}", "0".repeat(64)), None);
    process(proc.path(), 5, "/", None);
    // Its root cannot be followed, as where it belongs to another user: root is refused nothing else.
    process(proc.path(), 9, &format!("/../{}", "9".repeat(64)), None);
    let pod = Some(PodUid(UID.into()));
    let tree = Tree::open_siblings(own.path(), proc.path(), pod, Limits::default()).unwrap();
    assert_eq!(kinds(&tree), [("/".to_owned(), "own_container")]);
    assert_eq!(tree.scope(), &Scope::OwnContainer);
    assert_eq!(tree.stats().denied_siblings, Some(0));

    let alone = root();
    process(alone.path(), 1, "/", None);
    assert!(!is_process_namespace_shared(alone.path()));
}

#[test]
fn a_tree_of_nothing_can_be_followed() {
    let mut tree = Tree::remote(Limits::default()).unwrap();
    let mut changes = Vec::new();
    tree.process_events(&mut changes);
    tree.rescan(&mut changes);
    assert_eq!((changes.len(), tree.order().len(), tree.scope()), (0, 0, &Scope::Remote));
    assert!(!tree.wants_rescan());
}
