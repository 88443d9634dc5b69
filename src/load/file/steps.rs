//! Steps out of nodes. Flows that a step names are read in its place, so that nothing is called while the run goes.

use std::sync::Arc;

use super::fields::{Field, Fields};
use super::flows::Compiler;
use super::node::Value;
use super::problem::Fault;
use crate::load::flow::{Escape, Group, Method, Mix, Range, Request, Step};
use crate::load::span;
use crate::model::nearest::nearest;

/// The keys that say what a step is, beside the methods. `record` stands in requests, too.
const KINDS: [&str; 11] =
    ["abort", "batch", "fail", "flow", "group", "mix", "pacing", "record", "repeat", "set", "sleep"];

const MOST_WEIGHT: i64 = 1_000_000;
const MOST_REPEATS: i64 = 1_000_000_000;

impl Compiler<'_, '_, '_> {
    pub(super) fn steps(&mut self, field: &Field<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        for item in self.reader.items(field) {
            if self.is_exhausted(&item) {
                break;
            }
            self.step(&item, &mut steps);
        }
        steps
    }

    fn step(&mut self, item: &Field<'_>, steps: &mut Vec<Step>) {
        let Some(kind) = self.kind_of(item) else { return };
        let Some(mut fields) = self.reader.fields(item) else { return };
        let Some(field) = fields.take(kind) else {
            self.reader.refuse_with(item, format_args!("{kind} says nothing"));
            return;
        };
        if let Some((_, method)) = Method::ALL.iter().find(|(name, _)| *name == kind) {
            steps.extend(
                self.request(*method, &field, &mut fields).map(|request| Step::Request(Box::new(request))),
            );
        } else if kind == "flow" {
            steps.extend(self.flow_named(&field));
        } else {
            steps.extend(self.plain_step(kind, &field, &mut fields));
        }
        fields.finish(self.reader);
    }

    fn plain_step(&mut self, kind: &str, field: &Field<'_>, fields: &mut Fields<'_>) -> Option<Step> {
        match kind {
            "sleep" => self.range(field).map(Step::Sleep),
            "pacing" => self.range(field).map(Step::Pacing),
            "fail" => self.reader.template(&mut self.scope, field, Escape::Raw).map(Step::Fail),
            "abort" => self.reader.template(&mut self.scope, field, Escape::Raw).map(Step::Abort),
            "batch" => Some(Step::Batch(self.batch(field).into())),
            "mix" => self.mix(field).map(Step::Mix),
            "record" => Some(Step::Record(self.plain_records(field).into())),
            "set" => {
                let mut set = Vec::new();
                for (entry, field) in self.reader.named(field) {
                    let value = self.reader.template(&mut self.scope, &field, Escape::Raw);
                    let variable = self.reader.variable(&mut self.scope, &entry.key, &field);
                    set.extend(variable.zip(value));
                }
                Some(Step::Set(set.into()))
            }
            "group" => {
                let name = self.reader.word(field);
                if name.as_deref().is_some_and(|name| name.contains("::")) {
                    self.reader.refuse(field, "holds ::, which stands between groups", "a name without ::");
                }
                let steps = self.steps_of(field, fields);
                Some(Step::Group(Group { name: name?.into(), steps: steps.into() }))
            }
            _ => {
                let times = self.reader.whole_within(field, 1, MOST_REPEATS);
                let steps = self.steps_of(field, fields).into();
                Some(Step::Repeat { times: times?, steps })
            }
        }
    }

    /// The steps beside `group` or `repeat`.
    fn steps_of(&mut self, field: &Field<'_>, fields: &mut Fields<'_>) -> Vec<Step> {
        if let Some(steps) = fields.take("steps") {
            return self.steps(&steps);
        }
        self.reader.refuse_with(field, "lacks steps beside it; allowed: a list of steps");
        Vec::new()
    }

    /// The key that says what the step is.
    fn kind_of(&mut self, item: &Field<'_>) -> Option<&'static str> {
        let Value::Map(entries) = &item.node.value else {
            self.reader.refuse(item, "is no step", "a map such as {get: URL} or {sleep: 1s}");
            return None;
        };
        let all = || Method::ALL.iter().map(|(name, _)| *name).chain(KINDS);
        let has = |kind: &&str| entries.iter().any(|entry| entry.key == **kind);
        let mut given: Vec<&'static str> = all().filter(has).collect();
        if given.len() > 1 {
            // Of an answer, then.
            given.retain(|kind| *kind != "record");
        }
        match given[..] {
            [kind] => Some(kind),
            [first, second, ..] => {
                let message = format!("is two steps at once, {first} and {second}; allowed: one a step");
                self.reader.refuse_with(item, message);
                None
            }
            [] => {
                let slip = entries.iter().find_map(|entry| Some((entry, nearest(&entry.key, all())?)));
                let (place, key, meant) = match (slip, entries.first()) {
                    (Some((entry, meant)), _) => (entry.place, entry.key.as_str(), Some(meant)),
                    (None, Some(entry)) => (entry.place, entry.key.as_str(), None),
                    (None, None) => (item.node.place, "", None),
                };
                let known = all().map(str::to_owned).collect();
                let nearest = meant.map(|meant| format!("{}.{meant}", item.path));
                self.reader.complain(
                    place,
                    Fault::UnknownKey { key: format!("{}.{key}", item.path), nearest, known },
                );
                None
            }
        }
    }

    fn range(&mut self, field: &Field<'_>) -> Option<Range> {
        let text = self.reader.text(field)?;
        match Range::parse(&text) {
            Ok(range) => Some(range),
            Err(reason) => {
                let allowed = format!("1s, or 1s-3s, with {}", span::ALLOWED);
                let allowed = allowed.replace(", or a number of milliseconds", "");
                self.reader.refuse(field, reason, allowed);
                None
            }
        }
    }

    /// What one of them extracts is there when all of them were answered.
    fn batch(&mut self, field: &Field<'_>) -> Vec<Request> {
        let before = self.scope.set.clone();
        let mut extracted = before.clone();
        let mut requests = Vec::new();
        for item in self.reader.items(field) {
            let Some(kind) = self.kind_of(&item) else { continue };
            let Some((_, method)) = Method::ALL.iter().find(|(name, _)| *name == kind) else {
                self.reader
                    .refuse_with(&item, format_args!("is a {kind}; allowed: requests such as {{get: URL}}"));
                continue;
            };
            let Some(mut fields) = self.reader.fields(&item) else { continue };
            if let Some(url) = fields.take(kind) {
                requests.extend(self.request(*method, &url, &mut fields));
            }
            fields.finish(self.reader);
            extracted.extend(std::mem::replace(&mut self.scope.set, before.clone()));
        }
        self.scope.set = extracted;
        requests
    }

    /// `{home: 35, user: 30}`, or a list of maps with a weight and a flow or steps.
    fn mix(&mut self, field: &Field<'_>) -> Option<Mix> {
        let before = self.scope.set.clone();
        // What one choice sets may be there behind the mix.
        let mut behind = before.clone();
        let mut choices: Vec<(u32, Arc<[Step]>)> = Vec::new();
        if matches!(field.node.value, Value::List(_)) {
            for item in self.reader.items(field) {
                let Some(mut fields) = self.reader.fields(&item) else { continue };
                let weight = fields.take("weight").and_then(|field| self.weight(&field));
                let steps = match (fields.take("flow"), fields.take("steps")) {
                    (Some(flow), None) => self.flow_named(&flow),
                    (None, Some(steps)) => self.steps(&steps),
                    _ => {
                        self.reader
                            .refuse_with(&item, "is no choice; allowed: a weight, and a flow or steps");
                        Vec::new()
                    }
                };
                fields.finish(self.reader);
                choices.push((weight.unwrap_or(1), steps.into()));
                behind.extend(std::mem::replace(&mut self.scope.set, before.clone()));
            }
        } else {
            for (entry, field) in self.reader.named(field) {
                let weight = self.weight(&field);
                let steps = self.flow_called(&entry.key, &field, entry.place);
                choices.push((weight.unwrap_or(1), steps.into()));
                behind.extend(std::mem::replace(&mut self.scope.set, before.clone()));
            }
        }
        self.scope.set = behind;
        let mix = Mix::new(choices);
        if mix.is_none() {
            self.reader.refuse_with(field, "has no choice with a weight above 0");
        }
        mix
    }

    fn weight(&mut self, field: &Field<'_>) -> Option<u32> {
        self.reader.whole_within(field, 0, MOST_WEIGHT)
    }

    fn flow_named(&mut self, field: &Field<'_>) -> Vec<Step> {
        let Some(name) = self.reader.word(field) else { return Vec::new() };
        self.flow_called(&name, field, field.node.place)
    }
}
