//! The last word has the reader of files: what it refuses of ours goes, and is said to be missing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::findings::{Findings, Gap, Weight};
use super::tree::Extent;
use super::yaml::{Node, Written, Yaml};
use crate::load::file::{File, Problem, Surroundings};
use crate::load::shortcuts::Shortcuts;

/// So often something is taken out before all is given up.
const MOST_ROUNDS: usize = 200;

/// A text that can be read, of as many of the nodes as possible.
pub(super) fn readable(
    file: &Path,
    head: &[String],
    nodes: &[Node],
    units: &[Extent],
    options_at: Extent,
    findings: &mut Findings<'_>,
) -> String {
    let mut gone: BTreeMap<usize, String> = BTreeMap::new();
    for _ in 0..MOST_ROUNDS {
        let kept = without(nodes, &gone);
        let written = Written::of(head, &kept);
        let problems = problems_of(file, &written.text);
        if problems.is_empty() {
            return written.text;
        }
        let before = gone.len();
        let mut spoken = BTreeSet::new();
        for problem in problems {
            let at = problem
                .place
                .and_then(|place| written.units.get(place.line.checked_sub(1)?).copied().flatten());
            // What stands nowhere comes of the options together.
            let Some(unit) = at.or_else(|| last_option(nodes, &gone)) else { continue };
            if spoken.insert(unit) && !gone.contains_key(&unit) {
                let place =
                    units.get(unit).copied().filter(|at| *at != Extent::default()).unwrap_or(options_at);
                let gap = Gap::new(place, problem.fault.to_string());
                gone.insert(unit, findings.add(place, Weight::Missing, gap));
            }
        }
        if gone.len() == before {
            break;
        }
    }
    let gap = Gap::new(Extent::default(), "what came of the script cannot be read as a file");
    let comment = findings.add(options_at, Weight::Missing, gap);
    format!("# {}\n\nflows:\n  default: []\n", comment.replace(['\n', '\r'], " "))
}

/// What a reader says who knows neither the files nor the environment.
fn problems_of(file: &Path, text: &str) -> Vec<Problem> {
    let read = |path: &Path| Ok::<_, io::Error>(stand_in(path, text));
    let surroundings =
        Surroundings { variable: &|_| None, read: &read, overrides: Shortcuts::default(), metrics: &[] };
    let problems = File::parse(file, text, &surroundings).err().unwrap_or_default();
    // How many rows there are is not known here.
    problems.into_iter().filter(|problem| !problem.fault.to_string().contains("rows are too few")).collect()
}

/// A file with one row that has every column that the text names. Nobody knows here what the real one holds.
pub fn stand_in(path: &Path, text: &str) -> Vec<u8> {
    let mut columns = BTreeSet::new();
    for piece in text.split("${").skip(1) {
        let name = piece.split(['}', ':']).next().unwrap_or_default();
        if let Some((_, column)) = name.split_once('.') {
            columns.insert(column.trim());
        }
    }
    columns.insert("value");
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
        || text.lines().any(|line| line.contains("format: json"));
    if is_json {
        let pairs = columns.into_iter().map(|column| (column.to_owned(), serde_json::Value::from("x")));
        return serde_json::Value::Array(vec![serde_json::Value::Object(pairs.collect())])
            .to_string()
            .into_bytes();
    }
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let head: Vec<String> = columns.iter().map(|column| quote(column)).collect();
    let row = vec!["x"; columns.len()].join(",");
    format!("{}\n{row}\n", head.join(",")).into_bytes()
}

/// The options that are left, the last one first.
fn last_option(nodes: &[Node], gone: &BTreeMap<usize, String>) -> Option<usize> {
    const SHAPE: [&str; 8] =
        ["options", "thresholds", "scenarios", "stages", "iterations", "duration", "vus", "tags"];
    let of = |key: &&str| nodes.iter().find(|node| node.key == **key);
    let units = |node: &Node| -> Vec<usize> {
        match (&node.value, node.unit) {
            (_, Some(unit)) => vec![unit],
            (Some(Yaml::Map(entries)), None) => entries.iter().filter_map(|entry| entry.unit).collect(),
            _ => Vec::new(),
        }
    };
    SHAPE.iter().filter_map(of).flat_map(units).find(|unit| !gone.contains_key(unit))
}

/// What is gone leaves a comment.
fn without(nodes: &[Node], gone: &BTreeMap<usize, String>) -> Vec<Node> {
    if gone.is_empty() {
        return nodes.to_vec();
    }
    let kept = |node: &Node| {
        if let Some(comment) = node.unit.and_then(|unit| gone.get(&unit)) {
            let comments = node.comments.iter().chain([comment]).cloned().collect();
            return Node { comments, ..Node::default() };
        }
        let value = node.value.as_ref().map(|value| match value {
            Yaml::List(nodes) => Yaml::List(without(nodes, gone)),
            Yaml::Map(nodes) => Yaml::Map(without(nodes, gone)),
            other => other.clone(),
        });
        Node { value, ..node.clone() }
    };
    nodes.iter().map(kept).collect()
}
