//! What the agent says about itself, gathered at the time of a scrape.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use arc_swap::ArcSwap;

use super::kubernetes::Kubernetes;
use super::node::NodeHealth;
use super::scrape::Scrape;
use crate::model::reconciled::Choice;
use crate::model::report::{AgentReport, ProcessStats, SourceReport, SourceState};
use crate::sampler::Feeds;
use crate::sampler::clock::{Clock, KernelClock};
use crate::server::Counters;
use crate::sink::Handle;

/// A publication older than this means that the sampler hangs.
const STALE_SECONDS: f64 = 5.0;

/// Handles to everything that has something to say.
#[derive(Clone, Debug)]
pub(super) struct Reporter {
    pub(super) feeds: Feeds,
    pub(super) counters: Arc<Counters>,
    pub(super) node_health: Arc<ArcSwap<NodeHealth>>,
    pub(super) kubernetes: Arc<Mutex<Kubernetes>>,
    pub(super) scrape: Arc<Mutex<Scrape>>,
    pub(super) sinks: Arc<Mutex<Vec<Arc<Handle>>>>,
    pub(super) started_wall_ns: i64,
}

impl Reporter {
    pub(super) fn report(&self) -> AgentReport {
        let sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sources = vec![self.cgroup()];
        sources.extend((!self.node_health.load().is_off).then(|| self.procfs()));
        sources.extend(self.kubernetes.lock().unwrap_or_else(PoisonError::into_inner).reports());
        sources.extend(self.scrape.lock().unwrap_or_else(PoisonError::into_inner).report());
        if let Some(reconciled) = self.feeds.reconciled.load().as_deref() {
            name_what_they_serve(&mut sources, &reconciled.choices);
        }
        AgentReport {
            version: env!("CARGO_PKG_VERSION"),
            scope: self.feeds.snapshot.load().as_ref().map_or("", |snapshot| snapshot.scope.name()),
            process: self.process(),
            server: self.counters.stats(),
            sources,
            sinks: sinks.iter().map(|sink| sink.report()).collect(),
            scraped: (**self.feeds.scraped.load()).clone(),
        }
    }

    fn process(&self) -> ProcessStats {
        let statm = std::fs::read_to_string("/proc/self/statm").ok();
        let pages = statm.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
        ProcessStats {
            cpu_seconds: Some(KernelClock.process_cpu_ns() as f64 / 1e9),
            resident_bytes: pages.map(|pages| pages * rustix::param::page_size() as u64),
            start_time_seconds: Some(self.started_wall_ns as f64 / 1e9),
            open_files: std::fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
            max_files: rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
        }
    }

    fn cgroup(&self) -> SourceReport {
        let snapshot = self.feeds.snapshot.load();
        let now = KernelClock.boot_ns();
        let age = |boot_ns: u64| now.saturating_sub(boot_ns) as f64 / 1e9;
        let Some(snapshot) = snapshot.as_ref() else {
            return SourceReport {
                name: "cgroup",
                state: SourceState::Down,
                reason: "no_reading_yet",
                ..SourceReport::default()
            };
        };
        let stats = &snapshot.sampler;
        let age_seconds = age(snapshot.taken.boot_ns);
        let (state, reason) = if age_seconds > STALE_SECONDS {
            (SourceState::Down, "stale")
        } else if stats.refused_units > 0 {
            (SourceState::Degraded, "too_many_units")
        } else {
            (SourceState::Ok, "")
        };
        let spent: f64 = stats.pass_cpu_seconds.iter().sum();
        SourceReport {
            name: "cgroup",
            state,
            reason,
            age_seconds: Some(age_seconds),
            duration_seconds: (stats.ticks > 0).then(|| spent / stats.ticks as f64),
            faults: stats.parse_faults + stats.read_faults,
            ..SourceReport::default()
        }
    }

    fn procfs(&self) -> SourceReport {
        let health = self.node_health.load();
        let age = health.read_boot_ns.map(|read| KernelClock.boot_ns().saturating_sub(read) as f64 / 1e9);
        let (state, reason) = match (age, health.faults) {
            (None, _) => (SourceState::Down, "no_reading_yet"),
            (Some(_), 0) => (SourceState::Ok, ""),
            (Some(_), _) => (SourceState::Degraded, "unreadable_files"),
        };
        SourceReport {
            name: "procfs",
            state,
            reason,
            age_seconds: age,
            duration_seconds: age.map(|_| health.duration.as_secs_f64()),
            faults: health.faults,
            ..SourceReport::default()
        }
    }
}

/// Writes beside each source which values come from it now, in alphabetical order.
fn name_what_they_serve(sources: &mut [SourceReport], choices: &[Choice]) {
    for source in sources {
        let chosen = choices.iter().filter(|choice| choice.source.name() == source.name);
        let mut values: Vec<&str> = chosen.map(|choice| choice.value).collect();
        values.sort_unstable();
        source.serves = values.join(",");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reconciled::SourceKind;

    #[test]
    fn each_source_names_the_values_that_come_from_it() {
        let named = |name| SourceReport { name, ..SourceReport::default() };
        let mut sources = vec![named("cgroup"), named("procfs"), named("kubelet")];
        let choice = |value, source| Choice { value, source, reason: "best" };
        let choices = [
            choice("memory", SourceKind::Cgroup),
            choice("volumes", SourceKind::Kubelet),
            choice("cpu", SourceKind::Cgroup),
        ];
        name_what_they_serve(&mut sources, &choices);
        let serves: Vec<&str> = sources.iter().map(|source| source.serves.as_str()).collect();
        assert_eq!(serves, ["cpu,memory", "", "volumes"]);
    }
}
