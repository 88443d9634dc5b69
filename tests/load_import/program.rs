//! The command: where the file goes, what is said, and the exit code.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::reading::parsed;

fn import(arguments: &[&str], directory: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args(["load", "import"]).args(arguments).current_dir(directory).output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const WHOLE: &str = "import http from 'k6/http';\nexport default () => { http.get('http://h/'); };\n";
const PART: &str =
    "import http from 'k6/http';\nexport default () => {\n  http.get('http://h/');\n  while (true) {}\n};\n";

#[test]
fn a_whole_script_goes_to_standard_output() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("s.js"), WHOLE).unwrap();
    let output = import(&["s.js"], directory.path());
    assert_eq!((output.status.code(), said(&output.stderr).as_str()), (Some(0), ""));
    assert_eq!(parsed(&said(&output.stdout)).plans.len(), 1);
}

#[test]
fn what_is_missing_is_told_and_the_rest_is_written() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("s.js"), PART).unwrap();
    let output = import(&["s.js", "-o", "s.yaml"], directory.path());
    assert_eq!(output.status.code(), Some(1));
    let told = said(&output.stderr);
    assert!(told.contains("s.js:4:3: not translated: while (true) {}: "), "{told}");
    let yaml = fs::read_to_string(directory.path().join("s.yaml")).unwrap();
    assert!(yaml.contains("# not translated: line 4: while (true) {}"), "{yaml}");
    assert_eq!(parsed(&yaml).plans[0].flow.steps.len(), 1);
    let output = import(&["s.js", "-o", "strict.yaml", "--strict"], directory.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(!directory.path().join("strict.yaml").exists());
}

#[test]
fn what_is_no_script_is_refused_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    for (text, place) in [
        ("export default function () {\n  http.get(;\n}\n", "s.js:2:12: "),
        ("(".repeat(20_000).as_str(), "s.js:1:"),
    ] {
        fs::write(directory.path().join("s.js"), text).unwrap();
        let output = import(&["s.js"], directory.path());
        let told = said(&output.stderr);
        assert_eq!((output.status.code(), said(&output.stdout).as_str()), (Some(64), ""), "{told}");
        assert!(told.contains(place), "{told}");
    }
    let output = import(&["none.js"], directory.path());
    assert_eq!(output.status.code(), Some(64));
}
