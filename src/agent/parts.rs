//! The seam to the command line.

use std::net::SocketAddr;
use std::path::Path;

use super::{child_cgroup, doctor, local, outlets, page, run};
use crate::cli::check::Group;
use crate::cli::{ChildCgroup, MakePage, Outlets, Served, SetLevel, SnapshotSource, Wiring};
use crate::config::{Config, Loaded, Sources};
use crate::inject::serve;
use crate::target;

/// The parts behind the commands.
#[derive(Clone, Copy, Debug)]
pub struct Parts;

impl Wiring for Parts {
    fn run_agent(&self, loaded: Loaded, sources: Sources, set_level: SetLevel) -> anyhow::Result<()> {
        run::run(loaded, &sources, set_level)
    }

    fn local(&self, config: &Config) -> anyhow::Result<Box<dyn SnapshotSource>> {
        Ok(Box::new(local::Local::open(config)?))
    }

    fn child_cgroup(&self, cores: f64) -> anyhow::Result<Box<dyn ChildCgroup>> {
        Ok(Box::new(child_cgroup::make(Path::new("/proc"), cores)?))
    }

    fn run_target(&self, config: target::Config) -> anyhow::Result<()> {
        Ok(target::run(config)?)
    }

    fn run_injector(&self, config: serve::Config) -> anyhow::Result<()> {
        Ok(serve::run(config)?)
    }

    fn open_outlets(&self, config: &Config) -> anyhow::Result<Box<dyn Outlets>> {
        Ok(Box::new(outlets::Running::start(config)?))
    }

    fn serve_page(&self, listen: SocketAddr, page: MakePage) -> anyhow::Result<Box<dyn Served>> {
        Ok(Box::new(page::Serving::start(listen, page)?))
    }

    fn examine(&self, config: &Config) -> Vec<Group> {
        doctor::examine(config)
    }
}
