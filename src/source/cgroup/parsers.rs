//! What the readers of a tree keep between files.

use super::parse::LineMap;
use crate::model::field::File;

/// One huge page size and the names of its files.
#[derive(Clone, Debug)]
pub(super) struct PageSize {
    pub(super) name: Box<str>,
    /// current, max, events.
    pub(super) files: [String; 3],
}

impl PageSize {
    pub(super) fn new(name: &str) -> PageSize {
        let file = |what: &str| format!("hugetlb.{name}.{what}");
        PageSize { name: name.into(), files: [file("current"), file("max"), file("events")] }
    }
}

/// What the readers of a tree keep between files.
#[derive(Debug)]
pub(super) struct Parsers {
    /// Key maps for the root, whose files differ, and for all others.
    pub(super) maps: [[LineMap; File::COUNT]; 2],
    pub(super) buffer: Vec<u8>,
}

impl Default for Parsers {
    fn default() -> Self {
        Parsers { maps: Default::default(), buffer: vec![0; 16 * 1024] }
    }
}
