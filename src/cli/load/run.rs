//! A load test from the start to its exit code.

use anyhow::Context;

use super::arguments::{LoadAction, LoadCommand};
use super::plan;
use super::progress::Progress;
use crate::cli::Failure;
use crate::load::engine;
use crate::load::exit::Exit;

pub(in crate::cli) fn run(command: &LoadCommand) -> Result<(), Failure> {
    let run = match &command.action {
        LoadAction::Run(run) => run,
        #[cfg(feature = "import")]
        LoadAction::Import(arguments) => return super::import::run(arguments),
    };
    let variable = |name: &str| std::env::var(name).ok();
    let plan = plan::plan(run, variable)?;
    let mut outputs = run.reports.open(variable)?;
    let mut progress = Progress::new(run.quiet);
    let results = engine::run(plan, &mut progress).context("load run")?;
    progress.end();
    let printed = outputs.write(&results, &run.url);
    match results.exit {
        None | Some(Exit::Passed) => printed,
        Some(exit) => Err(Failure::LoadEnded(exit)),
    }
}
