//! The node from /proc to its exported names: on a fixture, on recorded nodes, on this machine, on garbage.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[path = "../support/golden.rs"]
mod golden;
#[path = "../support/tree.rs"]
mod tree;
#[path = "../support/truth.rs"]
mod truth;

mod arbitrary;
mod faults;
mod live;
mod names;
mod recorded;

use std::path::Path;

use podometer::model::stamp::Stamp;
use podometer::source::procfs::{Config, NodeReader};

/// A reader of a tree that was unpacked below `root`.
fn reader(root: &Path) -> NodeReader {
    NodeReader::new(config(root))
}

fn config(root: &Path) -> Config {
    Config {
        procfs: root.join("proc"),
        sysfs: root.join("sys"),
        rootfs: root.to_owned(),
        ksm: true,
        ..Config::default()
    }
}

/// A fixed clock: seconds since boot.
const fn at(seconds: u64) -> Stamp {
    Stamp {
        boot_ns: seconds * 1_000_000_000,
        wall_ns: 1_795_300_000_000_000_000 + (seconds * 1_000_000_000) as i64,
    }
}
