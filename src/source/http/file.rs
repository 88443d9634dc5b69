//! When a file is another than before: mounted secrets are replaced behind a symbolic link.

use std::fs::Metadata;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Tokens and bundles of authorities are far smaller.
const MAX_BYTES: u64 = 4 << 20;

/// What tells one version of a file from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    device: u64,
    inode: u64,
    size: u64,
    mtime: (i64, i64),
}

impl Version {
    pub(super) fn of(path: &Path) -> io::Result<Version> {
        std::fs::metadata(path).map(|metadata| Version::from(&metadata))
    }
}

impl From<&Metadata> for Version {
    fn from(metadata: &Metadata) -> Version {
        Version {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// The whole file and its version, both of the same open file.
pub(super) fn read(path: &Path) -> io::Result<(Vec<u8>, Version)> {
    let file = std::fs::File::open(path)?;
    let version = Version::from(&file.metadata()?);
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("is larger than {MAX_BYTES} bytes")));
    }
    Ok((bytes, version))
}
