//! What a run does, complete and compiled: nothing is parsed, formatted or looked up by name while it goes.

use std::collections::BTreeMap;

use super::condition::Condition;
use super::tls::Tls;
use crate::load::file::Dns;
use crate::load::protocol::http1::{self, Keep};
use crate::load::scenario::Scenario;
use crate::load::span::Span;
use crate::load::threshold::Threshold;

/// A run before it begins.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Names the run in every output.
    pub run_id: Box<str>,
    /// Sorted by name.
    pub scenarios: Vec<Work>,
    /// The servers; requests name them by their place here.
    pub hosts: Vec<Host>,
    pub thresholds: Vec<Threshold>,
    /// `None` leaves it to the engine.
    pub threads: Option<usize>,
    /// Where chance begins: the same number, the same arrivals.
    pub seed: u64,
    /// A new connection for each request.
    pub never_reuses_connections: bool,
    /// How names become addresses.
    pub dns: Dns,
    /// Must be there where a host wants TLS.
    pub tls: Option<Tls>,
    /// Hosts without TLS are spoken to in HTTP/2 at once.
    pub has_prior_knowledge: bool,
}

/// A scenario and what each of its iterations does.
#[derive(Clone, Debug)]
pub struct Work {
    pub scenario: Scenario,
    pub steps: Vec<Step>,
}

/// A server by name or address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub name: Box<str>,
    pub port: u16,
    pub is_tls: bool,
}

/// One thing that an iteration does.
#[derive(Clone, Debug)]
pub enum Step {
    Request(Box<Request>),
    /// Think time, drawn evenly from both bounds.
    Sleep {
        least: Span,
        most: Span,
    },
}

/// A request that is the same each time.
#[derive(Clone, Debug)]
pub struct Request {
    /// The tag `name`; the URL where nobody gave one.
    pub name: Box<str>,
    pub method: Box<str>,
    pub url: Box<str>,
    /// The tag `group`: empty for the root, else `::outer::inner`.
    pub group: Box<str>,
    pub tags: BTreeMap<String, String>,
    /// Place in [`Plan::hosts`].
    pub host: usize,
    pub bytes: http1::Request,
    pub keep: Keep,
    pub timeout: Span,
    /// Statuses that count as success, both ends included.
    pub expected: (u16, u16),
    pub checks: Vec<Check>,
}

/// A condition that each response is held against. It fails no request.
#[derive(Clone, Debug)]
pub struct Check {
    pub name: Box<str>,
    pub condition: Condition,
}

/// k6's rule for `expected_response`.
pub const USUALLY_EXPECTED: (u16, u16) = (200, 399);

impl Plan {
    /// The most users that the run ever has, all scenarios together.
    pub fn max_vus(&self) -> u64 {
        self.scenarios.iter().fold(0, |sum, work| sum.saturating_add(work.scenario.executor.max_vus()))
    }

    /// How long it goes on at most, without graceful ends; `None` until it is stopped.
    pub fn duration(&self) -> Option<Span> {
        let ends = self.scenarios.iter().map(|work| {
            let duration = work.scenario.executor.duration()?;
            Some(work.scenario.start_time.nanos().saturating_add(duration.nanos()))
        });
        ends.collect::<Option<Vec<u64>>>().map(|ends| Span::from_nanos(ends.into_iter().max().unwrap_or(0)))
    }
}

impl Request {
    pub(super) fn expects(&self, status: u16) -> bool {
        (self.expected.0..=self.expected.1).contains(&status)
    }

    /// A second time is the same as once, so that a connection that ended under it can be replaced.
    pub(super) fn may_repeat(&self) -> bool {
        matches!(&*self.method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }
}
