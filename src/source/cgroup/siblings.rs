//! Containers that share our process namespace: `/proc/PID/root/sys/fs/cgroup` shows each one's own directory to a
//! process of the same user, with no mount of the host's.
//!
//! What is found is held open: it stays readable when the process that showed it is gone.

use std::collections::{BTreeSet, HashMap};
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

use super::grammar::{self, Sibling};
use super::scan;
use super::tree::{Change, Goal, Tree};
use crate::model::identity::{Cgroup, ContainerId, PodUid, UnitKind};
use crate::model::scope::Scope;

/// Most processes that are looked at.
const MAX_PROCESSES: usize = 8192;
/// Looks at one process: while its container starts it is not yet where it belongs, and may change its user.
const LOOKS: u8 = 10;
const MAX_FILE_BYTES: u64 = 1 << 20;
/// In a shared process namespace the first process is the pod's sandbox, which is no container of its own.
const SANDBOX: u32 = 1;

/// What is known of the processes that we can see.
#[derive(Debug)]
pub(super) struct Siblings {
    procfs: PathBuf,
    pod: Option<PodUid>,
    processes: HashMap<u32, Process>,
}

#[derive(Debug, Default)]
struct Process {
    looks: u8,
    /// The container that refused to be read.
    denied: Option<ContainerId>,
}

/// What a look at one process came to.
enum Look {
    /// Our own container's, another pod's, the sandbox's, or already known.
    Nothing,
    Found(Arc<Cgroup>, OwnedFd),
    Denied(ContainerId),
}

impl Siblings {
    pub(super) fn new(procfs: &Path, pod: Option<PodUid>) -> Siblings {
        Siblings { procfs: procfs.to_owned(), pod, processes: HashMap::new() }
    }

    /// How many containers refused to be read.
    pub(super) fn denied(&self) -> usize {
        let denied: BTreeSet<_> =
            self.processes.values().filter_map(|process| process.denied.as_ref()).collect();
        denied.len()
    }

    fn look(&mut self, is_known: &dyn Fn(&str) -> bool) -> Vec<(Arc<Cgroup>, OwnedFd)> {
        let processes = list(&self.procfs);
        self.processes.retain(|process, _| processes.contains(process));
        let mut found: Vec<(Arc<Cgroup>, OwnedFd)> = Vec::new();
        for id in processes {
            let process = self.processes.entry(id).or_default();
            if process.looks == LOOKS {
                continue;
            }
            process.looks += 1;
            let is_known =
                |path: &str| is_known(path) || found.iter().any(|(cgroup, _)| *cgroup.path == *path);
            let look = look_at(&self.procfs, id, self.pod.as_ref(), &is_known);
            process.denied = match look {
                Look::Nothing => None,
                Look::Denied(container) => Some(container),
                Look::Found(cgroup, dir) => {
                    found.push((cgroup, dir));
                    None
                }
            };
        }
        found
    }
}

/// True when a process of another container of our pod can be seen.
pub fn is_process_namespace_shared(procfs: &Path) -> bool {
    list(procfs).into_iter().any(|process| {
        read(&procfs.join(process.to_string()).join("cgroup"))
            .is_ok_and(|text| own_line(&text).and_then(grammar::sibling).is_some())
    })
}

impl Tree {
    /// Takes in what a rescan of the known entries cannot find.
    pub(super) fn look_beyond(&mut self, changes: &mut Vec<Change>) {
        match &self.goal {
            Goal::Below => {}
            Goal::Pod => self.look_for_pod(changes),
            Goal::Siblings(_) => self.look_for_siblings(changes),
        }
    }

    fn look_for_siblings(&mut self, changes: &mut Vec<Change>) {
        let known: Vec<Arc<Cgroup>> = self
            .order
            .iter()
            .filter(|&&slot| self.is_top(slot))
            .filter_map(|&slot| Some(self.entry(slot)?.cgroup.clone()))
            .collect();
        let Goal::Siblings(siblings) = &mut self.goal else { return };
        let found = siblings.look(&|path| known.iter().any(|cgroup| *cgroup.path == *path));
        let (denied, pod) = (siblings.denied(), siblings.pod.clone());
        for (cgroup, dir) in found {
            if self.order.len() >= self.limits.units {
                self.stats.refused_units += 1;
                continue;
            }
            // A container that ended in between was never here.
            let _gone = self.admit(dir, cgroup, None, 0, changes);
        }
        self.stats.denied_siblings = Some(denied as u64);
        let has_sibling =
            self.order.iter().filter_map(|&slot| self.entry(slot)).any(|entry| is_sibling(&entry.cgroup));
        self.scope = if has_sibling { Scope::Siblings(pod) } else { Scope::OwnContainer };
    }
}

fn is_sibling(cgroup: &Cgroup) -> bool {
    cgroup.path.starts_with("/../")
}

fn look_at(procfs: &Path, process: u32, pod: Option<&PodUid>, is_known: &dyn Fn(&str) -> bool) -> Look {
    let place = procfs.join(process.to_string());
    let Ok(text) = read(&place.join("cgroup")) else { return Look::Nothing };
    let Some(sibling) = own_line(&text).and_then(grammar::sibling) else { return Look::Nothing };
    let path = format!("/../{}", sibling.name);
    if process == SANDBOX || is_known(&path) {
        return Look::Nothing;
    }
    match open(&place, process, &sibling) {
        Ok(Some(dir)) => {
            let kind = UnitKind::Container { id: sibling.id, pod: pod.cloned(), runtime: sibling.runtime };
            Look::Found(Arc::new(Cgroup { path: path.into(), kind }), dir)
        }
        Err(Errno::ACCESS | Errno::PERM) => Look::Denied(sibling.id),
        // The process is gone, or shows another directory than its own.
        Ok(None) | Err(_) => Look::Nothing,
    }
}

/// The container's directory as the process sees it; `None` where that is not its own: a container may have
/// the host's hierarchy mounted there, and one that just starts still has the runtime's.
fn open(place: &Path, process: u32, sibling: &Sibling<'_>) -> Result<Option<OwnedFd>, Errno> {
    let mount = place.join("root/sys/fs/cgroup");
    let dir = scan::open_dir(rustix::fs::CWD, &mount.to_string_lossy())?;
    let members = match read(&mount.join(sibling.inner).join("cgroup.procs")) {
        Ok(members) => members,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(Errno::ACCESS),
        Err(_) => return Ok(None),
    };
    let is_member = members.lines().any(|line| line.parse() == Ok(process));
    Ok((is_member && mount.join("cgroup.events").exists()).then_some(dir))
}

/// The cgroup v2 path of /proc/PID/cgroup, as seen from our own cgroup namespace.
pub fn own_line(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("0::"))
}

fn list(procfs: &Path) -> BTreeSet<u32> {
    let Ok(entries) = std::fs::read_dir(procfs) else { return BTreeSet::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .take(MAX_PROCESSES)
        .collect()
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
    Ok(text)
}
