//! What must hold of an answer, and what is taken out of it.

use super::fields::Field;
use super::node::{Entry, Value};
use super::problem::Fault;
use super::scope::Scope;
use super::values::Reader;
use crate::load::flow::{Check, Extract, JsonPath, Predicate, Sample, Source, Statuses, Test};
use crate::load::span::{self, Span};
use crate::model::nearest::nearest;

/// The first words of what is tested.
const SUBJECTS: [&str; 8] =
    ["body", "body contains", "body matches", "duration", "header NAME", "json PATH", "size", "status"];

const STATUS: &str = "a status such as 200, a class such as 2xx, a range such as 200-299, or a list of these";

const EXTRACTS: &str = "$.path, json PATH, regex PATTERN, header NAME, status, body, or a map with json, regex or header, group and default";

impl Reader<'_> {
    /// A map, each of whose keys is a check, or a list of maps, each of which is one.
    pub(super) fn checks(&mut self, field: &Field<'_>) -> Vec<Check> {
        if !matches!(field.node.value, Value::List(_)) {
            let named = self.named(field);
            let predicates = named.iter().filter_map(|(entry, field)| self.predicate(entry, field));
            return predicates
                .map(|predicate| Check { name: predicate.to_string().into(), predicates: [predicate].into() })
                .collect();
        }
        let mut checks = Vec::new();
        for item in self.items(field) {
            let mut name = None;
            let mut predicates = Vec::new();
            for (entry, field) in self.named(&item) {
                if entry.key == "name" {
                    name = self.word(&field);
                } else {
                    predicates.extend(self.predicate(entry, &field));
                }
            }
            let joined = || predicates.iter().map(Predicate::to_string).collect::<Vec<_>>().join(" and ");
            let name = name.unwrap_or_else(joined);
            if predicates.is_empty() {
                self.refuse_with(&item, format_args!("tests nothing; allowed: {}", SUBJECTS.join(", ")));
            } else {
                checks.push(Check { name: name.into(), predicates: predicates.into() });
            }
        }
        checks
    }

    fn predicate(&mut self, entry: &Entry, field: &Field<'_>) -> Option<Predicate> {
        let (subject, rest) = entry.key.split_once(' ').unwrap_or((&entry.key, ""));
        let rest = rest.trim();
        // The operator may stand with what it tests: `header NAME contains`.
        let (of, operator) = match rest.rsplit_once(' ').unwrap_or(("", rest)) {
            (of, operator @ ("contains" | "matches")) => (of.trim(), Some(operator)),
            _ => (rest, None),
        };
        match (subject, of, operator) {
            ("status", "", None) => self.statuses(field).map(Predicate::Status),
            ("duration", "", None) => self.faster(field).map(Predicate::Faster),
            ("size", "", None) => self.test(field, None).map(Predicate::Size),
            ("body", "", operator) => self.test(field, operator).map(Predicate::Body),
            ("header", name, operator) if !name.is_empty() => {
                self.test(field, operator).map(|test| Predicate::Header { name: name.into(), test })
            }
            ("json", path, operator) if !path.is_empty() => {
                let path = self.json_path(field, path);
                let test = self.test(field, operator)?;
                Some(Predicate::Json { path: path?, test })
            }
            _ => {
                let parent = field.path.strip_suffix(&entry.key).unwrap_or_default();
                let meant = nearest(&entry.key, SUBJECTS).or_else(|| nearest(subject, SUBJECTS));
                self.complain(
                    entry.place,
                    Fault::UnknownKey {
                        key: field.path.clone(),
                        nearest: meant.map(|meant| format!("{parent}{meant}")),
                        known: SUBJECTS.map(str::to_owned).into(),
                    },
                );
                None
            }
        }
    }

    fn test(&mut self, field: &Field<'_>, operator: Option<&str>) -> Option<Test> {
        let (text, is_plain) = self.scalar(field)?;
        let test = match operator {
            Some("contains") => Ok(Test::contains(&text)),
            Some(_) => Test::matches(&text),
            None => Test::parse(&text, is_plain),
        };
        match test {
            Ok(test) => Some(test),
            Err(error) => {
                self.refuse_with(field, error);
                None
            }
        }
    }

    pub(super) fn statuses(&mut self, field: &Field<'_>) -> Option<Statuses> {
        let texts = self.texts(field);
        match Statuses::parse(texts.iter().map(String::as_str)) {
            Ok(statuses) if !texts.is_empty() => Some(statuses),
            Ok(_) => None,
            Err(error) => {
                let found = crate::model::bounds::OutOfRange::new(
                    &*field.path,
                    error.value,
                    "names no status",
                    STATUS,
                );
                self.complain(field.node.place, Fault::BadValue(found));
                None
            }
        }
    }

    /// `500ms`, or `< 500ms`.
    fn faster(&mut self, field: &Field<'_>) -> Option<Span> {
        let text = self.text(field)?;
        match Span::parse(text.trim_start_matches('<').trim()) {
            Ok(span) => Some(span),
            Err(error) => {
                self.refuse(field, error.reason, format!("\"< 500ms\", with {}", span::ALLOWED));
                None
            }
        }
    }

    fn json_path(&mut self, field: &Field<'_>, path: &str) -> Option<JsonPath> {
        match JsonPath::parse(path) {
            Ok(path) => Some(path),
            Err(error) => {
                self.refuse_with(field, error);
                None
            }
        }
    }

    /// Variables that later steps may use.
    pub(super) fn extracts(&mut self, scope: &mut Scope, field: &Field<'_>) -> Vec<Extract> {
        let mut extracts = Vec::new();
        for (entry, field) in self.named(field) {
            let source = self.extract(&field);
            let variable = self.variable(scope, &entry.key, &field);
            if let (Some((source, default)), Some(variable)) = (source, variable) {
                let default = default.map(|default| default.into_bytes().into());
                extracts.push(Extract { variable, source, default });
            }
        }
        extracts
    }

    fn extract(&mut self, field: &Field<'_>) -> Option<(Source, Option<String>)> {
        if matches!(field.node.value, Value::Scalar { .. }) {
            let text = self.text(field)?;
            let text = text.trim();
            let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
            let source = match kind {
                "status" if rest.is_empty() => Source::Status,
                "body" if rest.is_empty() => Source::Body,
                "header" if !rest.is_empty() => Source::Header(rest.trim().into()),
                "json" => Source::Json(self.json_path(field, rest.trim())?),
                "regex" if !rest.is_empty() => self.regex(field, rest.trim(), None)?,
                _ if text.starts_with('$') => Source::Json(self.json_path(field, text)?),
                _ => {
                    self.refuse(field, "names nothing of an answer", EXTRACTS);
                    return None;
                }
            };
            return Some((source, None));
        }
        let mut fields = self.fields(field)?;
        let [json, regex, header] = ["json", "regex", "header"].map(|key| fields.take(key));
        let group = fields.take("group").and_then(|field| self.whole_within(&field, 0, 100));
        let default = fields.take("default").and_then(|field| self.text(&field));
        let is_known = fields.finish(self);
        let source = match (json, regex, header) {
            (Some(field), None, None) => {
                let path = self.text(&field)?;
                Source::Json(self.json_path(&field, &path)?)
            }
            (None, Some(field), None) => {
                let pattern = self.text(&field)?;
                self.regex(&field, &pattern, group)?
            }
            (None, None, Some(field)) => Source::Header(self.word(&field)?.into()),
            _ if !is_known => return None,
            _ => {
                self.refuse_with(
                    field,
                    format_args!("names not one thing of an answer; allowed: {EXTRACTS}"),
                );
                return None;
            }
        };
        Some((source, default))
    }

    /// Without a group the first one that the pattern has, or the whole match.
    fn regex(&mut self, field: &Field<'_>, pattern: &str, group: Option<u32>) -> Option<Source> {
        let Test::Matches(regex) =
            Test::matches(pattern).map_err(|error| self.refuse_with(field, error)).ok()?
        else {
            return None;
        };
        let groups = regex.captures_len() - 1;
        let group = group.map_or(groups.min(1), |group| group as usize);
        if group > groups {
            self.refuse_with(field, format_args!("has no group {group}; it has {groups}"));
            return None;
        }
        Some(Source::Regex { regex, group })
    }

    /// Where a sample of an answer comes from.
    pub(super) fn sample(&mut self, field: &Field<'_>) -> Option<Sample> {
        let text = self.text(field)?;
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        match text.as_str() {
            "failed" => Some(Sample::Failed),
            "passed" => Some(Sample::Passed),
            "duration" => Some(Sample::Duration),
            "size" => Some(Sample::Size),
            "status" => Some(Sample::Status),
            path if path.starts_with('$') => self.json_path(field, path).map(Sample::Json),
            _ => number.map(Sample::Number).or_else(|| {
                self.refuse(
                    field,
                    "is no sample",
                    "a number, failed, passed, duration, size, status, or $.path",
                );
                None
            }),
        }
    }
}
