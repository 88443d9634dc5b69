//! What can be wrong with a load test. Every message names the place and what is allowed.

use std::fmt;
use std::path::PathBuf;

use super::node::Place;
use crate::model::bounds::OutOfRange;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file of the test, or one that it names.
    pub file: PathBuf,
    /// `None` for what stands nowhere in the file: it is lacking, or comes from flags and environment.
    pub place: Option<Place>,
    pub fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    UnknownKey {
        key: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
    BadValue(OutOfRange),
    /// A part's own words.
    Refused(String),
}

/// Something that is not wrong but has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub file: PathBuf,
    pub place: Place,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(place) = self.place {
            write!(f, ":{place}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.place, self.message)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::UnknownKey { key, nearest: Some(nearest), .. } => {
                write!(f, "unknown key {key}; did you mean {nearest}?")
            }
            Fault::UnknownKey { key, nearest: None, known } => {
                write!(f, "unknown key {key}; known here: {}", known.join(", "))
            }
            Fault::BadValue(found) => found.fmt(f),
            Fault::Refused(message) => f.write_str(message),
        }
    }
}
