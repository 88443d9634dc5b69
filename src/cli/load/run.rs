//! A load test from the start to its exit code.

use anyhow::Context;
use clap::Parser;

use super::arguments::{LoadAction, LoadCommand};
use super::outputs::{self, Feed, Opening};
use super::progress::Progress;
use super::voice::Voice;
use super::{check, plan, profiles};
use crate::cli::{Failure, Wiring, output};
use crate::load::engine::{self, Observer, Plan, Tick};
use crate::load::exit::Exit;

/// All that watch a run.
struct Watchers {
    progress: Progress,
    feed: Option<Feed>,
}

pub(in crate::cli) fn run(command: &LoadCommand, wiring: &dyn Wiring) -> Result<(), Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let run = match &command.action {
        LoadAction::Run(run) => run,
        LoadAction::Check(check) => return check::run(check, variable),
        LoadAction::Profiles(profiles) => return profiles::run(profiles),
        #[cfg(feature = "import")]
        LoadAction::Import(arguments) => return super::import::run(arguments),
    };
    let (mut plan, remarks) = plan::plan(run, variable)?;
    let tags = run.outputs.tags().map_err(Failure::LoadRefused)?;
    for (name, value) in &tags {
        // The file's own stands above.
        plan.tags.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let mut reports = run.reports.open(variable, &plan.options)?;
    for remark in &remarks {
        output::note(&remark.to_string());
    }
    let voice = Voice::start();
    let mut labels = tags.clone();
    labels.push(("run_id".to_owned(), plan.run_id.to_string()));
    let opening = Opening {
        variable: &variable,
        run_id: &plan.run_id,
        title: &run.target,
        is_quiet: run.quiet,
        tags: &tags,
        labels,
    };
    let feed = outputs::open(&run.outputs, &opening, wiring, &voice)?;
    let mut watchers = Watchers { progress: Progress::new(voice.clone(), run.quiet), feed };
    let results = engine::run(plan, &mut watchers).context("load run")?;
    let Watchers { progress, feed } = watchers;
    progress.end();
    // First of all: a summary that nobody reads must not keep numbers from those who wait for them.
    if let Some(feed) = feed {
        feed.finish(&results);
    }
    voice.end();
    let printed = reports.write(&results, &run.target);
    match results.exit {
        None | Some(Exit::Passed) => printed,
        Some(exit) => Err(Failure::LoadEnded(exit)),
    }
}

impl Observer for Watchers {
    fn second(&mut self, tick: &Tick<'_>) {
        if let Some(feed) = &mut self.feed {
            feed.second(tick);
        }
        self.progress.second(tick);
    }

    fn ending(&mut self, reason: &str) {
        if let Some(feed) = &mut self.feed {
            feed.ending(reason);
        }
        self.progress.ending(reason);
    }

    fn note(&mut self, text: &str) {
        self.progress.note(text);
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
