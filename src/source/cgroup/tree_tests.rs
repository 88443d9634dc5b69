use super::*;
use crate::model::field::{Field, Values};
use std::fs;

fn make(root: &Path, path: &str, files: &[(&str, &str)]) {
    let dir = root.join(path);
    fs::create_dir_all(&dir).unwrap();
    for (name, text) in [("cgroup.controllers", "cpu memory"), ("cgroup.events", "populated 1\nfrozen 0\n")] {
        fs::write(dir.join(name), text).unwrap();
    }
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
}

fn paths(tree: &Tree) -> Vec<String> {
    tree.order().iter().map(|&slot| tree.entry(slot).unwrap().cgroup.path.to_string()).collect()
}

fn settle(tree: &mut Tree) -> Vec<Change> {
    let mut changes = Vec::new();
    tree.process_events(&mut changes);
    changes
}

#[test]
fn parents_come_before_children_and_siblings_that_sort_between() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), "", &[]);
    for path in ["a/b/c", "a-b", "a"] {
        make(dir.path(), path, &[]);
    }
    let tree = Tree::open(dir.path(), Limits::default()).unwrap();
    assert_eq!(paths(&tree), ["/", "/a", "/a-b", "/a/b", "/a/b/c"]);
}

#[test]
fn directories_made_and_removed_are_followed() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), "", &[]);
    let mut tree = Tree::open(dir.path(), Limits::default()).unwrap();
    make(dir.path(), "x/y", &[("cpu.stat", "usage_usec 7\n")]);
    let added = settle(&mut tree);
    assert_eq!(added.len(), 2, "{added:?}");
    let Change::Added(slot) = added[1] else { panic!("{added:?}") };
    let mut values = Values::default();
    // The nested directory may have been listed before its file was there.
    tree.rescan(&mut Vec::new());
    tree.read(slot, File::CpuStat, &mut values);
    assert_eq!(values.get(Field::UsageUsec), Some(7));
    fs::remove_dir_all(dir.path().join("x")).unwrap();
    let removed = settle(&mut tree);
    assert_eq!(
        removed.iter().filter(|change| matches!(change, Change::Removed(_))).count(),
        2,
        "{removed:?}"
    );
    assert_eq!(paths(&tree), ["/"]);
    assert_eq!((tree.budget().held, tree.watches()), (0, 2));
}

#[test]
fn a_directory_remade_under_the_same_name_is_another_unit() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), "", &[]);
    make(dir.path(), "x", &[]);
    let mut tree = Tree::open(dir.path(), Limits::default()).unwrap();
    let before = tree.entry(tree.order()[1]).unwrap().id;
    fs::rename(dir.path().join("x"), dir.path().join("old")).unwrap();
    make(dir.path(), "x", &[]);
    fs::remove_dir_all(dir.path().join("old")).unwrap();
    settle(&mut tree);
    assert_eq!(paths(&tree), ["/", "/x"]);
    assert_ne!(tree.entry(tree.order()[1]).unwrap().id, before);
}

#[test]
fn watches_that_ran_out_keep_asking_for_rescans_until_there_are_enough() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), "", &[]);
    make(dir.path(), "a", &[]);
    make(dir.path(), "b", &[]);
    // Each directory takes one watch, and its cgroup.events one more.
    let mut tree = Tree::open(dir.path(), Limits { watches: 4, ..Limits::default() }).unwrap();
    for _ in 0..2 {
        assert!(tree.wants_rescan(), "b is not watched");
        tree.rescan(&mut Vec::new());
    }
    make(dir.path(), "b/c", &[]);
    tree.rescan(&mut Vec::new());
    assert_eq!(paths(&tree), ["/", "/a", "/b", "/b/c"]);
    fs::remove_dir_all(dir.path().join("b/c")).unwrap();
    fs::remove_dir_all(dir.path().join("a")).unwrap();
    tree.rescan(&mut Vec::new());
    tree.rescan(&mut Vec::new());
    assert!(!tree.wants_rescan(), "a gave its watches to b");
    make(dir.path(), "b/d", &[]);
    assert_eq!(settle(&mut tree).len(), 1, "b is watched now");
}

#[test]
fn bounds_hold() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), "", &[("cpu.stat", "usage_usec 1\n")]);
    for unit in 0..9 {
        make(dir.path(), &format!("u{unit}"), &[("cpu.stat", "usage_usec 1\n"), ("memory.current", "1\n")]);
    }
    let limits = Limits { units: 6, held_files: 4, depth: 3, ..Limits::default() };
    let mut tree = Tree::open(dir.path(), limits).unwrap();
    assert_eq!((tree.order().len(), tree.stats().refused_units), (6, 4));
    let mut values = Values::default();
    for file in [File::MemoryCurrent, File::CpuStat, File::MemoryCurrent] {
        for slot in tree.order().to_vec() {
            tree.read(slot, file, &mut values);
            assert!(tree.budget().held <= 4);
        }
    }
    let hot = tree.hot.iter().filter(|hot| hot.held.get(0).is_some()).count();
    assert_eq!(hot, 4, "cpu.stat, read most often, has pushed memory.current out");
}

#[test]
fn vanished_garbage_and_huge_files_lose_only_themselves() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), "", &[]);
    make(
        dir.path(),
        "u",
        &[("cpu.stat", "usage_usec 1\n"), ("memory.current", "\u{0}\u{1}x"), ("memory.max", "9\n")],
    );
    fs::write(dir.path().join("u/memory.stat"), vec![b'x'; 3 << 20]).unwrap();
    let mut tree = Tree::open(dir.path(), Limits::default()).unwrap();
    let slot = tree.order()[1];
    let mut values = Values::default();
    fs::remove_file(dir.path().join("u/memory.max")).unwrap();
    assert_eq!(tree.read(slot, File::MemoryCurrent, &mut values).faults, 1);
    assert_eq!(
        tree.read(slot, File::MemoryStat, &mut values).outcome,
        super::super::files::Outcome::TooLarge
    );
    assert_eq!(tree.read(slot, File::MemoryMax, &mut values).outcome, super::super::files::Outcome::Vanished);
    tree.read(slot, File::CpuStat, &mut values);
    assert_eq!((values.len(), values.get(Field::UsageUsec)), (1, Some(1)));
}

#[test]
fn a_wrong_root_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let error = Tree::open(dir.path(), Limits::default()).unwrap_err().to_string();
    assert!(error.contains("cgroup.controllers") && error.contains("paths.cgroup"), "{error}");
    let error = Tree::open(&dir.path().join("none"), Limits::default()).unwrap_err().to_string();
    assert!(error.contains("No such file"), "{error}");
}
