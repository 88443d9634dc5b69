//! Scripts of `tests/fixtures/k6`, imported, and what comes of them read as a file.

use std::fs;
use std::path::Path;

use podometer::load::file::{File, Surroundings};
use podometer::load::import::{Imported, import, stand_in};
use podometer::load::shortcuts::Shortcuts;

/// The text of a script that stands beside the tests.
pub(crate) fn script(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/k6").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whatever a script is, what comes of it can be read.
pub(crate) fn imported(name: &str, text: &str) -> Imported {
    let imported = import(Path::new(name), text).unwrap_or_else(|error| panic!("{error}"));
    parsed(&imported.yaml);
    imported
}

/// With files that hold every column that is asked for.
pub(crate) fn parsed(yaml: &str) -> File {
    let read = |path: &Path| Ok(stand_in(path, yaml));
    let surroundings =
        Surroundings { variable: &|_| None, read: &read, overrides: Shortcuts::default(), metrics: &[] };
    File::parse(Path::new("imported.yaml"), yaml, &surroundings)
        .unwrap_or_else(|problems| panic!("{yaml}\n{problems:#?}"))
}

/// What is said of a script, line by line.
pub(crate) fn findings(imported: &Imported) -> String {
    let lines: Vec<String> = imported.findings.iter().map(|finding| format!("{finding}\n")).collect();
    lines.concat()
}
