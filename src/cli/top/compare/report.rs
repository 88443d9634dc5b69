//! Every pod that either side knows, as a table and a sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::pair::{Pair, Resource, Verdict};
use super::printed::{PodName, Printed};
use crate::cli::output::{aligned, harmless};
use crate::cli::top::cells;
use crate::encode::document::{DriftDocument, DriftRow};

const HEAD: [&str; 11] = [
    "NAMESPACE",
    "NAME",
    "CPU(ours)",
    "CPU(kubectl)",
    "DIFF",
    "CAUSE",
    "MEMORY(ours)",
    "MEMORY(kubectl)",
    "DIFF",
    "CAUSE",
    "VERDICT",
];

/// One pod of this node.
struct Line {
    name: PodName,
    pairs: [Pair; 2],
    verdict: Verdict,
}

/// The comparison of one node.
pub(super) struct Report {
    node: String,
    lines: Vec<Line>,
    /// Pods that kubectl printed and the agent does not have: another node's.
    elsewhere: usize,
    /// A share.
    bound: f64,
}

impl Report {
    /// `namespace` leaves out all others.
    pub(super) fn of(
        document: &DriftDocument,
        printed: &BTreeMap<PodName, Printed>,
        namespace: Option<&str>,
        bound: f64,
    ) -> Report {
        let is_wanted = |name: &PodName| namespace.is_none_or(|namespace| name.0 == namespace);
        let mut rows: BTreeMap<PodName, &DriftRow> = BTreeMap::new();
        for row in &document.pods {
            let Some(name) = row.namespace.clone().zip(row.pod.clone()).filter(is_wanted) else { continue };
            // A pod that ended may be listed beside the one that has its name now.
            let known = rows.entry(name).or_insert(row);
            if known.top.is_none() {
                *known = row;
            }
        }
        let theirs: BTreeSet<&PodName> = printed.keys().filter(|name| is_wanted(name)).collect();
        let elsewhere = theirs.iter().filter(|name| !rows.contains_key(**name)).count();
        let line = |(name, row): (&PodName, &&DriftRow)| {
            let theirs = printed.get(name);
            // Neither side measured it: a pod that ended, or has not begun.
            if row.top.is_none() && theirs.is_none() {
                return None;
            }
            let pairs = [
                Pair::of(Resource::Cpu, Some(row), theirs.map(|printed| printed.millicores)),
                Pair::of(Resource::Memory, Some(row), theirs.map(|printed| printed.mebibytes)),
            ];
            let verdict = pairs.each_ref().map(|pair| pair.verdict(bound));
            // A pod is compared when both are.
            let verdict =
                if verdict.contains(&Verdict::Off) { Verdict::Off } else { verdict[0].min(verdict[1]) };
            Some(Line { name: name.clone(), pairs, verdict })
        };
        let lines = rows.iter().filter_map(line).collect();
        Report { node: document.node.clone(), lines, elsewhere, bound }
    }

    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.lines.iter().filter(|line| line.verdict == verdict).count()
    }

    /// True where no pod has two values to compare.
    pub(super) fn is_empty(&self) -> bool {
        self.count(Verdict::NotCompared) == self.lines.len()
    }

    /// The table, what there is to say of pods that are off, and the sentence that sums it up.
    pub(super) fn text(&self) -> String {
        let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
        rows.extend(self.lines.iter().map(Line::cells));
        let mut lines = aligned(&rows);
        let off = self.lines.iter().filter(|line| line.verdict == Verdict::Off);
        let off: Vec<String> = off.flat_map(|line| line.details(self.bound)).collect();
        if !off.is_empty() {
            lines.push(String::new());
            lines.extend(off);
        }
        lines.push(String::new());
        lines.push(self.sentence());
        lines.push(String::new());
        lines.join("\n")
    }

    fn sentence(&self) -> String {
        let bound = self.bound * 100.0;
        let mut sentence = format!(
            "node {}: {} pods, {} within {bound} %, {} off, {} not compared",
            harmless(&self.node),
            self.lines.len(),
            self.count(Verdict::Within),
            self.count(Verdict::Off),
            self.count(Verdict::NotCompared),
        );
        if self.elsewhere > 0 {
            let _ = write!(sentence, "; {} of kubectl's are not on this node", self.elsewhere);
        }
        sentence
    }
}

impl Line {
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![harmless(&self.name.0), harmless(&self.name.1)];
        for pair in &self.pairs {
            cells.push(pair.resource.write(pair.ours));
            cells.push(pair.resource.write(pair.theirs));
            cells.push(cells::change(pair.ratio()));
            let agrees = || if pair.verdict(0.0) == Verdict::NotCompared { "-" } else { "agrees" }.to_owned();
            cells.push(pair.cause.clone().unwrap_or_else(agrees));
        }
        let verdict = match self.verdict {
            Verdict::NotCompared => "-",
            Verdict::Within => "within",
            Verdict::Off => "OFF",
        };
        cells.push(verdict.to_owned());
        cells
    }

    fn details(&self, bound: f64) -> impl Iterator<Item = String> {
        let off = self.pairs.iter().filter(move |pair| pair.verdict(bound) == Verdict::Off);
        off.map(|pair| {
            let cause = pair.cause.as_deref().unwrap_or("unexplained");
            let (namespace, name) = (harmless(&self.name.0), harmless(&self.name.1));
            let detail = if pair.detail.is_empty() { "the agent says no more" } else { &pair.detail };
            format!("{namespace}/{name} {}: {cause}: {}", pair.resource.name(), harmless(detail))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::document::UsageRow;

    fn row(pod: &str, cores: f64) -> DriftRow {
        let usage = UsageRow { cpu_cores: Some(cores), memory_bytes: Some(5 << 20), ..UsageRow::default() };
        DriftRow {
            namespace: Some("shop".to_owned()),
            pod: Some(pod.to_owned()),
            top: Some(usage.clone()),
            metrics_api: Some(usage),
            ..DriftRow::default()
        }
    }

    #[test]
    fn pods_of_both_sides_are_counted() {
        let mut idle = row("idle", 0.0);
        idle.top = None;
        let mut ended = row("even", 0.0);
        ended.top = None;
        let pods = vec![ended.clone(), row("even", 0.1), ended, row("off", 0.2), row("young", 0.3), idle];
        let document = DriftDocument { node: "n1".to_owned(), pods, ..DriftDocument::default() };
        let of = |name: &str, millicores| {
            (("shop".to_owned(), name.to_owned()), Printed { millicores, mebibytes: 5 })
        };
        let printed = BTreeMap::from([of("even", 100), of("off", 100), of("other", 7)]);
        let report = Report::of(&document, &printed, None, 0.1);
        assert!(!report.is_empty());
        let text = report.text();
        let sentence =
            "node n1: 3 pods, 1 within 10 %, 1 off, 1 not compared; 1 of kubectl's are not on this node";
        assert_eq!(text.lines().last(), Some(sentence), "{text}");
        assert!(text.contains("\nshop/off cpu: window: kubectl was answered of another window"), "{text}");
        let none = Report::of(&document, &printed, Some("other"), 0.1);
        assert!(none.is_empty() && none.count(Verdict::Off) == 0);
    }
}
