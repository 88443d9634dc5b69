//! deploy's pages name files, directories, dashboards and alerts: all of them are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PAGES: [&str; 6] = [
    "deploy/README.md",
    "deploy/docs/from-exporter-sidecar.md",
    "deploy/docs/from-jmeter-starterkit.md",
    "deploy/docs/from-k6-statsd.md",
    "deploy/docs/from-telegraf.md",
    "deploy/docs/where-it-is-now.md",
];

/// What stands for a directory in where-it-is-now.md.
const SHORT: [(&str, &str); 2] = [("o/", "deploy/overlays/"), ("d/", "deploy/grafana/dashboards/")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Words of letters, digits and what paths have.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    text.split(move |c: char| !is_part(c)).map(|word| word.trim_end_matches(['.', '/']))
}

/// Each path that a page names, from the repository's root.
fn paths(page: &str, text: &str) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    for word in words(text) {
        // A word in capitals stands for a name of the reader's.
        if word.rsplit('/').next().is_some_and(|last| last.chars().all(|c| c.is_ascii_uppercase())) {
            continue;
        }
        if word.starts_with("deploy/") {
            paths.insert(PathBuf::from(word));
        }
        for (short, long) in SHORT {
            if let Some(rest) = word.strip_prefix(short) {
                paths.insert(Path::new(long).join(rest));
            }
        }
    }
    for link in text.split("](").skip(1) {
        let link = link.split([')', '#']).next().unwrap_or_default();
        if !link.is_empty() && !link.contains("://") {
            paths.insert(Path::new(page).parent().unwrap().join(link));
        }
    }
    paths
}

#[test]
fn every_path_is_there() {
    let mut count = 0;
    let mut missing = Vec::new();
    for page in PAGES {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for path in paths(page, &text) {
            count += 1;
            if !root().join(&path).exists() {
                missing.push(format!("{page}: {}", path.display()));
            }
        }
    }
    assert!(count > 60, "{count} paths alone were found");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_component_of_the_agent_is_told_of() {
    let text = fs::read_to_string(root().join("deploy/README.md")).unwrap();
    let told: BTreeSet<&str> = text
        .lines()
        .skip_while(|line| !line.contains("deploy/agent/components/`"))
        .skip(2)
        .map_while(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let entries = fs::read_dir(root().join("deploy/agent/components")).unwrap();
    let there: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(told, there.iter().map(String::as_str).collect());
}

#[test]
fn every_alert_is_there() {
    let rules = fs::read_dir(root().join("deploy/prometheus/rules")).unwrap();
    let rules: String = rules.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    let mut count = 0;
    for page in PAGES {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for word in text.split('`').skip(1).step_by(2) {
            let is_alert =
                ["ContinuousLoad", "HighPod", "LoadGenerator"].iter().any(|start| word.starts_with(start));
            if is_alert {
                count += 1;
                assert!(rules.contains(&format!("alert: {word}\n")), "{page}: {word}");
            }
        }
    }
    assert!(count >= 8, "{count} alerts alone were found");
}
