//! A load test from the start to its exit code.

use anyhow::Context;

use super::arguments::{LoadAction, LoadCommand};
use super::progress::Progress;
use super::{plan, summary};
use crate::cli::{Failure, output};
use crate::load::engine;
use crate::load::exit::Exit;

pub(in crate::cli) fn run(command: &LoadCommand) -> Result<(), Failure> {
    let LoadAction::Run(run) = &command.action;
    let plan = plan::plan(run, |name| std::env::var(name).ok())?;
    let mut progress = Progress::new(run.quiet);
    let results = engine::run(plan, &mut progress).context("load run")?;
    progress.end();
    let printed = output::print(&summary::text(&results));
    match results.exit {
        None | Some(Exit::Passed) => printed,
        Some(exit) => Err(Failure::LoadEnded(exit)),
    }
}
