//! The questions to a Jolokia agent: all of them in one POST, a read for each MBean and part of an attribute.
//!
//! They are put as Telegraf's jolokia2 plugin puts them, since the shape of an answer follows that of its question.
//! Sources: Jolokia protocol 7.2, reading attributes; Telegraf `plugins/common/jolokia2`.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use super::config::Metric;

/// One read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// The place of its metric in the configuration.
    pub(super) metric: usize,
    pub(super) attributes: Vec<String>,
    /// A part of the only attribute.
    pub(super) path: Option<String>,
}

/// What is asked in one request.
#[derive(Clone, Debug)]
pub struct Questions {
    pub(super) metrics: Vec<Metric>,
    pub(super) reads: Vec<Read>,
}

impl Questions {
    pub fn new(metrics: Vec<Metric>) -> Questions {
        let reads = metrics.iter().enumerate().flat_map(|(place, metric)| reads_of(place, metric)).collect();
        Questions { metrics, reads }
    }

    /// The body of the request.
    pub(super) fn json(&self) -> Bytes {
        let all: Vec<Value> = self.reads.iter().map(|read| self.json_of(read)).collect();
        Value::from(all).to_string().into()
    }

    fn json_of(&self, read: &Read) -> Value {
        let mut question = json!({ "type": "read", "mbean": self.metrics[read.metric].mbean });
        match read.attributes.as_slice() {
            [] => {}
            // The value of a single one comes without its name around it.
            [one] => question["attribute"] = json!(one),
            several => question["attribute"] = json!(several),
        }
        if let Some(path) = &read.path {
            question["path"] = json!(path);
        }
        question
    }
}

/// Whole attributes of one MBean are read together, each part of one by itself.
fn reads_of(metric: usize, of: &Metric) -> Vec<Read> {
    if of.paths.is_empty() {
        return vec![Read { metric, attributes: Vec::new(), path: None }];
    }
    let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in &of.paths {
        let (attribute, part) = path.split_once('/').map_or((path.as_str(), None), |(a, p)| (a, Some(p)));
        wanted.entry(attribute).or_default().extend(part);
    }
    let whole: Vec<String> =
        wanted.iter().filter(|(_, parts)| parts.is_empty()).map(|(name, _)| (*name).to_owned()).collect();
    let mut reads = Vec::new();
    if !whole.is_empty() {
        reads.push(Read { metric, attributes: whole, path: None });
    }
    for (attribute, parts) in wanted {
        let read =
            |part: &str| Read { metric, attributes: vec![attribute.to_owned()], path: Some(part.to_owned()) };
        reads.extend(parts.into_iter().map(read));
    }
    reads
}

/// Where reads are posted: the path itself is not one that every agent answers on.
pub(super) fn read_address(url: &str) -> String {
    format!("{}/read", url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::super::java;
    use super::*;

    #[test]
    fn whole_attributes_are_asked_for_together_and_parts_alone() {
        let metric = |paths: &[&str]| Metric {
            name: "m".to_owned(),
            mbean: "d:type=X".to_owned(),
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
            ..Metric::default()
        };
        let json = |paths: &[&str]| {
            let questions = Questions::new(vec![metric(paths)]);
            String::from_utf8(questions.json().to_vec()).unwrap()
        };
        assert_eq!(json(&[]), r#"[{"mbean":"d:type=X","type":"read"}]"#);
        assert_eq!(json(&["B"]), r#"[{"attribute":"B","mbean":"d:type=X","type":"read"}]"#);
        assert_eq!(
            json(&["B", "C/x/y", "A", "C/z"]),
            "[{\"attribute\":[\"A\",\"B\"],\"mbean\":\"d:type=X\",\"type\":\"read\"},\
             {\"attribute\":\"C\",\"mbean\":\"d:type=X\",\"path\":\"x/y\",\"type\":\"read\"},\
             {\"attribute\":\"C\",\"mbean\":\"d:type=X\",\"path\":\"z\",\"type\":\"read\"}]"
        );
        assert_eq!(Questions::new(java::metrics()).reads.len(), 7);
    }

    #[test]
    fn the_address_is_the_same_with_and_without_a_slash() {
        for url in ["http://h:8778/jolokia", "http://h:8778/jolokia/"] {
            assert_eq!(read_address(url), "http://h:8778/jolokia/read");
        }
    }
}
