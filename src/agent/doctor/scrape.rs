//! What `check` says of the targets beside the application: each is read once.

use crate::agent::scrape::names;
use crate::cli::check::{Finding, Group, State};
use crate::config::Config;
use crate::model::scraped::Kind;
use crate::source::scrape::{Names, Outcome, ScrapeError, Scraper, config};

pub(super) fn examine(config: &Config) -> Group {
    let targets = &config.scrape.targets;
    let findings = if targets.is_empty() {
        vec![Finding::new("targets", State::Ok, "none: scrape.targets is empty")]
    } else {
        of_targets(targets, &names(config))
    };
    Group { source: "scrape", essential: false, findings }
}

fn of_targets(targets: &[config::Target], names: &Names) -> Vec<Finding> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return vec![Finding::new("targets", State::Degraded, error.to_string())],
    };
    let read = |target: &config::Target| {
        let outcome = runtime.block_on(async { Scraper::new(target, names)?.fetch().await });
        finding(target, outcome)
    };
    targets.iter().map(read).collect()
}

fn finding(target: &config::Target, outcome: Result<Outcome, ScrapeError>) -> Finding {
    let what = format!("{} ({})", target.name, target.kind.name());
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            let text = error.to_string();
            // Each message ends with what to do, after its last semicolon. Who names a target wants it.
            return match text.rsplit_once("; ") {
                Some((detail, remedy)) => Finding::new(what, State::Missing, detail).remedy(remedy),
                None => Finding::new(what, State::Missing, text),
            };
        }
    };
    let Outcome { samples, faults, absent, .. } = outcome;
    let read = format!("{}: {samples} values", target.url);
    if faults > 0 {
        let remedy = if samples as usize >= target.max_series {
            "raise max_series of this target, or have it show less"
        } else {
            "see what the target writes there"
        };
        return Finding::new(what, State::Degraded, format!("{read}, {faults} that cannot be read"))
            .remedy(remedy);
    }
    if samples == 0 && target.kind == Kind::Jolokia {
        return Finding::new(what, State::Degraded, format!("{read}; nothing of what is asked for is there"))
            .remedy("set metrics of this target to MBeans that it has");
    }
    let absent = if absent == 0 { String::new() } else { format!("; {absent} MBeans are not there") };
    Finding::new(what, State::Ok, format!("{read}{absent}"))
}
