//! Where values come from, lowest first: file, environment, `--set`. Each value keeps its origin, so that
//! a complaint can name it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use ::config::{ConfigError, FileFormat, Map, Source, Value, ValueKind};

use super::problem::Problem;

/// What `PODOMETER__SECTION__KEY` starts with.
const PREFIX: &str = "PODOMETER__";
const MAX_FILE_BYTES: u64 = 1 << 20;

/// All places that settings are taken from. Kept, so that a reload reads the same places again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    pub file: Option<PathBuf>,
    /// Names and values; those that do not start with `PODOMETER__` are passed over.
    pub environment: Vec<(String, String)>,
    /// `section.key=value` each; later ones win.
    pub set: Vec<String>,
}

impl Sources {
    /// A file and `--set` arguments, above this process's environment.
    pub fn new(file: Option<PathBuf>, set: Vec<String>) -> Sources {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        Sources { file, environment, set }
    }
}

/// Where one value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    File(PathBuf),
    /// The variable's whole name.
    Environment(String),
    Set,
    /// Nowhere: the default does not go with the rest.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path) => path.display().fmt(f),
            Origin::Environment(name) => f.write_str(name),
            Origin::Set => f.write_str("--set"),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// One written value: a scalar or a list.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// The values in force, by path.
#[derive(Debug, Default)]
pub(super) struct Leaves(pub(super) BTreeMap<Vec<String>, Leaf>);

impl Leaves {
    /// Reads every source. What cannot be read is reported and left out.
    pub(super) fn read(sources: &Sources, problems: &mut Vec<Problem>) -> Leaves {
        let mut leaves = Leaves::default();
        if let Some(path) = &sources.file {
            match read_file(path) {
                Ok(table) => {
                    leaves.put(Vec::new(), ValueKind::Table(table).into(), &Origin::File(path.clone()));
                }
                Err(problem) => problems.push(*problem),
            }
        }
        let mut environment: Vec<_> = sources.environment.iter().collect();
        environment.sort();
        for (name, text) in environment {
            let Some(key) = name.strip_prefix(PREFIX) else { continue };
            let path = key.split("__").map(str::to_lowercase).collect();
            leaves.put_text(path, text, &Origin::Environment(name.clone()), problems);
        }
        for argument in &sources.set {
            match argument.split_once('=') {
                Some((key, text)) => {
                    let path = key.trim().split('.').map(str::to_owned).collect();
                    leaves.put_text(path, text.trim(), &Origin::Set, problems);
                }
                None => problems.push(Problem::Set { text: argument.clone() }),
            }
        }
        leaves
    }

    fn put_text(&mut self, path: Vec<String>, text: &str, origin: &Origin, problems: &mut Vec<Problem>) {
        // A list or a table is written in YAML's flow style; everything else is one plain value.
        if !text.starts_with(['[', '{']) {
            let kind = if text.is_empty() { ValueKind::Nil } else { ValueKind::String(text.to_owned()) };
            return self.put(path, kind.into(), origin);
        }
        match parse_yaml(&format!("value: {text}")) {
            Ok(mut table) => {
                self.put(path, table.remove("value").unwrap_or_else(|| ValueKind::Nil.into()), origin);
            }
            Err(error) => {
                let place = format!("{origin}: {}", path.join("."));
                problems.push(Problem::Malformed { place, message: message_of(&error) });
            }
        }
    }

    /// Takes one value over what lies below it; a table is taken apart. A key without a value stands for
    /// its default.
    fn put(&mut self, path: Vec<String>, value: Value, origin: &Origin) {
        match value.kind {
            ValueKind::Table(table) => {
                for (key, value) in table {
                    let mut path = path.clone();
                    path.push(key);
                    self.put(path, value, origin);
                }
            }
            ValueKind::Nil => self.0.retain(|below, _| !below.starts_with(&path)),
            kind => {
                self.0.retain(|other, _| !other.starts_with(&path) && !path.starts_with(other));
                self.0.insert(path, Leaf { value: kind.into(), origin: origin.clone() });
            }
        }
    }

    /// All leaves as one tree.
    pub(super) fn tree(&self) -> Value {
        fn insert(table: &mut Map<String, Value>, path: &[String], value: &Value) {
            let Some((first, rest)) = path.split_first() else { return };
            if rest.is_empty() {
                table.insert(first.clone(), value.clone());
                return;
            }
            let below = table.entry(first.clone()).or_insert_with(|| ValueKind::Table(Map::new()).into());
            if let ValueKind::Table(below) = &mut below.kind {
                insert(below, rest, value);
            }
        }
        let mut root = Map::new();
        for (path, leaf) in &self.0 {
            insert(&mut root, path, &leaf.value);
        }
        ValueKind::Table(root).into()
    }
}

fn read_file(path: &Path) -> Result<Map<String, Value>, Box<Problem>> {
    let unreadable = |error| Box::new(Problem::Unreadable { path: path.to_owned(), error });
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if read as u64 > MAX_FILE_BYTES {
        return Err(Box::new(Problem::TooLarge { path: path.to_owned(), limit: MAX_FILE_BYTES }));
    }
    parse_yaml(&text).map_err(|error| {
        let (place, message) = place_of(path, &message_of(&error));
        Box::new(Problem::Malformed { place, message })
    })
}

fn parse_yaml(text: &str) -> Result<Map<String, Value>, ConfigError> {
    // A file of comments alone is an empty document, which the parser takes for a value that is no table.
    let empty = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.lines().all(empty) {
        return Ok(Map::new());
    }
    ::config::File::from_str(text, FileFormat::Yaml).collect()
}

fn message_of(error: &ConfigError) -> String {
    match error {
        ConfigError::FileParse { cause, .. } => cause.to_string(),
        other => other.to_string(),
    }
}

/// The parser's "... at byte B line L column C" as the `file:line:column` that editors jump to.
fn place_of(path: &Path, message: &str) -> (String, String) {
    let file = path.display();
    let found = message.rsplit_once(" at byte ").and_then(|(what, place)| {
        let (_, place) = place.split_once(" line ")?;
        let (line, column) = place.split_once(" column ")?;
        Some((format!("{file}:{line}:{column}"), what.to_owned()))
    });
    found.unwrap_or_else(|| (file.to_string(), message.to_owned()))
}
