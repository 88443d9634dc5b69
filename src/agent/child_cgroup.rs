//! A cgroup for a child of ours, with a limit on its CPU: what `podometer demo` watches its target in. It is made where
//! this machine lets us, taken away at the end, and nothing else of the tree is left changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::cli::ChildCgroup;
use crate::source::cgroup::{mounts, own_line};

/// The period of the limit: the kernel's usual.
const PERIOD_US: u64 = 100_000;
/// A cgroup is busy until the kernel is through with its last process.
const REMOVALS: u32 = 50;

/// A cgroup that goes with this.
#[derive(Debug)]
pub(super) struct Made {
    directory: PathBuf,
    /// Below the mount.
    path: String,
    cores: Option<f64>,
    /// Where we are ourselves.
    home: PathBuf,
    /// Given back behind the child, whose field it is.
    above: Option<Delegated>,
}

/// Controllers that were given to the children of our own cgroup; we stand beside the child meanwhile.
#[derive(Debug)]
struct Delegated {
    own: PathBuf,
    beside: PathBuf,
}

/// Below our own cgroup, else below the root; preferably where there are controllers to limit and to measure with.
pub(super) fn make(procfs: &Path, cores: f64) -> anyhow::Result<Made> {
    let place = mounts::find(procfs, None)?;
    let own = where_we_are(procfs, &place.root)?;
    sweep([&own, &place.root]);
    let above = if own == place.root { None } else { Delegated::from(&own) };
    let home = where_we_are(procfs, &place.root)?;
    let mut parents = vec![own, place.root.clone()];
    parents.dedup();
    // Stable: our own comes first where both give the same.
    parents.sort_by_key(|parent| !controls(parent));
    let mut refused = None;
    for parent in parents {
        match Made::below(&parent, &place.root, &home, cores) {
            Ok(mut made) => {
                made.above = above;
                return Ok(made);
            }
            Err(error) => _ = refused.get_or_insert((parent, error)),
        }
    }
    match refused {
        Some((parent, error)) => {
            Err(error).with_context(|| format!("making a cgroup in {}", parent.display()))
        }
        None => bail!("there is no cgroup to make one in"),
    }
}

fn where_we_are(procfs: &Path, root: &Path) -> anyhow::Result<PathBuf> {
    let text = fs::read_to_string(procfs.join("self/cgroup")).context("our own cgroup")?;
    let own = own_line(&text).unwrap_or_default();
    Ok(root.join(own.trim_start_matches('/')))
}

/// Takes away what was left by one that was killed. A cgroup with a process in it stays in any case.
fn sweep(parents: [&PathBuf; 2]) {
    for parent in parents {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let pid =
                ["podometer-target-", "podometer-load-"].iter().find_map(|begin| name.strip_prefix(begin));
            if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                let _removed = fs::remove_dir(entry.path());
            }
        }
    }
}

/// Its children can be limited and their memory is counted.
fn controls(cgroup: &Path) -> bool {
    has_both(&cgroup.join("cgroup.subtree_control"))
}

fn has_both(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    ["cpu", "memory"].iter().all(|wanted| text.split_whitespace().any(|found| found == *wanted))
}

fn name(part: &str) -> String {
    format!("podometer-{part}-{}", std::process::id())
}

impl Made {
    fn below(parent: &Path, root: &Path, home: &Path, cores: f64) -> io::Result<Made> {
        let directory = parent.join(name("target"));
        fs::create_dir(&directory)?;
        // Whoever may make a directory may still not be allowed to fill it.
        let may_fill = fs::OpenOptions::new().write(true).open(directory.join("cgroup.procs"));
        if let Err(error) = may_fill {
            let _removed = fs::remove_dir(&directory);
            return Err(error);
        }
        let quota = format!("{} {PERIOD_US}", (cores * PERIOD_US as f64).round().max(1000.0));
        let is_limited = fs::write(directory.join("cpu.max"), quota).is_ok();
        let path = directory.strip_prefix(root).unwrap_or(&directory);
        let path = format!("/{}", path.display());
        Ok(Made { directory, path, cores: is_limited.then_some(cores), home: home.to_owned(), above: None })
    }
}

impl ChildCgroup for Made {
    fn path(&self) -> &str {
        &self.path
    }

    fn within(&self, start: &mut dyn FnMut()) -> io::Result<()> {
        let us = std::process::id().to_string();
        fs::write(self.directory.join("cgroup.procs"), &us)?;
        start();
        fs::write(self.home.join("cgroup.procs"), &us)
    }

    fn cores(&self) -> Option<f64> {
        self.cores
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        remove(&self.directory);
    }
}

impl Delegated {
    /// Where our own cgroup was given controllers and nobody else is in it. `None` leaves everything as it was.
    fn from(own: &Path) -> Option<Delegated> {
        if controls(own) || !has_both(&own.join("cgroup.controllers")) {
            return None;
        }
        let beside = own.join(name("load"));
        fs::create_dir(&beside).ok()?;
        let delegated = Delegated { own: own.to_owned(), beside };
        let us = std::process::id().to_string();
        fs::write(delegated.beside.join("cgroup.procs"), us).ok()?;
        // Refused where another process is left in it.
        fs::write(own.join("cgroup.subtree_control"), "+cpu +memory").ok()?;
        Some(delegated)
    }
}

impl Drop for Delegated {
    fn drop(&mut self) {
        // In this order: a cgroup that controls its children holds no process.
        let _given_back = fs::write(self.own.join("cgroup.subtree_control"), "-cpu -memory");
        let _back = fs::write(self.own.join("cgroup.procs"), std::process::id().to_string());
        remove(&self.beside);
    }
}

fn remove(directory: &Path) {
    for _ in 0..REMOVALS {
        match fs::remove_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                std::thread::sleep(Duration::from_millis(10));
            }
            _ => return,
        }
    }
}
