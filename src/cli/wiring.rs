//! What the commands need from the rest of the program. `agent` gives it; so the command line knows no
//! source, sampler or server.

use std::sync::Arc;

use super::check::Group;
use crate::config::agent::LogLevel;
use crate::config::{Config, Loaded, Sources};
use crate::model::snapshot::Snapshot;
use crate::target;

/// Changes the level of the log while it runs.
pub type SetLevel = Box<dyn Fn(LogLevel)>;

/// Snapshots of this machine, one after the other.
pub trait SnapshotSource: Send {
    /// Blocks until the next snapshot is there.
    fn next(&mut self) -> anyhow::Result<Arc<Snapshot>>;
}

/// A cgroup that was made for a child process, and goes with this.
pub trait ChildCgroup {
    /// Below the mount.
    fn path(&self) -> &str;
    /// Moves the process there.
    fn take(&self, pid: u32) -> std::io::Result<()>;
    /// Its limit, where it could be set.
    fn cores(&self) -> Option<f64>;
}

/// The parts behind the commands.
pub trait Wiring {
    /// Runs the agent until it is told to stop. `sources` are what a reload reads again.
    fn run_agent(&self, loaded: Loaded, sources: Sources, set_level: SetLevel) -> anyhow::Result<()>;
    /// Samples the cgroups of this machine in this process.
    fn local(&self, config: &Config) -> anyhow::Result<Box<dyn SnapshotSource>>;
    /// Makes a cgroup for a child of this process, limited to so many cores where that can be.
    fn child_cgroup(&self, cores: f64) -> anyhow::Result<Box<dyn ChildCgroup>>;
    /// Runs the application to put load on until it is told to stop.
    fn run_target(&self, config: target::Config) -> anyhow::Result<()>;
    /// What the doctor says of the parts that the command line does not know.
    fn examine(&self, config: &Config) -> Vec<Group>;
}
