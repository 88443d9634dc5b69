//! From a flow to its script.

use std::ops::Range;

use super::plan::Host;
use super::script::{Act, Prepared, Recording, Script};
use super::wire::Wire;
use crate::load::file::Options;
use crate::load::flow::{Address, Flow, Method, Record, Request, Step};
use crate::load::protocol::http1::Keep;
use crate::load::span::Span;

/// k6's.
const DEFAULT_TIMEOUT: Span = Span::from_secs(60);
/// Checks and extraction see so much of a body.
const MOST_CONTENT: usize = 64 << 20;

/// What all flows of a run have in common.
pub(super) struct Setting<'a> {
    pub(super) options: &'a Options,
    pub(super) hosts: Vec<Host>,
    /// What cannot be done, a line each.
    pub(super) problems: Vec<String>,
}

struct Compiler<'s, 'a> {
    setting: &'s mut Setting<'a>,
    acts: Vec<Act>,
    requests: Vec<Prepared>,
    groups: Vec<Box<str>>,
    records: Vec<Recording>,
    /// The one that the steps are in.
    group: usize,
}

impl Setting<'_> {
    /// `group` is around all of it: empty, or that of setup or teardown.
    pub(super) fn script(&mut self, flow: &Flow, group: &str) -> Script {
        let mut compiler = Compiler {
            setting: self,
            acts: Vec::new(),
            requests: Vec::new(),
            groups: vec![group.into()],
            records: Vec::new(),
            group: 0,
        };
        compiler.steps(&flow.steps);
        let Compiler { acts, requests, groups, records, .. } = compiler;
        Script {
            flow: flow.name.clone(),
            acts: acts.into(),
            requests: requests.into(),
            groups: groups.into(),
            records: records.into(),
            data: flow.data.clone(),
        }
    }

    fn host(&mut self, request: &Request) -> Option<usize> {
        let Address::Known { origin, .. } = &request.address else { return None };
        let host = Host::of(origin);
        let known = self.hosts.iter().position(|known| *known == host);
        Some(known.unwrap_or_else(|| {
            self.hosts.push(host);
            self.hosts.len() - 1
        }))
    }
}

impl Compiler<'_, '_> {
    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Request(request) => {
                let place = self.request(request);
                self.acts.push(Act::Request(place));
            }
            Step::Batch(requests) => {
                let first = self.requests.len();
                for request in requests {
                    self.request(request);
                }
                self.acts.push(Act::Batch(first..self.requests.len()));
            }
            Step::Group(group) => {
                let outer = self.group;
                self.group = self.place_of_group(&format!("{}::{}", self.groups[outer], group.name));
                self.acts.push(Act::Enter(self.group));
                self.steps(&group.steps);
                self.acts.push(Act::Leave);
                self.group = outer;
            }
            Step::Mix(mix) => {
                let at = self.acts.len();
                self.acts.push(Act::Jump(at));
                let (mut choices, mut ends, mut sum) = (Vec::new(), Vec::new(), 0);
                for (weight, steps) in mix.choices() {
                    sum += weight;
                    choices.push((sum, self.acts.len()));
                    self.steps(steps);
                    ends.push(self.acts.len());
                    self.acts.push(Act::Jump(at));
                }
                let behind = self.acts.len();
                for end in ends {
                    self.acts[end] = Act::Jump(behind);
                }
                self.acts[at] = Act::Mix(choices.into());
            }
            Step::Repeat { times, steps } => {
                self.acts.push(Act::Repeat(*times));
                let body = self.acts.len();
                self.steps(steps);
                self.acts.push(Act::Again(body));
            }
            Step::Record(records) => {
                let places = self.records(records, None);
                self.acts.push(Act::Record(places));
            }
            Step::Sleep(range) => self.acts.push(Act::Sleep(*range)),
            Step::Pacing(range) => self.acts.push(Act::Pacing(*range)),
            Step::Set(set) => self.acts.push(Act::Set(set.clone())),
            Step::Fail(message) => self.acts.push(Act::Fail(message.clone())),
            Step::Abort(message) => self.acts.push(Act::Abort(message.clone())),
        }
    }

    /// Groups of one name in the same group are one.
    fn place_of_group(&mut self, path: &str) -> usize {
        let known = self.groups.iter().position(|known| **known == *path);
        known.unwrap_or_else(|| {
            self.groups.push(path.into());
            self.groups.len() - 1
        })
    }

    fn request(&mut self, request: &Request) -> usize {
        let place = self.requests.len();
        let records = self.records(&request.records, Some(place));
        let (host, options) = (self.setting.host(request), self.setting.options);
        let wire = Wire::of(request, options).unwrap_or_else(|fault| {
            self.setting.problems.push(format!("request {}: {fault}", request.name));
            Wire::default()
        });
        let keeps_body = request.needs_body() && !options.discard_response_bodies;
        let keep = Keep {
            head: request.needs_head(),
            news: true,
            content: if keeps_body { MOST_CONTENT } else { 0 },
        };
        self.requests.push(Prepared {
            group: self.group,
            host,
            wire,
            keep,
            timeout_ns: request.timeout.unwrap_or(DEFAULT_TIMEOUT).nanos(),
            redirects: request.redirects.unwrap_or(options.max_redirects),
            may_repeat: matches!(request.method, Method::Get | Method::Head | Method::Options),
            records,
            request: request.clone(),
        });
        place
    }

    fn records(&mut self, records: &[Record], request: Option<usize>) -> Range<usize> {
        let first = self.records.len();
        let group = self.group;
        self.records.extend(records.iter().map(|record| Recording {
            record: record.clone(),
            group,
            request,
        }));
        first..self.records.len()
    }
}
