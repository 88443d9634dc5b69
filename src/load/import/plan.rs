//! What the file will say, before it is written: requests, and the steps around them.

use super::claim::Claim;
use super::tree::Extent;
use super::value::{Text, Value};
use super::yaml::Yaml;

/// One request. Steps know it by its index, so that what a script says later of its answer can be added.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) at: Extent,
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) name: Option<String>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Body>,
    pub(super) cookies: Vec<(String, String)>,
    pub(super) redirects: Option<f64>,
    pub(super) auth: Option<(String, String)>,
    pub(super) timeout: Option<String>,
    pub(super) expect: Option<Vec<String>>,
    pub(super) checks: Vec<(String, Vec<Claim>)>,
    /// Variables and where they come from.
    pub(super) extract: Vec<(String, Yaml)>,
    pub(super) records: Vec<(String, Sample)>,
    /// The list of steps in which it stands: what another one says of its answer is said under a condition.
    pub(super) frame: usize,
    pub(super) comments: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Text(String),
    File(String),
    /// A value as JSON.
    Json(Yaml),
    /// A list for a name that comes several times.
    Form(Vec<(String, Vec<String>)>),
}

/// A sample of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sample {
    /// One that a file of ours knows.
    Known(String),
    /// 1 where the condition holds: it must be found out whether `failed` or `passed` says the same.
    Holds { at: Extent, claims: Vec<Claim>, is_negated: bool },
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Request(usize),
    Group(String, Steps),
    Sleep(String),
    Batch(Vec<usize>),
    Mix(Vec<(u32, Steps)>),
    Repeat(u32, Steps),
    /// A draw that may have to be kept under a name.
    Kept(usize),
    Record(String, String),
    Fail(String),
    Abort(String),
    Flow(String),
}

pub(super) type Steps = Vec<Line>;

/// A step with what is said about it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) at: Extent,
    pub(super) comments: Vec<String>,
    /// `None` for comments alone.
    pub(super) step: Option<Step>,
}

/// A draw or pick that gets a step of its own once something names it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) name: String,
    /// `None` until it is used.
    pub(super) value: Option<KeptValue>,
}

#[derive(Clone, Debug)]
pub(super) enum KeptValue {
    Text(Text),
    /// One of these by chance: names and texts of each.
    OneOf(Vec<Vec<(String, String)>>),
}

/// A metric of the script's own.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) is_time: bool,
    pub(super) at: Extent,
}

/// Rows out of a file.
#[derive(Clone, Debug)]
pub(super) struct Dataset {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) order: &'static str,
    pub(super) at: Extent,
}

/// A part of the script at the top of the file: its options.
#[derive(Clone, Debug)]
pub(super) struct Top {
    pub(super) at: Extent,
    pub(super) value: Value,
}
