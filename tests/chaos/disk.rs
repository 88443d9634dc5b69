//! A small disk of its own, which can be full or read-only.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A tmpfs below a temporary directory.
pub(crate) struct Disk {
    place: tempfile::TempDir,
}

impl Disk {
    /// `None`, loudly, where mounting is not permitted; on CI that is a failure.
    pub(crate) fn mount(kibibytes: u64) -> Option<Disk> {
        let place = tempfile::tempdir().unwrap();
        let options = format!("size={kibibytes}k,nr_inodes=200");
        if mount(&["-t", "tmpfs", "-o", &options, "chaos"], place.path()) {
            return Some(Disk { place });
        }
        let message = "tmpfs cannot be mounted (root is needed): no full and no read-only disk";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        eprintln!("!!! SKIPPED: {message}");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }

    fn filler(&self) -> PathBuf {
        self.place.path().join("filler")
    }

    /// Writes until nothing more fits.
    pub(crate) fn fill(&self) {
        let Ok(mut file) = File::create(self.filler()) else { return };
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    pub(crate) fn free(&self) {
        _ = std::fs::remove_file(self.filler());
    }

    /// False where somebody has a file open to write.
    pub(crate) fn set_read_only(&self, is_read_only: bool) -> bool {
        mount(&["-o", if is_read_only { "remount,ro" } else { "remount,rw" }], self.place.path())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        _ = Command::new("umount").arg("-l").arg(self.place.path()).status();
    }
}

fn mount(arguments: &[&str], place: &Path) -> bool {
    let output = Command::new("mount").args(arguments).arg(place).output();
    output.is_ok_and(|output| output.status.success())
}
