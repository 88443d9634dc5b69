//! Jolokia's answers become points, named as Telegraf's jolokia2 plugin names them: nested values with dots between,
//! properties of an MBean's name as tags, lists and null left out.
//!
//! Source: Telegraf `plugins/common/jolokia2`, `point_builder.go` and `gatherer.go`.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::config::Metric;
use super::jolokia::{Questions, Read};
use super::object_name::{is_pattern, open_keys, properties};
use crate::model::scraped::{Parsed, Point, Value};

/// The field of a bare value that has no attribute's name.
const VALUE: &str = "value";

/// What came for all of the questions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    pub parsed: Parsed<Vec<Point>>,
    /// Questions about an MBean or attribute that this JVM does not have, which is no fault.
    pub absent: u64,
    /// What the agent said of the first question that it refused.
    pub refusal: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    status: u16,
    #[serde(default)]
    value: Json,
    #[serde(default)]
    error: Json,
}

/// Reads the answers to `questions`, at most `max_fields` fields of them. An error says what is wrong with the
/// document as a whole.
pub fn parse_answers(text: &[u8], questions: &Questions, max_fields: usize) -> Result<Answers, String> {
    let document: Json = serde_json::from_slice(text).map_err(|error| format!("is no JSON: {error}"))?;
    let Json::Array(items) = document else {
        let said = document.get("error").and_then(Json::as_str).map(one_line);
        return Err(
            said.map_or_else(|| "is no list of answers".to_owned(), |said| format!("is refused: {said}"))
        );
    };
    if items.len() != questions.reads.len() {
        return Err(format!("holds {} answers to {} questions", items.len(), questions.reads.len()));
    }
    let mut taker = Taker { max_fields, ..Taker::default() };
    for (read, item) in questions.reads.iter().zip(items) {
        match Answer::deserialize(item) {
            Ok(answer) => taker.answer(&questions.metrics[read.metric], read, answer),
            Err(_) => taker.answers.parsed.faults += 1,
        }
    }
    // A point whose every value was null holds nothing.
    taker.answers.parsed.value.retain(|point| !point.fields.is_empty());
    Ok(taker.answers)
}

#[derive(Default)]
struct Taker {
    answers: Answers,
    max_fields: usize,
}

impl Taker {
    fn answer(&mut self, metric: &Metric, read: &Read, answer: Answer) {
        match answer.status {
            200 => {}
            404 => {
                self.answers.absent += 1;
                return;
            }
            status => {
                self.answers.parsed.faults += 1;
                let said = answer.error.as_str().unwrap_or("without a word");
                let said = format!("{}: {status}: {}", metric.mbean, one_line(said));
                self.answers.refusal.get_or_insert(said);
                return;
            }
        }
        match answer.value {
            Json::Null => {}
            // The answer to a pattern holds the values of each MBean below its name.
            Json::Object(beans) if is_pattern(&metric.mbean) => {
                for (name, value) in &beans {
                    self.bean(metric, read, name, value);
                }
            }
            _ if is_pattern(&metric.mbean) => self.answers.parsed.faults += 1,
            value => self.bean(metric, read, &metric.mbean, &value),
        }
    }

    fn bean(&mut self, metric: &Metric, read: &Read, name: &str, value: &Json) {
        let found = properties(name);
        let is_wanted = |key: &str| metric.tag_keys.iter().any(|wanted| wanted == key);
        let mut tags: Vec<(Box<str>, Box<str>)> = found
            .iter()
            .filter(|(key, _)| is_wanted(key))
            .map(|(key, value)| ((*key).into(), value.trim_matches(['\'', '"']).into()))
            .collect();
        tags.sort_unstable();
        // A name that holds a property twice is none; a tag may not stand twice.
        tags.dedup_by(|a, b| a.0 == b.0);
        let prefix = prefix_of(metric, &found);
        let place = self.place(metric, tags);
        let mut fill = |name: String, value: &Json| self.fill(place, &name, value, &prefix);
        let with_path = |attribute: &str| {
            let path = read.path.as_deref().map(|path| format!(".{}", path.replace('/', ".")));
            format!("{prefix}{attribute}{}", path.unwrap_or_default())
        };
        match (value, read.attributes.as_slice()) {
            (Json::Object(_), []) => fill(String::new(), value),
            (Json::Object(values), several @ [_, _, ..]) => {
                for attribute in several {
                    fill(with_path(attribute), values.get(attribute).unwrap_or(&Json::Null));
                }
            }
            (_, [attribute, ..]) => fill(with_path(attribute), value),
            (_, []) => fill(with_path(VALUE), value),
        }
    }

    /// The point of that measurement and those tags, a new one where there is none.
    fn place(&mut self, metric: &Metric, tags: Vec<(Box<str>, Box<str>)>) -> usize {
        let points = &mut self.answers.parsed.value;
        let is_it = |point: &Point| *point.measurement == *metric.name && point.tags == tags;
        points.iter().position(is_it).unwrap_or_else(|| {
            points.push(Point { measurement: metric.name.as_str().into(), tags, fields: Vec::new() });
            points.len() - 1
        })
    }

    fn fill(&mut self, place: usize, name: &str, value: &Json, prefix: &str) {
        let value = match value {
            Json::Object(inner) => return self.fill_all(place, name, inner, prefix),
            Json::Null | Json::Array(_) => return,
            // Telegraf's numbers are floats, whatever they are in Java.
            Json::Number(number) => match number.as_f64() {
                Some(number) => Value::Float(number),
                None => return,
            },
            Json::String(text) => Value::Text(text.as_str().into()),
            Json::Bool(is_set) => Value::Boolean(*is_set),
        };
        let parsed = &mut self.answers.parsed;
        if parsed.samples >= self.max_fields as u64 {
            parsed.faults += 1;
            return;
        }
        let fields = &mut parsed.value[place].fields;
        if let Some(field) = fields.iter_mut().find(|(known, _)| **known == *name) {
            field.1 = value;
        } else {
            fields.push((name.into(), value));
            parsed.samples += 1;
        }
    }

    fn fill_all(&mut self, place: usize, name: &str, values: &Map<String, Json>, prefix: &str) {
        for (key, value) in values {
            let inner = if name.is_empty() { format!("{prefix}{key}") } else { format!("{name}.{key}") };
            self.fill(place, &inner, value, prefix);
        }
    }
}

/// The prefix of fields with its `$1`, `$2` ... replaced by what the pattern left open.
fn prefix_of(metric: &Metric, found: &[(&str, &str)]) -> String {
    let mut prefix = metric.field_prefix.clone().unwrap_or_default();
    if prefix.contains('$') {
        for (place, key) in open_keys(&metric.mbean).into_iter().enumerate() {
            let value = found.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| value);
            prefix = prefix.replace(&format!("${}", place + 1), value);
        }
    }
    prefix
}

/// The beginning of what a server said, without what a log cannot show.
fn one_line(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
#[path = "beans_tests.rs"]
mod tests;
