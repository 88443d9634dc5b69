//! What the commands need from the rest of the program. `agent` gives it; so the command line knows no
//! source, sampler or server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::check::Group;
use crate::config::agent::LogLevel;
use crate::config::{Config, Loaded, Sources};
use crate::encode::Batch;
use crate::inject::serve;
use crate::model::report::SinkReport;
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
    /// Runs this while we are in it ourselves, so that what it starts is born there and all its memory is counted there.
    fn within(&self, start: &mut dyn FnMut()) -> std::io::Result<()>;
    /// Its limit, where it could be set.
    fn cores(&self) -> Option<f64>;
}

/// Running sinks, for whoever makes batches without an agent.
pub trait Outlets: Send {
    /// Hands a batch to the sink of this name. Never waits for its server.
    fn push(&self, sink: &str, batch: Batch);
    /// How each fares.
    fn reports(&self) -> Vec<SinkReport>;
    /// Sends what waits until the grace is over, ends all of them and says what became of each point.
    fn finish(self: Box<Self>, grace: Duration) -> Vec<SinkReport>;
}

/// Makes a page when somebody asks for it, with its content type.
pub type MakePage = Arc<dyn Fn() -> (&'static str, Vec<u8>) + Send + Sync>;

/// A page that is served until this is dropped.
pub trait Served: Send {
    /// Where; the port is known even where none was given.
    fn address(&self) -> SocketAddr;
    /// How many times it was handed out.
    fn count(&self) -> u64;
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
    /// Runs the webhook until it is told to stop.
    fn run_injector(&self, config: serve::Config) -> anyhow::Result<()>;
    /// Starts the sinks of a configuration, with its spool.
    fn open_outlets(&self, config: &Config) -> anyhow::Result<Box<dyn Outlets>>;
    /// Serves a page at `/metrics` of an address.
    fn serve_page(&self, listen: SocketAddr, page: MakePage) -> anyhow::Result<Box<dyn Served>>;
    /// What the doctor says of the parts that the command line does not know.
    fn examine(&self, config: &Config) -> Vec<Group>;
}
