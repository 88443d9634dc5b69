//! Reads whole small files into one kept buffer and collects what went wrong.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use super::fault::{Fault, Unread};

/// Whether a file that is not there is a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Every kernel has it.
    Always,
    /// It depends on the kernel's configuration, a module or the device.
    IfPresent,
}

/// The reading side of one pass over the node.
#[derive(Debug, Default)]
pub(super) struct Files {
    buffer: Vec<u8>,
    faults: Vec<Fault>,
}

impl Files {
    /// /proc/interrupts of a machine with 500 CPUs and 2,000 vectors stays below this.
    const MAX_FILE_BYTES: u64 = 16 << 20;
    const MAX_FAULTS: usize = 64;

    /// Parses one file. `None` when it could not be read at all.
    pub(super) fn parse<T>(
        &mut self,
        path: &Path,
        need: Need,
        parse: impl FnOnce(&str, &mut Unread) -> T,
    ) -> Option<T> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = read_into(path, Files::MAX_FILE_BYTES, &mut buffer);
        let value = match read {
            Ok(()) => {
                let mut unread = Unread::default();
                let value = parse(&String::from_utf8_lossy(&buffer), &mut unread);
                if let Some((line, text)) = unread.first {
                    self.fault(Fault::Line { path: path.to_owned(), line, text, count: unread.count });
                }
                Some(value)
            }
            Err(Fault::Unreadable { source, .. }) if need == Need::IfPresent && is_absent(&source) => None,
            Err(fault) => {
                self.fault(fault);
                None
            }
        };
        self.buffer = buffer;
        value
    }

    /// The one number of a file that need not be there.
    pub(super) fn number<T: FromStr>(&mut self, path: &Path) -> Option<T> {
        self.parse(path, Need::IfPresent, |text, unread| {
            let value = text.trim().parse().ok();
            if value.is_none() {
                unread.note(0, text.trim());
            }
            value
        })?
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        if self.faults.len() < Files::MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    pub(super) fn take_faults(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.faults)
    }
}

/// Reads a file whole, up to a limit.
pub(super) fn read_into(path: &Path, limit: u64, buffer: &mut Vec<u8>) -> Result<(), Fault> {
    buffer.clear();
    let unreadable = |source| Fault::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let bytes = file.take(limit + 1).read_to_end(buffer).map_err(unreadable)?;
    if bytes as u64 > limit {
        return Err(Fault::TooLarge { path: path.to_owned(), limit });
    }
    Ok(())
}

/// The one word of a file that need not be there; `None` when it is empty or may not be read.
pub(super) fn read_word(path: &Path) -> Option<Box<str>> {
    let mut buffer = Vec::new();
    read_into(path, 4096, &mut buffer).ok()?;
    let text = String::from_utf8_lossy(&buffer);
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}

/// True when the kernel or the device does not offer the file: not there, or there and switched off.
fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, NotADirectory, NotFound, Unsupported};
    matches!(error.kind(), NotFound | NotADirectory | Unsupported | InvalidInput)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_optional_file_may_be_missing_and_a_needed_one_may_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gone");
        let mut files = Files::default();
        assert_eq!(files.number::<u64>(&path), None);
        assert_eq!(files.take_faults().len(), 0);
        assert!(files.parse(&path, Need::Always, |text, _| text.len()).is_none());
        let faults = files.take_faults();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].to_string().starts_with(&format!("{}: No such file", path.display())));
    }

    #[test]
    fn a_file_above_the_limit_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("big");
        std::fs::write(&path, [b'1'; 11]).unwrap();
        let mut buffer = Vec::new();
        assert!(read_into(&path, 11, &mut buffer).is_ok());
        let fault = read_into(&path, 10, &mut buffer).unwrap_err();
        assert_eq!(fault.to_string(), format!("{}: larger than 10 bytes", path.display()));
    }

    #[test]
    fn garbage_in_a_number_names_path_and_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("entropy_avail");
        std::fs::write(&path, "many\n").unwrap();
        let mut files = Files::default();
        assert_eq!(files.number::<u64>(&path), None);
        let faults = files.take_faults();
        assert_eq!(
            faults[0].to_string(),
            format!("{} line 1: unexpected \"many\" (1 such lines)", path.display())
        );
    }
}
