//! What could not be taken over, and what is worth a word although it was.

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

    /// Takes one in and says it in one line, for the place where the statement would have stood.
    pub(super) fn add(&mut self, statement: Extent, weight: Weight, gap: Gap) -> String {
        let finding = Finding {
            file: self.file.to_owned(),
            place: self.source.place(if gap.at == Extent::default() { statement.start } else { gap.at.start }),
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
