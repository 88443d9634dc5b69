//! One cgroup directory of the tree.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::files::HeldFiles;
use crate::model::identity::Cgroup;
use crate::model::unit::UnitId;

/// One cgroup directory.
#[derive(Debug)]
pub struct Entry {
    pub id: UnitId,
    pub cgroup: Arc<Cgroup>,
    pub parent: Option<u32>,
    /// mtime of the directory when it was first seen, seconds since the epoch: its making, if we saw it made.
    pub created_wall_s: Option<f64>,
    pub(super) dir: OwnedFd,
    pub(super) peak_tried: bool,
    pub(super) children: Vec<(Box<str>, u32)>,
    pub(super) watches: [Option<i32>; 3],
    pub(super) depth: usize,
}

/// What a pass needs of each entry, and nothing else, so that a pass over all of them touches little memory.
#[derive(Debug, Default)]
pub(super) struct Hot {
    /// Bit `File as u8` is set for each file that the directory had when it was last listed.
    pub(super) files: u32,
    pub(super) is_root: bool,
    pub(super) held: HeldFiles,
}

impl Entry {
    pub(super) fn child(&self, name: &str) -> Option<u32> {
        self.children.iter().find(|(child, _)| **child == *name).map(|(_, slot)| *slot)
    }
}
