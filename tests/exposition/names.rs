//! Every family of every page: name, type, label names. And the rules that names must keep.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use podometer::encode::prometheus::{Format, Page, Table};
use podometer::encode::schema::Kind;
use podometer::encode::schema::short;

use super::golden::assert_golden;
use super::{decode, sample};

#[test]
fn names_types_and_labels() {
    assert_golden("names.txt", &shown_names());
}

#[test]
fn every_family_of_the_tables_has_a_row_in_the_full_sample() {
    let shown = shown_names();
    let shown: BTreeSet<&str> = shown.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for (name, _) in Page::ALL.into_iter().flat_map(families) {
        assert!(shown.contains(name), "{name} has no row in the sample");
    }
}

#[test]
fn names_keep_the_rules_of_openmetrics() {
    for page in Page::ALL {
        let mut metrics = BTreeMap::new();
        for (name, kind) in families(page) {
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            );
            assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
            for suffix in ["_created", "_bucket", "_count", "_sum"] {
                assert!(!name.ends_with(suffix), "{name} ends in a suffix that means something else");
            }
            let metric = name.strip_suffix("_total").unwrap_or(name);
            assert_eq!(metrics.insert(metric.to_owned(), name), None, "{page:?}: two families of one name");
        }
    }
}

fn families(page: Page) -> Vec<(&'static str, Kind)> {
    let mut found = Vec::new();
    for table in page.tables() {
        match *table {
            Table::Units(table) => found.extend(table.iter().map(|family| (family.name, family.kind))),
            Table::Sampler(table) => found.extend(table.iter().map(|family| (family.name, family.kind))),
            Table::Agent(table) => found.extend(table.iter().map(|family| (family.name, family.kind))),
            Table::Cluster(table) | Table::KubeState(table) => {
                found.extend(table.iter().map(|family| (family.name, family.kind)));
            }
            Table::Snapshot(table) => found.extend(table.iter().map(|family| (family.name, family.kind))),
            // Other exporters' names, which keep no rule; the node's own families have a golden of their own, from
            // a recorded /proc.
            Table::Short(_) | Table::Node(_) => {}
        }
    }
    found
}

fn shown_names() -> String {
    let mut out = String::new();
    for page in Page::ALL {
        let bytes = sample::document(&sample::full(), page, Format::Protobuf, sample::everything());
        writeln!(out, "{}", page.path()).unwrap();
        for family in decode::families(&bytes) {
            let kind = ["counter", "gauge", "", "", "histogram"][family.kind as usize];
            let labels: BTreeSet<String> = family
                .metrics
                .iter()
                .flat_map(|metric| &metric.labels)
                .map(|(name, _)| name.clone())
                .collect();
            let labels: Vec<String> = labels.into_iter().collect();
            writeln!(out, "  {} {kind} {{{}}}", family.name, labels.join(",")).unwrap();
        }
    }
    out
}

#[test]
fn bare_names_come_by_option_alone() {
    let plain = sample::text(Page::Metrics, Format::Text);
    let all = sample::document(&sample::full(), Page::Metrics, Format::Text, sample::everything());
    let all = String::from_utf8(all).unwrap();
    for family in short::FAMILIES {
        let head = format!("# TYPE {} ", family.name);
        assert!(!plain.contains(&head) && all.contains(&head), "{}", family.name);
    }
    assert!(!plain.contains("\nkube_pod_") && all.contains("\nkube_pod_info{"));
}
