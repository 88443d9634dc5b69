//! A load test from the start to its exit code.

use anyhow::Context;

use super::arguments::{LoadAction, LoadCommand};
use super::outputs::{self, Feed, Opening};
use super::plan;
use super::progress::Progress;
use super::voice::Voice;
use crate::cli::{Failure, Wiring};
use crate::load::engine::{self, Observer, Tick};
use crate::load::exit::Exit;

/// All that watch a run.
struct Watchers {
    progress: Progress,
    feed: Option<Feed>,
}

pub(in crate::cli) fn run(command: &LoadCommand, wiring: &dyn Wiring) -> Result<(), Failure> {
    let LoadAction::Run(run) = &command.action;
    let variable = |name: &str| std::env::var(name).ok();
    let mut plan = plan::plan(run, variable)?;
    let tags = run.outputs.tags().map_err(Failure::LoadRefused)?;
    for work in &mut plan.scenarios {
        for (name, value) in &tags {
            // The scenario's own stands above.
            work.scenario.tags.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    let mut reports = run.reports.open(variable)?;
    let voice = Voice::start();
    let mut labels = tags.clone();
    labels.push(("run_id".to_owned(), plan.run_id.to_string()));
    let opening = Opening {
        variable: &variable,
        run_id: &plan.run_id,
        title: &run.url,
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
    let printed = reports.write(&results, &run.url);
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
}
