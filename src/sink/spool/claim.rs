//! A sink's directory and its account of all runs, taken into possession before anything is looked through.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::Config;
use super::store::{Store, Trouble};
use super::totals::{Totals, TotalsFile};

/// Which spool to open, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sink) struct Opening {
    pub(in crate::sink) sink: String,
    pub(in crate::sink) directory: PathBuf,
    pub(in crate::sink) config: Config,
}

/// The directory is ours, and its account was read.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// Held as long as the directory is used.
    pub(super) lock: Arc<File>,
    /// Where the account stands, to be forced to the medium.
    pub(super) totals: Arc<File>,
    /// What it said; absent where it cannot be read.
    pub(super) known: Option<Totals>,
}

impl Claim {
    /// Takes a few system calls, whatever lies in the directory.
    pub(super) fn take(directory: &Path) -> Result<(Claim, TotalsFile), Trouble> {
        let lock = Arc::new(Store::lock(directory)?);
        let failed = |error| Trouble::File { path: directory.join("totals"), error };
        let (file, known) = TotalsFile::open(directory).map_err(failed)?;
        Ok((Claim { lock, totals: file.file(), known }, file))
    }
}
