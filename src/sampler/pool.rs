//! The snapshots in use and what is the same in every one.

use std::sync::Arc;
use std::time::Duration;

use crate::model::snapshot::Snapshot;

/// Snapshots kept for reuse: the published one, one that a slow reader may hold, one to write.
const POOL: usize = 3;

/// The pool and what is the same in every snapshot.
#[derive(Debug)]
pub(super) struct Publisher {
    pub(super) seq: u64,
    windows: Arc<[Duration]>,
    pub(super) windows_us: Vec<u64>,
    node_name: Arc<str>,
    pool: Vec<Arc<Snapshot>>,
    /// Slot of the tree to index of the snapshot.
    pub(super) places: Vec<u32>,
    /// Directory version whose names are in all states, and the number of units then.
    pub(super) named: Option<u64>,
}

impl Publisher {
    pub(super) fn new(windows: &[Duration], node_name: Arc<str>) -> Publisher {
        Publisher {
            seq: 0,
            windows: windows.into(),
            windows_us: windows.iter().map(|window| window.as_micros() as u64).collect(),
            node_name,
            pool: Vec::with_capacity(POOL),
            places: Vec::new(),
            named: None,
        }
    }

    /// A snapshot that nobody else holds.
    pub(super) fn blank(&mut self) -> Arc<Snapshot> {
        let free = self.pool.iter().position(|snapshot| Arc::strong_count(snapshot) == 1);
        match free {
            Some(place) => self.pool.swap_remove(place),
            None => Arc::new(Snapshot {
                windows: self.windows.clone(),
                node_name: self.node_name.clone(),
                ..Snapshot::default()
            }),
        }
    }

    /// Keeps a published snapshot until nobody reads it any more.
    pub(super) fn keep(&mut self, published: Arc<Snapshot>) {
        self.pool.push(published);
        self.pool.truncate(POOL);
    }
}
