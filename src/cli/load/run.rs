//! A load test from the start to its exit code.

use anyhow::Context;

use super::arguments::{LoadAction, LoadCommand};
use super::progress::Progress;
use super::{check, plan, profiles};
use crate::cli::{Failure, output};
use crate::load::engine;
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
