//! The seam to the command line.

use super::{doctor, local, run};
use crate::cli::check::Group;
use crate::cli::{SnapshotSource, Wiring};
use crate::config::{Config, Loaded, Sources};

/// The parts behind the commands.
#[derive(Clone, Copy, Debug)]
pub struct Parts;

impl Wiring for Parts {
    fn run_agent(&self, loaded: Loaded, sources: Sources) -> anyhow::Result<()> {
        run::run(loaded, &sources)
    }

    fn local(&self, config: &Config) -> anyhow::Result<Box<dyn SnapshotSource>> {
        Ok(Box::new(local::Local::open(config)?))
    }

    fn examine(&self, config: &Config) -> Vec<Group> {
        doctor::examine(config)
    }
}
