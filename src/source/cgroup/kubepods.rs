//! Finds pods in a hierarchy without taking it in: a walk over directories, whose names alone tell what they are.

use std::collections::VecDeque;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::Path;

use super::grammar::classify;
use crate::model::identity::{PodUid, UnitKind};

/// Most directories that one walk lists: far above any node.
const MAX_DIRECTORIES: usize = 20_000;
/// kubepods stands at the root, below a `--cgroup-root` or inside of a node that is itself a container.
const MAX_DEPTH: usize = 8;

/// The path of a pod's directory below `root`, whatever its QoS class and the cgroup driver.
pub fn find_pod(root: &Path, uid: &PodUid) -> Option<String> {
    walk(root, &mut |path, kind, _| match kind {
        UnitKind::Pod { uid: found, .. } if found == uid => Step::Found(path.to_owned()),
        UnitKind::Pod { .. } | UnitKind::Container { pod: Some(_), .. } => Step::Over,
        _ => Step::Into,
    })
}

/// The pod whose container's directory is `leaf`, which is mounted elsewhere: the same inode of the same file
/// system.
pub fn find_pod_of_leaf(root: &Path, leaf: &Path) -> Option<PodUid> {
    let leaf = std::fs::metadata(leaf).ok()?;
    walk(root, &mut |path, kind, inode| match kind {
        UnitKind::Container { pod: Some(uid), .. } if inode == leaf.ino() => {
            let found = std::fs::metadata(root.join(path.trim_start_matches('/')));
            if found.is_ok_and(|found| (found.dev(), found.ino()) == (leaf.dev(), leaf.ino())) {
                Step::Found(uid.clone())
            } else {
                Step::Over
            }
        }
        UnitKind::Container { pod: Some(_), .. } => Step::Over,
        _ => Step::Into,
    })
}

/// True when the kubelet keeps its pods somewhere below `root`.
pub fn has_kubepods(root: &Path) -> bool {
    walk(root, &mut |_, kind, _| match kind {
        UnitKind::AllPods => Step::Found(()),
        _ => Step::Into,
    })
    .is_some()
}

enum Step<T> {
    Found(T),
    Into,
    Over,
}

/// Level by level, so that what stands high is found soon.
fn walk<T>(root: &Path, look: &mut dyn FnMut(&str, &UnitKind, u64) -> Step<T>) -> Option<T> {
    let mut waiting = VecDeque::from([(String::new(), 0)]);
    for _ in 0..MAX_DIRECTORIES {
        let (path, depth) = waiting.pop_front()?;
        let Ok(entries) = std::fs::read_dir(root.join(path.trim_start_matches('/'))) else { continue };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let child = format!("{path}/{name}");
            match look(&child, &classify(&child), entry.ino()) {
                Step::Found(found) => return Some(found),
                Step::Into if depth < MAX_DEPTH => waiting.push_back((child, depth + 1)),
                Step::Into | Step::Over => {}
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::create_dir_all;

    const UID: &str = "18451618-ada8-4b1c-a71e-5d336ca178d6";
    const HASH: &str = "569b0171e17fdb1d6d087d02cbba0832";

    #[test]
    fn a_pod_is_found_under_both_drivers_in_every_class_and_when_nested() {
        let id = "a".repeat(64);
        let low = UID.replace('-', "_");
        for (uid, path) in [
            (UID, format!("/kubepods.slice/kubepods-pod{low}.slice")),
            (UID, format!("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{low}.slice")),
            (UID, format!("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{low}.slice")),
            (HASH, format!("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{HASH}.slice")),
            (UID, format!("/kubepods/pod{UID}")),
            (UID, format!("/kubepods/burstable/pod{UID}")),
            (HASH, format!("/kubepods/besteffort/pod{HASH}")),
            (UID, format!("/kubelet/kubepods/burstable/pod{UID}")),
            (
                UID,
                format!("/docker/{id}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{low}.slice"),
            ),
        ] {
            let root = tempfile::tempdir().unwrap();
            let leaf = root.path().join(format!("{}/{id}", &path[1..]));
            create_dir_all(&leaf).unwrap();
            create_dir_all(root.path().join("kubepods/pod00000000-0000-0000-0000-000000000000")).unwrap();
            let uid = PodUid(uid.into());
            assert_eq!(find_pod(root.path(), &uid).as_deref(), Some(&*path));
            assert_eq!(find_pod_of_leaf(root.path(), &leaf), Some(uid), "{path}");
            assert!(has_kubepods(root.path()));
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let root = tempfile::tempdir().unwrap();
        create_dir_all(root.path().join("system.slice/a.service")).unwrap();
        let leaf = tempfile::tempdir().unwrap();
        assert_eq!(find_pod(root.path(), &PodUid(UID.into())), None);
        assert_eq!(find_pod_of_leaf(root.path(), leaf.path()), None);
        assert!(!has_kubepods(root.path()));
    }
}
