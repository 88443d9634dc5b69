//! What could not be read is set aside for people to look at, in a bounded amount.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::segment::read_up_to;

/// The most bytes that are kept; the oldest go first.
const MAX_BYTES: u64 = 64 << 20;
/// How much is copied at a time.
const PART: usize = 64 << 10;
/// The most files.
const MAX_FILES: usize = 256;

/// The directory `quarantine`.
#[derive(Clone, Debug)]
pub(super) struct Quarantine {
    directory: PathBuf,
}

impl Quarantine {
    pub(super) fn below(directory: &Path) -> Quarantine {
        Quarantine { directory: directory.join("quarantine") }
    }

    /// Copies a part of a segment.
    pub(super) fn copy(&self, segment: &Path, file: &File, from: u64, to: u64) -> io::Result<()> {
        std::fs::create_dir_all(&self.directory)?;
        let name = format!("{}-{from}.bin", stem(segment));
        let mut copy = File::create(self.directory.join(name))?;
        let (mut at, end) = (from, to.min(from + MAX_BYTES));
        let mut part = vec![0; PART.min((end - from) as usize)];
        while at < end {
            let wanted = part.len().min((end - at) as usize);
            let read = read_up_to(file, &mut part[..wanted], at)?;
            copy.write_all(&part[..read])?;
            // The file ends here.
            if read < wanted {
                break;
            }
            at += read as u64;
        }
        self.bound()
    }

    /// Moves a whole file.
    pub(super) fn take(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(&self.directory)?;
        let name = path.file_name().unwrap_or_default();
        std::fs::rename(path, self.directory.join(name))?;
        self.bound()
    }

    /// Removes the oldest files beyond the bounds.
    fn bound(&self) -> io::Result<()> {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let entry = entry?;
            let found = entry.metadata()?;
            files.push((found.modified().unwrap_or(SystemTime::UNIX_EPOCH), found.len(), entry.path()));
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, length, _)| length).sum();
        let mut count = files.len();
        for (_, length, path) in files {
            if bytes <= MAX_BYTES && count <= MAX_FILES {
                break;
            }
            std::fs::remove_file(path)?;
            bytes -= length;
            count -= 1;
        }
        Ok(())
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
