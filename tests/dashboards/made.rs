//! The files that Grafana reads are what the tables make, and keep what Grafana and Kubernetes ask of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::board::board;
use super::table::Table;

/// What one object may hold besides its annotations, so that `kubectl apply` takes it.
const APPLIED_BYTES: usize = 262_144 * 9 / 10;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/grafana")
}

/// Every table by its name.
pub(crate) fn tables() -> Vec<(String, Table)> {
    let entries = fs::read_dir(folder().join("tables")).unwrap().map(|entry| entry.unwrap().path());
    let mut tables: Vec<(String, Table)> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, Table::parse(&fs::read_to_string(&path).unwrap()))
        })
        .collect();
    tables.sort_by(|a, b| a.0.cmp(&b.0));
    tables
}

#[test]
fn the_files_are_what_the_tables_make() {
    let mut made = BTreeSet::new();
    for (name, table) in tables() {
        let path = folder().join("dashboards").join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(&board(&table)).unwrap() + "\n";
        assert!(text.len() < APPLIED_BYTES, "{name}: {} bytes are too many for kubectl apply", text.len());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == text, "{}: UPDATE_GOLDEN=1 makes it anew", path.display());
        made.insert(format!("{name}.json"));
    }
    let kept = fs::read_dir(folder().join("dashboards")).unwrap();
    let kept: BTreeSet<String> =
        kept.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(kept, made, "a dashboard without a table, or a table without a dashboard");
}

#[test]
fn each_has_its_own_uid_and_titles_and_one_known_source() {
    let mut uids = BTreeSet::new();
    for (name, table) in tables() {
        assert!(!table.uid.is_empty() && table.uid.len() <= 40, "{name}: {:?} is no uid", table.uid);
        assert!(uids.insert(table.uid.clone()), "{name}: the uid {} is another's", table.uid);
        assert!(!table.title.is_empty() && !table.about.is_empty() && !table.tags.is_empty(), "{name}");
        for panel in table.panels() {
            let known = ["prometheus", "influx-telegraf", "influxdb-k6"];
            assert!(known.contains(&&*panel.source), "{name}: {}: source {}", panel.title, panel.source);
            assert!(!panel.asks.is_empty(), "{name}: {} asks nothing", panel.title);
        }
    }
}

/// Each dashboard has a ConfigMap of its own, of a name that does not change with its content.
#[test]
fn the_kustomization_makes_a_config_map_of_each() {
    let text = fs::read_to_string(folder().join("kustomization.yaml")).unwrap();
    assert!(text.contains("disableNameSuffixHash: true"));
    for (name, _) in tables() {
        let (map, file) = (format!("- name: dashboard-{name}\n"), format!("- dashboards/{name}.json\n"));
        assert!(text.contains(&map) && text.contains(&file), "kustomization.yaml lacks {name}");
    }
}
