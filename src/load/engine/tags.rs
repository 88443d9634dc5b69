//! The tags of samples, by the places that a [`Meter`](super::Meter) counts them at.

use super::plan::Plan;
use super::script::{Prepared, Script};
use crate::load::scenario::Scenario;

/// What is known before the run of all samples of one place. Empty is no tag.
#[derive(Clone, Copy, Debug)]
pub struct Tags<'a> {
    plan: &'a Plan,
    scenario: Option<&'a Scenario>,
    /// `::outer::inner`.
    pub group: &'a str,
    request: Option<&'a Prepared>,
}

impl Plan {
    /// Of the requests at a place of `meter.scenarios[scenario].steps`; `None` where there is none.
    pub fn tags(&self, scenario: usize, place: usize) -> Option<Tags<'_>> {
        let (named, script) = self.scripts().nth(scenario)?;
        let request = script.requests.get(place)?;
        Some(Tags::of_request(self, named, script, request))
    }

    /// Of the samples at a place of `meter.scenarios[scenario].groups`.
    pub fn tags_of_group(&self, scenario: usize, place: usize) -> Option<Tags<'_>> {
        let (named, script) = self.scripts().nth(scenario)?;
        script.groups.get(place)?;
        Some(Tags::of_group(self, named, script, place))
    }
}

impl<'a> Tags<'a> {
    pub(super) fn of_request(
        plan: &'a Plan,
        scenario: Option<&'a Scenario>,
        script: &'a Script,
        request: &'a Prepared,
    ) -> Tags<'a> {
        Tags { plan, scenario, group: &script.groups[request.group], request: Some(request) }
    }

    pub(super) fn of_record(
        plan: &'a Plan,
        scenario: Option<&'a Scenario>,
        script: &'a Script,
        place: usize,
    ) -> Tags<'a> {
        let recording = &script.records[place];
        let request = recording.request.map(|place| &script.requests[place]);
        Tags { plan, scenario, group: &script.groups[recording.group], request }
    }

    /// Of everything that a scenario counts without a place.
    pub(super) fn of_scenario(
        plan: &'a Plan,
        scenario: Option<&'a Scenario>,
        script: &'a Script,
    ) -> Tags<'a> {
        Tags::of_group(plan, scenario, script, 0)
    }

    /// Those of a group, without a request.
    pub(super) fn of_group(
        plan: &'a Plan,
        scenario: Option<&'a Scenario>,
        script: &'a Script,
        group: usize,
    ) -> Tags<'a> {
        Tags { plan, scenario, group: &script.groups[group], request: None }
    }

    /// Empty for setup and teardown.
    pub fn scenario(&self) -> &'a str {
        self.scenario.map_or("", |scenario| &scenario.name)
    }

    /// Empty for what is of no request, as are the next two.
    pub fn name(&self) -> &'a str {
        self.request.map_or("", |request| &request.request.name)
    }

    pub fn method(&self) -> &'a str {
        self.request.map_or("", |request| request.request.method.name())
    }

    /// With its holes, so that it takes few values.
    pub fn url(&self) -> &'a str {
        self.request.map_or("", |request| &request.request.url)
    }

    /// A tag of the request's, the scenario's or the file's own; whoever is nearer says it.
    pub fn own(&self, tag: &str) -> Option<&'a str> {
        let of_request = || {
            let tags = &self.request?.request.tags;
            tags.iter().find(|(name, _)| **name == *tag).map(|(_, value)| &**value)
        };
        let of_scenario = || self.scenario?.tags.get(tag).map(String::as_str);
        of_request().or_else(of_scenario).or_else(|| self.plan.tags.get(tag).map(String::as_str))
    }

    /// All of them, sorted by name.
    pub fn all_own(&self) -> Vec<(&'a str, &'a str)> {
        let of_request = self.request.iter().flat_map(|request| &request.request.tags);
        let of_request = of_request.map(|(name, _)| &**name);
        let of_scenario = self.scenario.iter().flat_map(|scenario| scenario.tags.keys());
        let mut names: Vec<&str> =
            of_request.chain(of_scenario.chain(self.plan.tags.keys()).map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().filter_map(|name| Some((name, self.own(name)?))).collect()
    }

    /// Any tag by its name, but for those that only an answer has.
    pub(super) fn get(&self, tag: &str) -> Option<&'a str> {
        let own = match tag {
            "group" => self.group,
            "scenario" => self.scenario(),
            "name" => self.name(),
            "method" => self.method(),
            "url" => self.url(),
            tag => return self.own(tag),
        };
        Some(own).filter(|own| !own.is_empty())
    }
}
