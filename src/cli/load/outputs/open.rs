//! From flags to running outputs, or all that is wrong with them. Nothing is sent before all of it is right.

use std::path::PathBuf;
use std::sync::Arc;

use super::feed::Feed;
use super::flags::OutputFlags;
use super::form::Output;
use super::kind::Kind;
use super::page::{PageForm, Whole, listen};
use super::worker::{Outlet, Worker};
use super::{influxdb, pushgateway, remote_write};
use crate::cli::voice::Voice;
use crate::cli::{Failure, Served, Wiring};
use crate::config::Config;

/// What outputs need to know of the run before it begins.
pub(in crate::cli::load) struct Opening<'a> {
    /// The variables of the environment.
    pub(in crate::cli::load) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(in crate::cli::load) run_id: &'a str,
    /// What annotations begin with.
    pub(in crate::cli::load) title: &'a str,
    /// Only what goes wrong is said.
    pub(in crate::cli::load) is_quiet: bool,
    /// The tags of the run.
    pub(in crate::cli::load) tags: &'a [(String, String)],
    /// The tags and the run's id, which stand on every point.
    pub(in crate::cli::load) labels: Vec<(String, String)>,
}

/// Starts what was asked for; `None` where that is nothing.
pub(in crate::cli::load) fn open(
    flags: &OutputFlags,
    opening: &Opening<'_>,
    wiring: &dyn Wiring,
    voice: &Voice,
) -> Result<Option<Feed>, Failure> {
    let mut problems = Vec::new();
    let grace = flags.grace().map_err(|problem| problems.push(problem)).unwrap_or_default();
    let mut config = Config::default();
    let mut outputs: Vec<Output> = Vec::new();
    let mut pages = Vec::new();
    for (source, text) in wanted(flags, opening) {
        let (kind, target) = match Kind::parse(&text) {
            Ok(parsed) => parsed,
            Err(problem) => {
                problems.push(format!("{source}: {problem}"));
                continue;
            }
        };
        let sinks = &mut config.sinks;
        let made = match kind {
            Kind::InfluxDb => influxdb::k6(target, opening, sinks),
            Kind::Jmeter => influxdb::jmeter(target, opening, sinks),
            Kind::Pushgateway => pushgateway::output(target, opening, sinks),
            Kind::RemoteWrite => remote_write::output(target, opening, sinks),
            Kind::Prometheus => listen(target).map(|address| {
                let whole = Whole::default();
                pages.push((address, whole.maker(opening.labels.clone())));
                Output { sink: String::new(), form: Box::new(PageForm(whole)) }
            }),
        };
        match made {
            Ok(output)
                if !output.sink.is_empty() && outputs.iter().any(|other| other.sink == output.sink) =>
            {
                problems.push(format!("{source}: {} is there twice", output.sink));
            }
            Ok(output) => outputs.push(output),
            Err(problem) => problems.push(format!("{source}: {}: {problem}", kind.name())),
        }
    }
    if outputs.is_empty() && problems.is_empty() {
        return Ok(None);
    }
    let is_own_spool = flags.out_spool.is_none();
    let place = flags.out_spool.clone().unwrap_or_else(|| own_spool(opening.run_id));
    match std::path::absolute(&place) {
        Ok(place) => config.spool.directory = Some(place),
        Err(error) => problems.push(format!("--out-spool: {}: {error}", place.display())),
    }
    // What a sink refuses is told here; whom a server refuses is not known before it is asked.
    let refused = config.sinks.all().into_iter().filter_map(|sink| sink.plan().err());
    problems.extend(
        refused.map(|refusal| format!("--out: {}: {} {}", refusal.name, refusal.key, refusal.problem)),
    );
    if !problems.is_empty() {
        return Err(Failure::LoadRefused(problems));
    }
    let failed = |error: anyhow::Error| Failure::LoadRefused(vec![format!("--out: {error:#}")]);
    let served: Vec<Box<dyn Served>> = pages
        .into_iter()
        .map(|(address, page)| wiring.serve_page(address, Arc::clone(&page)))
        .collect::<anyhow::Result<_>>()
        .map_err(failed)?;
    let outlet = if config.sinks.all().is_empty() {
        None
    } else {
        let spool = config.spool.directory.clone().unwrap_or_default();
        Some(Outlet { outlets: wiring.open_outlets(&config).map_err(failed)?, spool, is_own_spool })
    };
    let worker = Worker::new(outputs, outlet, served, voice.clone(), opening.is_quiet);
    Ok(Some(Feed::start(worker, grace)?))
}

/// What was asked for, and where.
fn wanted(flags: &OutputFlags, opening: &Opening<'_>) -> Vec<(&'static str, String)> {
    if !flags.out.is_empty() {
        return flags.out.iter().map(|text| ("--out", text.clone())).collect();
    }
    let list = (opening.variable)("K6_OUT").unwrap_or_default();
    list.split(',').filter(|text| !text.is_empty()).map(|text| ("K6_OUT", text.to_owned())).collect()
}

fn own_spool(run_id: &str) -> PathBuf {
    std::env::temp_dir().join(format!("podometer-load-{run_id}"))
}
