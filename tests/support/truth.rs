//! The recordings of real nodes that stand beside the repository.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of one recorded cgroup driver. Without it a test is skipped, loudly; on CI it fails.
pub(crate) fn recording(driver: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PODOMETER_TRUTH")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/truth"), PathBuf::from);
    let folder = root.join(driver);
    if folder.is_dir() {
        return Some(folder);
    }
    let message = format!("no recording at {}: set PODOMETER_TRUTH", folder.display());
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{message}");
    // Nothing is lost when nobody reads it.
    _ = writeln!(std::io::stderr(), "SKIPPED: {message}");
    None
}

/// Unpacks the files of a recorded tree that stand below one of `folders`.
#[allow(dead_code, reason = "not every target that reads recordings unpacks a tree")]
pub(crate) fn unpack(recording: &Path, folders: &[&str], root: &Path) {
    let mut archive = archive(recording);
    let mut unpacked = 0;
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let wanted = folders.iter().any(|folder| entry.path().unwrap().starts_with(folder));
        if wanted {
            assert!(entry.unpack_in(root).unwrap());
            unpacked += 1;
        }
    }
    assert!(unpacked > 0, "nothing below {folders:?} in {}", recording.display());
}

/// The directories of a recorded tree below a folder, by their names in it, each behind the one that holds it.
#[allow(dead_code, reason = "not every target that reads recordings makes its directories anew")]
pub(crate) fn directories(recording: &Path, folder: &str) -> Vec<PathBuf> {
    let mut archive = archive(recording);
    let entries = archive.entries().unwrap().map(Result::unwrap);
    let directories = entries.filter(|entry| entry.header().entry_type().is_dir());
    let mut found: Vec<PathBuf> = directories
        .filter_map(|entry| Some(entry.path().unwrap().strip_prefix(folder).ok()?.to_owned()))
        .collect();
    found.sort();
    found
}

fn archive(recording: &Path) -> tar::Archive<flate2::read::GzDecoder<File>> {
    let file = File::open(recording.join("cgroup-snapshot.tar.gz")).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(file))
}
