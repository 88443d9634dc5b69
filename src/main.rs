//! The program: hands the arguments to the command line and its answer to the system.

use std::process::ExitCode;

use podometer::cli::check::{Finding, Group, State};
use podometer::cli::{SnapshotSource, Wiring};
use podometer::config::{Config, Loaded, Sources};

/// The parts behind the commands, as far as they are here.
struct Parts;

impl Wiring for Parts {
    fn run_agent(&self, _loaded: Loaded, _sources: Sources) -> anyhow::Result<()> {
        anyhow::bail!("this build has no sampler")
    }

    fn local(&self, _config: &Config) -> anyhow::Result<Box<dyn SnapshotSource>> {
        anyhow::bail!("this build has no sampler")
    }

    fn examine(&self, _config: &Config) -> Vec<Group> {
        let findings = vec![Finding::new("cgroups", State::Missing, "this build has no sampler")];
        vec![Group { source: "cgroups", essential: true, findings }]
    }
}

fn main() -> ExitCode {
    podometer::cli::run(std::env::args_os(), &Parts)
}
