//! What a load test is of: a file, a built-in one, or a URL.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::load::file::{File, Problem, Surroundings};
use crate::load::profiles::{self, Profile};
use crate::model::nearest::nearest;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    File(PathBuf),
    BuiltIn(&'static Profile),
    Url(&'a str),
}

impl Target<'_> {
    /// Whatever has `://` is a URL; a name of a built-in one means that, unless it is written as a path.
    pub(super) fn of(text: &str) -> Result<Target<'_>, String> {
        if text.contains("://") {
            return Ok(Target::Url(text));
        }
        if let Some(profile) = profiles::find(text) {
            return Ok(Target::BuiltIn(profile));
        }
        let path = Path::new(text);
        if path.exists() || text.contains(['/', '.']) {
            return Ok(Target::File(path.to_owned()));
        }
        let names = profiles::ALL.map(|profile| profile.name);
        let meant = match nearest(text, names) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("built in are {}", names.join(", ")),
        };
        Err(format!("{text}: neither a file nor a built-in load test; {meant}"))
    }

    pub(super) fn load(&self, surroundings: &Surroundings<'_>) -> Result<File, Vec<Problem>> {
        match self {
            Target::File(path) => File::load(path, surroundings),
            Target::BuiltIn(profile) => File::parse(Path::new(profile.name), profile.text, surroundings),
            Target::Url(url) => File::of_url(url, surroundings),
        }
    }
}

/// `NAME=VALUE` each.
pub(super) fn words(given: &[String], problems: &mut Vec<String>) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    for text in given {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                words.insert(name.to_owned(), value.to_owned());
            }
            // The value may be a secret.
            _ => problems.push("--env: a word has no \"=\" or no name; allowed: NAME=VALUE".to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_apart() {
        let stress = Target::BuiltIn(profiles::find("stress").unwrap());
        for (text, expected) in [
            ("stress", Ok(stress)),
            ("./stress", Ok(Target::File("./stress".into()))),
            ("no-such.yaml", Ok(Target::File("no-such.yaml".into()))),
            ("http://stress", Ok(Target::Url("http://stress"))),
        ] {
            assert_eq!(Target::of(text), expected, "{text}");
        }
        assert!(Target::of("stres").unwrap_err().ends_with("did you mean stress?"));
        assert!(Target::of("h").unwrap_err().contains("built in are continuous, "));
    }

    #[test]
    fn words_have_names() {
        let mut problems = Vec::new();
        let given = ["A=1", "B=x=y", "=z", "secret"].map(str::to_owned);
        let found = words(&given, &mut problems);
        assert_eq!((found["A"].as_str(), found["B"].as_str(), found.len()), ("1", "x=y", 2));
        assert_eq!(problems.len(), 2);
        assert!(!problems.join("").contains("secret"));
    }
}
