//! promtool reads what we write. On CI it must be there; elsewhere its absence is said aloud.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use podometer::encode::prometheus::{Format, Options, Page};
use podometer::encode::schema::Kind;
use podometer::encode::schema::node;

use super::golden::assert_golden;
use super::{promtool, sample};

/// What `promtool check metrics` says, or `None` where it is not installed.
fn complaints(text: &[u8]) -> Option<String> {
    let promtool = std::env::var("PROMTOOL").unwrap_or_else(|_| "promtool".to_owned());
    if Command::new(&promtool).arg("--version").output().is_err() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "{promtool} is missing on CI (Debian: prometheus)"
        );
        eprintln!("SKIPPED: {promtool} is missing; install Debian's prometheus to run this test");
        return None;
    }
    Some(promtool::check(Path::new(&promtool), text).1)
}

#[test]
fn promtool_finds_nothing_to_say() {
    for page in Page::ALL.into_iter().filter(|page| *page != Page::Node) {
        for pod_rows in [false, true] {
            let kube_state_metrics_names = pod_rows;
            let options =
                Options { cadvisor_pod_rows: pod_rows, kube_state_metrics_names, ..Options::default() };
            let text = sample::document(&sample::full(), page, Format::Text, options);
            let Some(said) = complaints(&text) else { return };
            assert!(said.is_empty(), "{page:?}: {said}");
        }
    }
}

/// The golden file lists each name that node_exporter chose against promtool's taste, and why.
#[test]
fn promtool_complains_of_node_exporters_own_names_alone() {
    let mut text = String::new();
    for family in node::FAMILIES {
        let kind = if family.kind == Kind::Counter { "counter" } else { "gauge" };
        let (name, help) = (family.name, family.help);
        write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} 1\n").unwrap();
    }
    let Some(said) = complaints(text.as_bytes()) else { return };
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    assert_golden("promtool_node.txt", &(lines.join("\n") + "\n"));
}
