//! A load test from the start to its exit code.

use anyhow::Context;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::arguments::{LoadAction, LoadCommand};
use super::outputs::{self, Feed, Opening};
use super::progress::Progress;
use super::{check, plan, profiles};
use crate::cli::voice::Voice;
use crate::cli::{Failure, Wiring, output};
use crate::load::engine::{self, Observer, Plan, Tick};
use crate::load::exit::Exit;
use crate::load::results::Results;

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
    let labels = labels(&plan);
    // What goes to a Pushgateway is of the whole run.
    let tags: Vec<(String, String)> =
        plan.tags.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
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
    // First the files, which nobody has to wait for; last the summary, since nobody may read it.
    let are_written = reports.write_files(&results, &run.target);
    let are_sent = feed.is_none_or(|feed| finish(feed, &results, &voice));
    voice.end();
    let printed = reports.print(&results);
    let printed = if are_written { printed } else { Err(Failure::Unwell) };
    match results.exit {
        None | Some(Exit::Passed) if !are_sent => Err(Failure::LoadEnded(Exit::ExternalAbort)),
        None | Some(Exit::Passed) => printed,
        Some(exit) => Err(Failure::LoadEnded(exit)),
    }
}

/// Gives outputs their time to send what is left, unless a signal comes: the files are written, and what waits is on
/// disk. False says that they were not waited for.
fn finish(feed: Feed, results: &Results, voice: &Voice) -> bool {
    let (done, is_done) = oneshot::channel();
    let results = results.clone();
    std::thread::spawn(move || {
        feed.finish(&results);
        let _told = done.send(());
    });
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return is_done.blocking_recv().is_ok();
    };
    let is_finished = runtime.block_on(async {
        let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        let stopped = async {
            match (interrupt, terminate) {
                (Ok(mut interrupt), Ok(mut terminate)) => tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                },
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = is_done => true,
            () = stopped => false,
        }
    });
    if !is_finished {
        Progress::note(voice, "outputs were not waited for; what they lack is in their spool");
    }
    is_finished
}

/// What is said of everything, the users and the run's events included: its id, and those of its tags that no scenario
/// and no request says otherwise.
fn labels(plan: &Plan) -> Vec<(String, String)> {
    let is_hidden = |name: &String| {
        plan.scripts().any(|(scenario, script)| {
            let of_requests = script.requests.iter().flat_map(|request| &request.request.tags);
            scenario.is_some_and(|scenario| scenario.tags.contains_key(name))
                || of_requests.into_iter().any(|(own, _)| **own == **name)
        })
    };
    let shared = plan.tags.iter().filter(|(name, _)| !is_hidden(name) && *name != "run_id");
    let mut labels: Vec<(String, String)> =
        shared.map(|(name, value)| (name.clone(), value.clone())).collect();
    labels.push(("run_id".to_owned(), plan.run_id.to_string()));
    labels
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
