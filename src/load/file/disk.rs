//! What stands on disk, bounded. The only place of `load` that reads files.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// Datasets are in memory as a whole.
const MAX_BYTES: u64 = 1 << 30;

/// A whole file, for [`Surroundings::read`](super::Surroundings).
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("is larger than {MAX_BYTES} bytes")));
    }
    Ok(bytes)
}
