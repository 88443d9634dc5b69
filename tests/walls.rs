//! The walls of the house: which module may import which, as ARCHITECTURE.md says; what is pure stays pure; files
//! stay short; maps hold no logic.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longer than 400 lines, with the reason why that is better than two files.
const LONG: [(&str, &str); 1] = [("model/field.rs", "one flat table")];

/// What the pure modules must not touch.
const IMPURE: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::process::Command",
    "tokio",
    "tracing",
    "Instant::now",
    "SystemTime::now",
    "rustix",
];

type Table = BTreeMap<String, BTreeSet<String>>;

/// The table of ARCHITECTURE.md: rows of the section "Allowed imports", each a module and what it may import.
fn allowed() -> Table {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let section = text.split("\n## ").find(|section| section.starts_with("Allowed imports")).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let row = |line: &str| {
        let (module, rest) = line.split_once("` |").unwrap();
        let imports = rest.split('|').next().unwrap_or_default();
        let imports = imports.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (module.to_owned(), imports)
    };
    let table: Table = rows.map(row).collect();
    assert!(table.len() > 5, "the table of allowed imports was not found");
    table
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below src, with its path there.
fn sources() -> Vec<(String, String)> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let src = root().join("src");
    let mut found = Vec::new();
    walk(&src, &mut found);
    assert!(found.len() > 50);
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    found.iter().map(read).collect()
}

/// The code without its comments.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The row of the table that a path of modules belongs to: the longest that it begins with.
fn row_of(modules: &[String], table: &Table) -> Option<String> {
    (1..=modules.len().min(2)).rev().map(|n| modules[..n].join("::")).find(|name| table.contains_key(name))
}

/// What follows each `crate::` in the code, as paths; a group at the top opens into all of its members.
fn crate_paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate` and names that merely end so are other words.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        expand(&code[at + "crate::".len()..], &[], &mut paths);
    }
    paths
}

/// Reads one path, or a braced group of them, behind `prefix`.
fn expand(text: &str, prefix: &[String], paths: &mut Vec<Vec<String>>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let (mut depth, mut start) = (0, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    if !group[start..at].trim().is_empty() {
                        expand(&group[start..at], prefix, paths);
                    }
                    start = at + 1;
                    if c == '}' {
                        return;
                    }
                }
                _ => {}
            }
        }
        return;
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let mut path = prefix.to_vec();
    path.push(text[..end].to_owned());
    match text[end..].strip_prefix("::") {
        Some(rest) if path.len() < 2 => expand(rest, &path, paths),
        _ => paths.push(path),
    }
}

/// Who imports whom: row to row, with the files that do.
fn arrows(table: &Table) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut arrows: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (file, text) in sources() {
        let modules: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        // lib.rs and main.rs name modules without importing from them; a `mod.rs` of modules does no more.
        if modules.len() == 1 {
            continue;
        }
        let Some(from) = row_of(&modules, table) else {
            assert!(file.ends_with("/mod.rs"), "{file}: ARCHITECTURE.md has no row for it");
            continue;
        };
        for path in crate_paths(&code(&text)) {
            let to = row_of(&path, table).unwrap_or_else(|| {
                panic!("{file}: crate::{} has no row in ARCHITECTURE.md", path.join("::"))
            });
            if from != to {
                arrows.entry((from.clone(), to)).or_default().insert(file.clone());
            }
        }
    }
    arrows
}

#[test]
fn every_arrow_is_in_the_table_and_every_permission_is_used() {
    let table = allowed();
    let arrows = arrows(&table);
    assert!(arrows.len() > 20, "{arrows:?}");
    for ((from, to), files) in &arrows {
        assert!(table[from].contains(to), "{files:?}: {from} may not import {to}");
    }
    for (from, imports) in &table {
        for to in imports {
            assert!(table.contains_key(to), "{from} -> {to}: no row for {to}");
            assert!(
                arrows.contains_key(&(from.clone(), to.clone())),
                "{from} -> {to}: allowed, but not used"
            );
        }
    }
}

#[test]
fn every_row_is_a_module_and_every_module_has_a_row() {
    let table = allowed();
    for row in table.keys() {
        let place = root().join("src").join(row.replace("::", "/"));
        assert!(
            place.join("mod.rs").exists() || place.with_extension("rs").exists(),
            "{row}: no such module"
        );
    }
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let has_row = table.keys().any(|row| row.split("::").next() == Some(&name));
        assert!(!path.is_dir() || has_row, "{name}: no row in ARCHITECTURE.md");
    }
}

#[test]
fn the_table_has_no_cycle() {
    let mut left = allowed();
    while !left.is_empty() {
        let free: Vec<String> = left
            .iter()
            .filter(|(_, imports)| imports.iter().all(|import| !left.contains_key(import)))
            .map(|(row, _)| row.clone())
            .collect();
        assert!(!free.is_empty(), "these import each other: {:?}", left.keys());
        for row in free {
            left.remove(&row);
        }
    }
}

#[test]
fn what_is_pure_stays_pure() {
    for (file, text) in sources() {
        let is_injection = file.starts_with("inject/") && !file.starts_with("inject/serve/");
        if file.starts_with("model/") || file.starts_with("encode/") || is_injection {
            let code = code(&text);
            for word in IMPURE {
                assert!(!code.contains(word), "{file}: {word} in a pure module");
            }
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    for (file, text) in sources() {
        let lines = text.lines().count();
        let is_known = LONG.iter().any(|&(name, reason)| name == file && !reason.is_empty());
        assert!(lines <= 400 || is_known, "{file}: {lines} lines; split it");
        assert!(lines > 400 || !is_known, "{file}: is short again; strike it from the list");
        // Files of tests that another file includes carry its description.
        let is_included = file.ends_with("tests.rs") || file.ends_with("_test.rs");
        assert!(is_included || text.starts_with("//!"), "{file}: does not say what it is for");
    }
    for (name, _) in LONG {
        assert!(root().join("src").join(name).exists(), "{name}: no such file; strike it from the list");
    }
}

#[test]
fn maps_hold_no_logic() {
    for (file, text) in sources() {
        if file == "lib.rs" || file.ends_with("mod.rs") {
            let code = code(&text);
            let logic =
                code.lines().find(|line| line.split_whitespace().any(|word| word == "fn" || word == "impl"));
            assert_eq!(logic, None, "{file}");
        }
    }
}

#[test]
fn paths_are_found_in_every_form_of_use() {
    let found =
        |text: &str| -> Vec<String> { crate_paths(text).into_iter().map(|path| path.join("::")).collect() };
    assert_eq!(found("use crate::model::unit::Unit;"), ["model::unit"]);
    assert_eq!(
        found("use crate::config::{self, Config, Loaded};"),
        ["config::self", "config::Config", "config::Loaded"]
    );
    assert_eq!(found("let x = crate::encode::document(y);"), ["encode::document"]);
    let grouped = "use crate::{model::{a, b::c}, source::cgroup::Tree};";
    assert_eq!(found(grouped), ["model::a", "model::b", "source::cgroup"]);
    assert_eq!(found("use crate::{\n    sampler,\n    server,\n};"), ["sampler", "server"]);
}
