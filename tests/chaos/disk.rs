//! A small disk of its own, which can be full or read-only.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system mounted on a temporary directory: a tmpfs, or in a virtual machine one on a device that can break.
pub(crate) struct Disk {
    place: tempfile::TempDir,
    is_device: bool,
}

/// Of the device, in sectors of 512 bytes.
const SECTORS: u64 = 32 << 10;
const DEVICE: &str = "/dev/mapper/chaos";

impl Disk {
    /// `None`, loudly, where mounting is not permitted; on CI that is a failure.
    pub(crate) fn mount(kibibytes: u64) -> Option<Disk> {
        let place = tempfile::tempdir().unwrap();
        let options = format!("size={kibibytes}k,nr_inodes=200");
        if mount(&["-t", "tmpfs", "-o", &options, "chaos"], place.path()) {
            return Some(Disk { place, is_device: false });
        }
        let message = "tmpfs cannot be mounted (root is needed): no full and no read-only disk";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        eprintln!("!!! SKIPPED: {message}");
        None
    }

    /// An ext4 on a mapped part of `/run/disk`.
    pub(crate) fn on_device() -> Disk {
        let disk = Disk { place: tempfile::tempdir().unwrap(), is_device: true };
        must("dmsetup", &["create", "--noudevsync", "chaos", "--table", &table(false)]);
        must("dmsetup", &["mknodes"]);
        must("mkfs.ext4", &["-q", "-F", DEVICE]);
        assert!(mount(&["-t", "ext4", DEVICE], disk.path()), "{DEVICE} cannot be mounted");
        disk
    }

    /// Every read and write of the device fails with EIO, or none does.
    pub(crate) fn set_broken(&self, is_broken: bool) {
        assert!(self.is_device, "a tmpfs cannot break");
        must("dmsetup", &["suspend", "--noflush", "--nolockfs", "--noudevsync", "chaos"]);
        must("dmsetup", &["load", "chaos", "--table", &table(is_broken)]);
        must("dmsetup", &["resume", "--noudevsync", "chaos"]);
    }

    /// Once nobody has a file open there. What the device did not take before is gone.
    pub(crate) fn mount_again(&self) {
        must("umount", &[&self.path().display().to_string()]);
        _ = Command::new("e2fsck").args(["-f", "-y", DEVICE]).output();
        assert!(mount(&["-t", "ext4", DEVICE], self.path()), "{DEVICE} cannot be mounted again");
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
        if self.is_device {
            _ = Command::new("umount").arg(self.place.path()).status();
            _ = Command::new("dmsetup").args(["remove", "--noudevsync", "chaos"]).status();
        } else {
            _ = Command::new("umount").arg("-l").arg(self.place.path()).status();
        }
    }
}

fn mount(arguments: &[&str], place: &Path) -> bool {
    let output = Command::new("mount").args(arguments).arg(place).output();
    output.is_ok_and(|output| output.status.success())
}

fn table(is_broken: bool) -> String {
    if is_broken { format!("0 {SECTORS} error") } else { format!("0 {SECTORS} linear /dev/ubda 0") }
}

fn must(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
}
