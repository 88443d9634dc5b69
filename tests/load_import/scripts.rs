//! Small scripts in the manner of k6's examples: what comes of each, and what is said of it, whole.

use crate::golden;
use crate::reading::{findings, imported, parsed, script};
use crate::shown::show;

/// Scripts of `tests/fixtures/k6`, and how many of their statements are missing in the file.
const ROWS: [(&str, usize); 34] = [
    ("arrows.js", 0),
    ("async.js", 2),
    ("auth.js", 2),
    ("basic_get.js", 0),
    ("batch.js", 0),
    ("browser.js", 3),
    ("checks.js", 0),
    ("checks_beyond.js", 9),
    ("cookies.js", 2),
    ("counters.js", 1),
    ("data_csv.js", 0),
    ("data_json.js", 1),
    ("env.js", 1),
    ("environment_arithmetic.js", 2),
    ("exec_functions.js", 0),
    ("expected_statuses.js", 0),
    ("flow_control.js", 3),
    ("form.js", 0),
    ("group.js", 0),
    ("grpc.js", 4),
    ("helpers.js", 0),
    ("lists.js", 0),
    ("login.js", 0),
    ("loops.js", 1),
    ("methods.js", 0),
    ("metrics.js", 1),
    ("mix.js", 0),
    ("options.js", 2),
    ("post_json.js", 0),
    ("random.js", 1),
    ("setup.js", 0),
    ("spread.js", 0),
    ("strings.js", 0),
    ("url_names.js", 0),
];

/// For those that change scripts by chance.
pub(crate) const NAMES: [&str; 12] = [
    "batch.js",
    "checks.js",
    "continuous.js",
    "data_csv.js",
    "form.js",
    "lists.js",
    "load.js",
    "login.js",
    "loops.js",
    "mix.js",
    "setup.js",
    "strings.js",
];

#[test]
fn each_comes_to_its_file() {
    let mut wrong = Vec::new();
    for (name, missing) in ROWS {
        let imported = imported(name, &script(name));
        let said = findings(&imported);
        let stem = name.trim_end_matches(".js");
        golden::check(&format!("import/{stem}.yaml"), &imported.yaml);
        golden::check(&format!("import/{stem}.txt"), &said);
        let found = said.lines().filter(|line| line.contains(": not translated: ")).count();
        assert_eq!(imported.is_whole(), found == 0, "{name}");
        if found != missing {
            wrong.push(format!("{name}: {found} in place of {missing}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Every finding leaves a comment that names its line.
#[test]
fn what_is_missing_is_marked_in_the_file() {
    for (name, missing) in ROWS {
        let imported = imported(name, &script(name));
        let marks = imported
            .yaml
            .lines()
            .filter(|line| line.trim_start().starts_with("# not translated: line "))
            .count();
        assert_eq!(marks > 0, missing > 0, "{name}\n{}", imported.yaml);
        for finding in &imported.findings {
            let mark = format!("line {}", finding.place.line);
            assert!(imported.yaml.contains(&mark), "{name}: {mark}\n{}", imported.yaml);
        }
    }
}

/// The same script gives the same file, and what it comes to does not depend on the order of its functions.
#[test]
fn order_of_declarations_does_not_matter() {
    let text = script("helpers.js");
    let (head, tail) = text.split_once("// ---\n").unwrap();
    let (imports, functions) = head.split_once("// --\n").unwrap();
    let turned = format!("{imports}{tail}\n{functions}");
    let (one, other) = (imported("a.js", &text), imported("a.js", &turned));
    assert_eq!(show(&parsed(&one.yaml)), show(&parsed(&other.yaml)));
}
