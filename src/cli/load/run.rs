//! A load test from the start to its exit code.

use anyhow::Context;
use clap::Parser;

use super::arguments::{LoadAction, LoadCommand};
use super::progress::Progress;
use super::{check, plan, profiles};
use crate::cli::{Failure, output};
use crate::load::engine::{self, Plan};
use crate::load::exit::Exit;

pub(in crate::cli) fn run(command: &LoadCommand) -> Result<(), Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let run = match &command.action {
        LoadAction::Run(run) => run,
        LoadAction::Check(check) => return check::run(check, variable),
        LoadAction::Profiles(profiles) => return profiles::run(profiles),
    };
    let (plan, remarks) = plan::plan(run, variable)?;
    let mut outputs = run.reports.open(variable, &plan.options)?;
    for remark in &remarks {
        output::note(&remark.to_string());
    }
    let mut progress = Progress::new(run.quiet);
    let results = engine::run(plan, &mut progress).context("load run")?;
    progress.end();
    let printed = outputs.write(&results, &run.target);
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
    let LoadAction::Run(run) = &typed.command.action else {
        return Err(anyhow::anyhow!("\"{typed:?}\" runs nothing").into());
    };
    Ok(plan::plan(run, |_| None)?.0)
}
