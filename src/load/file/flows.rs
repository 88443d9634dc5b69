//! Flows out of nodes, for each scenario that runs them: its environment is part of what is compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fields::Field;
use super::node::{Node, Place};
use super::problem::Fault;
use super::scope::Scope;
use super::values::Reader;
use super::whole::{Metric, Plan, Surroundings};
use crate::load::flow::{Flow, Step};
use crate::load::scenario::Scenario;
use crate::model::nearest::nearest;

/// Flows within flows, and the steps of all of them: nobody writes more.
const MOST_NESTED: usize = 8;
const MOST_STEPS: usize = 100_000;

/// The name that shortcuts and scenarios run where none is given.
const DEFAULT: &str = "default";

/// Reads flows. It keeps what all of them share.
pub(super) struct Compiler<'r, 'a, 'n> {
    pub(super) reader: &'r mut Reader<'a>,
    pub(super) surroundings: &'r Surroundings<'r>,
    pub(super) scope: Scope,
    flows: BTreeMap<String, Field<'n>>,
    metrics: &'r [Metric],
    /// The flows that are being read, the outer ones first.
    inside: Vec<String>,
    read: BTreeSet<String>,
    steps: usize,
    set_by_setup: BTreeSet<usize>,
}

impl<'r, 'a, 'n> Compiler<'r, 'a, 'n> {
    pub(super) fn new(
        reader: &'r mut Reader<'a>,
        surroundings: &'r Surroundings<'r>,
        scope: Scope,
        flows: BTreeMap<String, Field<'n>>,
        metrics: &'r [Metric],
    ) -> Compiler<'r, 'a, 'n> {
        Compiler {
            reader,
            surroundings,
            scope,
            flows,
            metrics,
            inside: Vec::new(),
            read: BTreeSet::new(),
            steps: 0,
            set_by_setup: BTreeSet::new(),
        }
    }

    /// What it sets is known to all flows.
    pub(super) fn setup(&mut self, field: &Field<'n>) -> Flow {
        let flow = self.outer("setup", field);
        self.set_by_setup.clone_from(&self.scope.set);
        flow
    }

    /// The steps of a place of their own: `setup` or `teardown`.
    pub(super) fn outer(&mut self, name: &str, field: &Field<'n>) -> Flow {
        self.scope.set.clone_from(&self.set_by_setup);
        self.scope.used.clear();
        let steps = self.steps(field);
        self.flow_of(name, steps)
    }

    /// What each scenario runs.
    pub(super) fn plans(&mut self, root: &Node, scenarios: Vec<Scenario>) -> Vec<Plan> {
        let mut plans: Vec<Plan> = Vec::new();
        for scenario in scenarios {
            let path = format!("scenarios.{}.exec", scenario.name);
            let Some(name) = self.resolve(&scenario.exec, root.place_of(&path), &path) else { continue };
            let same =
                plans.iter().find(|plan| *plan.flow.name == *name && plan.scenario.env == scenario.env);
            let flow = match same {
                Some(plan) => Arc::clone(&plan.flow),
                None => match self.flow(&name, &scenario.env) {
                    Some(flow) => Arc::new(flow),
                    None => continue,
                },
            };
            plans.push(Plan { scenario, flow });
        }
        plans
    }

    /// What nothing runs may be wrong as well.
    pub(super) fn check_unread(&mut self) {
        let is_run = !self.read.is_empty();
        let unread: Vec<(String, Place)> = {
            let unread = self.flows.iter().filter(|(name, _)| !self.read.contains(*name));
            unread.map(|(name, field)| (name.clone(), field.node.place)).collect()
        };
        for (name, place) in unread {
            if self.read.contains(&name) {
                continue;
            }
            self.flow(&name, &BTreeMap::new());
            if is_run {
                self.reader.remark(place, format!("flows.{name}: nothing runs it"));
            }
        }
    }

    /// A flow as a scenario runs it.
    fn flow(&mut self, name: &str, environment: &BTreeMap<String, String>) -> Option<Flow> {
        let field = self.flows.get(name)?.clone();
        self.reader.environment.scenario.clone_from(environment);
        self.scope.set.clone_from(&self.set_by_setup);
        self.scope.used.clear();
        let steps = self.inside(name, &field);
        self.reader.environment.scenario.clear();
        Some(self.flow_of(name, steps))
    }

    fn flow_of(&mut self, name: &str, steps: Vec<Step>) -> Flow {
        let data = std::mem::take(&mut self.scope.used);
        Flow { name: name.into(), steps: steps.into(), data: data.into_iter().collect() }
    }

    /// The flow that is meant by an `exec`. The only one of a file is meant by `default`, whatever its name.
    fn resolve(&mut self, exec: &str, place: Option<Place>, path: &str) -> Option<String> {
        if self.flows.contains_key(exec) {
            return Some(exec.to_owned());
        }
        match self.flows.keys().next() {
            Some(only) if exec == DEFAULT && self.flows.len() == 1 => Some(only.clone()),
            _ => {
                self.unknown_flow(exec, place, path);
                None
            }
        }
    }

    fn unknown_flow(&mut self, name: &str, place: Option<Place>, path: &str) {
        let known: Vec<&str> = self.flows.keys().map(String::as_str).collect();
        let meant = match nearest(name, known.iter().copied()) {
            Some(meant) => format!("; did you mean {meant}?"),
            None if known.is_empty() => "; there are no flows".to_owned(),
            None => format!("; known here: {}", known.join(", ")),
        };
        self.reader.complain(place, Fault::Refused(format!("{path}: no flow is called {name}{meant}")));
    }

    /// The steps of a flow that another one names, read as if they stood there.
    pub(super) fn flow_called(&mut self, name: &str, field: &Field<'_>, place: Place) -> Vec<Step> {
        let Some(found) = self.flows.get(name).cloned() else {
            self.unknown_flow(name, Some(place), &field.path);
            return Vec::new();
        };
        if self.inside.iter().any(|outer| outer == name) {
            let way = self.inside.join(" -> ");
            self.reader.refuse_with(field, format_args!("a flow cannot run itself: {way} -> {name}"));
            return Vec::new();
        }
        if self.inside.len() == MOST_NESTED {
            self.reader.refuse_with(field, format_args!("flows are nested deeper than {MOST_NESTED}"));
            return Vec::new();
        }
        self.inside(name, &found)
    }

    fn inside(&mut self, name: &str, field: &Field<'_>) -> Vec<Step> {
        self.read.insert(name.to_owned());
        self.inside.push(name.to_owned());
        let steps = self.steps(field);
        self.inside.pop();
        steps
    }

    /// Counts a step, and complains of the first that is too much.
    pub(super) fn is_exhausted(&mut self, item: &Field<'_>) -> bool {
        self.steps += 1;
        if self.steps == MOST_STEPS {
            let message = format!("flows within flows come to more than {MOST_STEPS} steps");
            self.reader.refuse_with(item, message);
        }
        self.steps >= MOST_STEPS
    }

    pub(super) fn metric(&mut self, name: &str, field: &Field<'_>) -> Option<usize> {
        let found = self.metrics.iter().position(|metric| *metric.name == *name);
        if found.is_none() {
            let known = self.metrics.iter().map(|metric| &*metric.name);
            let meant = nearest(name, known).map(|meant| format!("; did you mean {meant}?"));
            let meant = meant.unwrap_or_else(|| format!("; name it: metrics: {{{name}: rate}}"));
            self.reader.refuse_with(field, format_args!("the file has no metric {name}{meant}"));
        }
        found
    }
}
