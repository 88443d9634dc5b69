//! A kubepods tree as the kubelet makes it, in the names of either cgroup driver.

use std::fs::{create_dir, create_dir_all, remove_dir, write};
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

/// The mount that PID 1 made.
pub(crate) const MOUNT: &str = "/sys/fs/cgroup";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Cgroupfs,
    Systemd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Qos {
    Guaranteed,
    Burstable,
    BestEffort,
}

pub(crate) struct Tree {
    style: Style,
    /// Gives every container an ID of its own.
    next: std::cell::Cell<u64>,
}

impl Tree {
    pub(crate) fn create(style: &str) -> Result<Tree> {
        let style = match style {
            "cgroupfs" => Style::Cgroupfs,
            "systemd" => Style::Systemd,
            other => return Err(Error::other(format!("no such cgroup driver: {other}"))),
        };
        let tree = Tree { style, next: 1.into() };
        for qos in [Qos::Guaranteed, Qos::Burstable, Qos::BestEffort] {
            delegate(&tree.class(qos))?;
        }
        Ok(tree)
    }

    /// Makes a pod with its sandbox, whose one process sleeps.
    pub(crate) fn pod(&self, qos: Qos, uid: &str) -> Result<Pod<'_>> {
        let class = self.class(qos);
        let directory = match self.style {
            Style::Cgroupfs => class.join(format!("pod{uid}")),
            Style::Systemd => {
                let parent = class.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
                class.join(format!("{parent}-pod{}.slice", uid.replace('-', "_")))
            }
        };
        delegate(&directory)?;
        let pod = Pod { tree: self, uid: uid.to_owned(), directory };
        let sandbox = pod.container()?;
        sandbox.start(&["sleep", "--linger"])?;
        Ok(pod)
    }

    /// A pod of each class, for a look by hand.
    pub(crate) fn example(&self) -> Result<()> {
        for (qos, digit) in [(Qos::Guaranteed, '1'), (Qos::Burstable, '2'), (Qos::BestEffort, '3')] {
            let pod = self.pod(qos, &uid(digit))?;
            pod.container()?.start(&["sleep", "--linger"])?;
        }
        Ok(())
    }

    fn class(&self, qos: Qos) -> PathBuf {
        let name = match qos {
            Qos::Guaranteed => None,
            Qos::Burstable => Some("burstable"),
            Qos::BestEffort => Some("besteffort"),
        };
        let root = Path::new(MOUNT);
        match (self.style, name) {
            (Style::Cgroupfs, None) => root.join("kubepods"),
            (Style::Cgroupfs, Some(name)) => root.join("kubepods").join(name),
            (Style::Systemd, None) => root.join("kubepods.slice"),
            (Style::Systemd, Some(name)) => root.join(format!("kubepods.slice/kubepods-{name}.slice")),
        }
    }
}

pub(crate) struct Pod<'a> {
    tree: &'a Tree,
    pub(crate) uid: String,
    pub(crate) directory: PathBuf,
}

impl Pod<'_> {
    /// Makes a container's cgroup, empty, under a new ID.
    pub(crate) fn container(&self) -> Result<Container> {
        let serial = self.tree.next.replace(self.tree.next.get() + 1);
        let id = format!("{:016x}{:048x}", serial.wrapping_mul(0x9e37_79b9_7f4a_7c15), serial);
        let directory = self.directory.join(match self.tree.style {
            Style::Cgroupfs => id.clone(),
            Style::Systemd => format!("cri-containerd-{id}.scope"),
        });
        create_dir(&directory)?;
        Ok(Container { id, directory })
    }
}

pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) directory: PathBuf,
}

impl Container {
    pub(crate) fn set(&self, file: &str, value: &str) -> Result<()> {
        let path = self.directory.join(file);
        write(&path, value).map_err(|error| Error::other(format!("{}: {error}", path.display())))
    }

    /// Starts this program inside the container.
    pub(crate) fn start(&self, work: &[&str]) -> Result<Child> {
        Command::new("/proc/self/exe").args(work).arg("--cgroup").arg(&self.directory).spawn()
    }

    /// Removes the empty cgroup, as a runtime does: a process that was killed may take a moment to leave it.
    pub(crate) fn remove(&self) -> Result<()> {
        for _ in 0..1000 {
            match remove_dir(&self.directory) {
                Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
                    sleep(Duration::from_millis(2));
                }
                other => return other,
            }
        }
        Err(Error::other(format!("{}: never became empty", self.directory.display())))
    }
}

/// A pod UID with one digit all over.
pub(crate) fn uid(digit: char) -> String {
    [8, 4, 4, 4, 12].map(|length| digit.to_string().repeat(length)).join("-")
}

/// Makes the directory and passes the controllers on to its children.
fn delegate(directory: &Path) -> Result<()> {
    create_dir_all(directory)?;
    for controller in ["cpu", "io", "memory", "pids"] {
        write(directory.join("cgroup.subtree_control"), format!("+{controller}"))?;
    }
    Ok(())
}
