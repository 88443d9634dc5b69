//! A load test from the start to its exit code.

use anyhow::Context;
use clap::Parser;

use super::arguments::{LoadAction, LoadCommand};
use super::plan;
use super::progress::Progress;
use crate::cli::Failure;
use crate::load::engine::{self, Plan};
use crate::load::exit::Exit;

pub(in crate::cli) fn run(command: &LoadCommand) -> Result<(), Failure> {
    let LoadAction::Run(run) = &command.action;
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

/// A load test as it is typed behind `podometer`, without what the environment adds.
#[derive(Debug, Parser)]
struct Typed {
    #[command(flatten)]
    command: LoadCommand,
}

/// The plan of what somebody could type: `load run URL ...`.
pub(in crate::cli) fn by_hand(typed: &[String]) -> Result<Plan, Failure> {
    let typed = Typed::try_parse_from(typed).context("a load test of our own")?;
    let LoadAction::Run(run) = &typed.command.action;
    plan::plan(run, |_| None)
}
