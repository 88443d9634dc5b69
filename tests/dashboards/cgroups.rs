//! The cgroups that the first agent reads: recorded files that are moved on, or those of this kernel.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::kubelet::STEP_USEC;
use super::kubepods::{Kubepods, MOUNT};
use super::truth;

pub(crate) enum Cgroups {
    Recorded(PathBuf),
    Real(Kubepods),
}

impl Cgroups {
    /// The recorded files, in a directory that is there.
    pub(crate) fn recorded(recording: &Path, directory: &Path) -> Cgroups {
        truth::unpack(recording, &["sys/fs/cgroup"], directory);
        Cgroups::Recorded(directory.join("sys/fs/cgroup"))
    }

    /// The mount, as an agent is told it.
    pub(crate) fn root(&self) -> &Path {
        match self {
            Cgroups::Recorded(root) => root,
            Cgroups::Real(_) => Path::new(MOUNT),
        }
    }

    pub(crate) fn turn(&mut self, turns: u64) {
        match self {
            Cgroups::Recorded(root) => move_on(root),
            Cgroups::Real(kubepods) => kubepods.turn(turns),
        }
    }
}

/// Counters go on, so that there are rates: as many digits as before or more, written over what is there, so that no
/// reader finds half a file.
fn move_on(root: &Path) {
    let mut files = Vec::new();
    find(root, "cpu.stat", &mut files);
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut out = String::new();
        for line in text.lines() {
            let (name, value) = line.split_once(' ').unwrap();
            let step = match name {
                "usage_usec" | "user_usec" | "throttled_usec" => STEP_USEC,
                "nr_periods" => 10,
                "nr_throttled" => 2,
                _ => 0,
            };
            _ = writeln!(out, "{name} {}", value.parse::<u64>().unwrap() + step);
        }
        OpenOptions::new().write(true).open(&path).unwrap().write_all(out.as_bytes()).unwrap();
    }
}

fn find(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            find(&entry.path(), name, found);
        } else if entry.file_name() == name {
            found.push(entry.path());
        }
    }
}
