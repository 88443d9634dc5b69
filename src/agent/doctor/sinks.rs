//! What `check` says of the sinks: each server is asked with a request without points, each spool is tried.

use crate::cli::check::{Finding, Group, State};
use crate::config::Config;
use crate::config::sinks::Sink;
use crate::sink::try_spool;

pub(super) fn examine(config: &Config) -> Group {
    let sinks = config.sinks.all();
    let mut findings = Vec::new();
    if sinks.is_empty() {
        findings.push(Finding::new("sinks", State::Ok, "none: the values are served, and sent nowhere"));
    } else {
        findings.push(spool(config));
        findings.extend(of_servers(&sinks));
    }
    Group { source: "sinks", essential: false, findings }
}

fn spool(config: &Config) -> Finding {
    let Some(directory) = &config.spool.directory else {
        return Finding::new(
            "spool",
            State::Degraded,
            "none: what waits is in memory, and ends with the agent",
        )
        .remedy("set spool.directory to a directory that outlives the agent");
    };
    let shown = directory.display();
    match try_spool(directory) {
        Ok(()) => Finding::new("spool", State::Ok, format!("{shown}: can be written")),
        Err(error) => {
            Finding::new("spool", State::Missing, format!("{shown}: {error}; what waits is in memory"))
                .remedy("make spool.directory writable for the agent's user, or name another one")
        }
    }
}

fn of_servers(sinks: &[Sink]) -> Vec<Finding> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return vec![Finding::new("sinks", State::Degraded, error.to_string())],
    };
    let ask = |sink: &Sink| {
        let what = format!("{} {}", sink.kind(), sink.name());
        let answer = match sink.plan() {
            Ok(plan) => runtime.block_on(plan.probe()),
            Err(refusal) => return Finding::new(what, State::Missing, refusal.to_string()),
        };
        match answer {
            Ok(detail) => Finding::new(what, State::Ok, detail),
            Err(obstacle) => Finding::new(what, State::Missing, obstacle.detail).remedy(obstacle.remedy),
        }
    };
    sinks.iter().map(ask).collect()
}
