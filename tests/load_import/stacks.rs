//! The scripts of the stacks: what comes of each is what the built-in profile of its name comes to.

use std::path::Path;

use podometer::load::file::{File, Surroundings};
use podometer::load::profiles::find;
use podometer::load::shortcuts::Shortcuts;

use crate::reading::{findings, imported, parsed, script};
use crate::shown::show;

/// Scripts, and the profiles that say the same.
pub(crate) const SAME: [(&str, &str); 8] = [
    ("continuous.js", "continuous"),
    ("crocodile-test1.js", "crocodile-test1"),
    ("crocodile-test2.js", "crocodile-test2"),
    ("load.js", "load"),
    ("soak.js", "soak"),
    ("spike.js", "spike"),
    ("stress.js", "stress"),
    ("wiremock.js", "wiremock"),
];

fn profile(name: &str) -> File {
    let read = |_: &Path| unreachable!("profiles have no files");
    let surroundings =
        Surroundings { variable: &|_| None, read: &read, overrides: Shortcuts::default(), metrics: &[] };
    File::parse(Path::new(name), find(name).unwrap().text, &surroundings).unwrap()
}

#[test]
fn each_comes_to_the_profile_of_its_name() {
    for (name, profile_name) in SAME {
        let imported = imported(name, &script(name));
        assert!(imported.is_whole(), "{name}\n{}\n{}", findings(&imported), imported.yaml);
        let (ours, theirs) = (show(&parsed(&imported.yaml)), show(&profile(profile_name)));
        for (at, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
            assert_eq!(ours, theirs, "{name}: line {at} of what it comes to\n{}", imported.yaml);
        }
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn a_changed_fact_makes_a_difference() {
    let text = script("load.js").replace("p(95)<500", "p(95)<501");
    let imported = imported("load.js", &text);
    assert_ne!(show(&parsed(&imported.yaml)), show(&profile("load")));
}

/// What the file does not say is said: summaries are asked for on the command line.
#[test]
fn notes_do_not_count_as_missing() {
    let imported = imported("load.js", &script("load.js"));
    let said = findings(&imported);
    assert!(said.contains("handleSummary"), "{said}");
    assert!(said.lines().all(|line| line.contains(": note: ")), "{said}");
}
