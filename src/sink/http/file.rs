//! When a file is another than before: mounted secrets are replaced behind a symbolic link.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What tells one version of a file from the next; that it cannot be looked at is a version, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version(Option<(u64, u64, u64, i64, i64)>);

impl Version {
    pub(super) fn of(path: &Path) -> Version {
        let look = |found: std::fs::Metadata| {
            (found.dev(), found.ino(), found.size(), found.mtime(), found.mtime_nsec())
        };
        Version(std::fs::metadata(path).ok().map(look))
    }
}
