//! What could not be taken over, and what is worth a word although it was.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::source::Source;
use super::tree::Extent;
use crate::load::file::Place;

/// Nobody reads more.
const MOST_FINDINGS: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The file lacks something that the script does.
    Missing,
    /// The load is the same; something around it differs.
    Note,
}

/// One statement of a script and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub file: PathBuf,
    pub place: Place,
    pub weight: Weight,
    /// The statement, shortened.
    pub statement: String,
    pub reason: String,
    /// How it is done by hand, where there is a way.
    pub advice: Option<&'static str>,
}

/// Why something is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// Where in the statement, if that is known better.
    pub(super) at: Extent,
    pub(super) reason: String,
    pub(super) advice: Option<&'static str>,
}

pub(super) type Known<T> = Result<T, Gap>;

impl Gap {
    pub(super) fn new(at: Extent, reason: impl Into<String>) -> Gap {
        Gap { at, reason: reason.into(), advice: None }
    }

    pub(super) fn advise(self, advice: &'static str) -> Gap {
        Gap { advice: Some(advice), ..self }
    }
}

/// All that was found so far.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    file: &'a Path,
    source: &'a Source<'a>,
    all: Vec<Finding>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(file: &'a Path, source: &'a Source<'a>) -> Findings<'a> {
        Findings { file, source, all: Vec::new() }
    }

    /// Names that a statement gives another value, by its text: where there is no tree of it.
    pub(super) fn changed_in(&self, statement: Extent) -> BTreeSet<String> {
        let text = self.source.text.get(statement.start..statement.end).unwrap_or_default();
        let name = r"([A-Za-z_$][\w$]*)";
        let behind = r"(?:\.[\w$]+|\[[^\]]*\])*\s*(?:=[^=>]|[-+*/%&|^?]+=[^=]|\+\+|--|\.(?:push|pop|shift|unshift|splice|sort|reverse|fill)\()";
        let mut names = BTreeSet::new();
        for pattern in [format!("{name}{behind}"), format!(r"(?:\+\+|--)\s*{name}")] {
            if let Ok(pattern) = regex::Regex::new(&pattern) {
                let found = pattern.captures_iter(text).filter_map(|found| found.get(1));
                names.extend(found.map(|found| found.as_str().to_owned()));
            }
        }
        names
    }

    /// Takes one in and says it in one line, for the place where the statement would have stood.
    pub(super) fn add(&mut self, statement: Extent, weight: Weight, gap: Gap) -> String {
        // What a function elsewhere could not do is said of the statement that called it.
        let is_within = statement.start <= gap.at.start && gap.at.end <= statement.end;
        let finding = Finding {
            file: self.file.to_owned(),
            place: self.source.place(if is_within { gap.at.start } else { statement.start }),
            weight,
            statement: self.source.excerpt(statement),
            reason: gap.reason,
            advice: gap.advice,
        };
        let comment = finding.comment();
        if self.all.len() < MOST_FINDINGS && !self.all.contains(&finding) {
            self.all.push(finding);
        }
        comment
    }

    /// In the order of the script.
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.all.sort_by_key(|finding| finding.place);
        self.all
    }
}

impl Finding {
    /// As a comment in the file says it.
    pub(super) fn comment(&self) -> String {
        let line = self.place.line;
        match self.weight {
            Weight::Missing => format!("not translated: line {line}: {}: {}", self.statement, self.reason),
            Weight::Note => format!("line {line}: {}", self.reason),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.weight {
            Weight::Missing => "not translated",
            Weight::Note => "note",
        };
        write!(f, "{}:{}: {word}: {}: {}", self.file.display(), self.place, self.statement, self.reason)?;
        match self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}
