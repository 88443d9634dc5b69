//! From layers to one checked configuration, or to everything that is wrong with it at once.

use std::path::PathBuf;

use ::config::{ConfigError, ValueKind};

use super::layers::{Leaf, Leaves, Origin, Sources};
use super::problem::Problem;
use super::whole::Config;
use crate::model::nearest::nearest;

/// A configuration that every part can work with.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    /// The file it came from: the one to watch for changes.
    pub file: Option<PathBuf>,
}

/// Reads, layers and checks all sources. Can be called again at any time; nothing is kept between calls.
pub fn load(sources: &Sources) -> Result<Loaded, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut leaves = Leaves::read(sources, &mut problems);
    let config = deserialize(&mut leaves, &mut problems);
    if let Some(config) = &config {
        problems.extend(config.validate().into_iter().map(|found| {
            let leaf = leaf_at(&leaves, &found.key);
            // As it was written, unless the part hides it.
            let shown = leaf.and_then(written).filter(|_| found.value != "***");
            Problem::BadValue {
                origin: leaf.map_or(Origin::Default, |leaf| leaf.origin.clone()),
                key: found.key.clone(),
                value: shown.unwrap_or_else(|| format!("\"{}\"", found.value)),
                reason: found.reason,
                allowed: found.allowed,
            }
        }));
    }
    let refusals = config.iter().flat_map(|config| config.sinks.refusals(&config.spool));
    problems.extend(refusals.map(|(key, message)| Problem::Refused {
        origin: leaf_at(&leaves, &key).map_or(Origin::Default, |leaf| leaf.origin.clone()),
        message,
    }));
    match config {
        Some(config) if problems.is_empty() => Ok(Loaded { config, file: sources.file.clone() }),
        _ => Err(problems),
    }
}

/// A leaf that does not fit is reported and taken out, until the rest fits: so one call finds them all.
fn deserialize(leaves: &mut Leaves, problems: &mut Vec<Problem>) -> Option<Config> {
    loop {
        let error = match serde_path_to_error::deserialize::<_, Config>(leaves.tree()) {
            Ok(config) => return Some(config),
            Err(error) => error,
        };
        let path = error.path().to_string();
        let (reason, allowed) = reason_of(error.inner());
        let unknown = reason.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
        let key = match unknown {
            Some((name, _)) if !ends_with_segment(&path, name) => join(&path, name),
            _ => path,
        };
        // An unknown section is one complaint, whatever stands in it.
        let leaf = leaves
            .0
            .extract_if(.., |place, _| covers(place, &key))
            .fold(None, |first, (_, leaf)| first.or(Some(leaf)));
        let origin = leaf.as_ref().map_or(Origin::Default, |leaf| leaf.origin.clone());
        problems.push(if let Some((name, rest)) = unknown {
            let known = quoted(rest);
            let parent = key.strip_suffix(name).unwrap_or_default();
            let nearest = nearest(name, &known).map(|near| format!("{parent}{near}"));
            Problem::UnknownKey { origin, key, nearest, known }
        } else {
            // What is lacking is not wrong with the value that is there.
            let shown = leaf.as_ref().filter(|_| !matches!(error.inner(), ConfigError::NotFound(_)));
            let value = shown.and_then(written).unwrap_or_default();
            let choice = leaf.as_ref().and_then(|leaf| choice_of(&key, leaf));
            let (reason, allowed) = choice.unwrap_or((reason, allowed));
            Problem::BadValue { origin, key, value, reason, allowed }
        });
        // Without a leaf to take out the next round would find the same.
        leaf?;
    }
}

/// What is wrong, and what is allowed instead.
fn reason_of(error: &ConfigError) -> (String, String) {
    let refused = |text: &str| (format!("is refused: {text}"), "see podometer config default".to_owned());
    match error {
        ConfigError::At { error, .. } => reason_of(error),
        ConfigError::Type { expected, .. } => unlike(expected),
        ConfigError::Message(text) if text.starts_with("unknown field") => (text.clone(), String::new()),
        ConfigError::Message(text) => match text.split_once(", expected ") {
            Some((_, expected)) => unlike(expected),
            None => refused(text),
        },
        ConfigError::NotFound(key) => {
            (format!("lacks {}", key.rsplit('.').next().unwrap_or(key)), "all keys of the section".to_owned())
        }
        other => refused(&other.to_string()),
    }
}

fn unlike(expected: &str) -> (String, String) {
    let expected = if expected == "a sequence" { "a list such as [a, b]" } else { expected };
    (format!("is not {expected}"), expected.to_owned())
}

/// What is allowed for a key that takes one of some words. The layering crate does not tell them, so the
/// key alone is asked for in JSON, whose reader does.
fn choice_of(key: &str, leaf: &Leaf) -> Option<(String, String)> {
    let ValueKind::String(text) = &leaf.value.kind else { return None };
    let document =
        key.rsplit('.').fold(serde_json::json!(text), |below, name| serde_json::json!({ name: below }));
    let message = serde_json::from_value::<Config>(document).err()?.to_string();
    let (_, known) = message.strip_prefix("unknown variant `")?.split_once('`')?;
    Some(("is not known".to_owned(), quoted(known).join(", ")))
}

/// True when the leaf holds the key: `sinks.influxdb` covers `sinks.influxdb[0].url`, and a key that is
/// itself unknown covers what stands below it.
fn covers(leaf: &[String], key: &str) -> bool {
    let leaf = leaf.join(".");
    let inside = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    inside(&leaf, key) || inside(key, &leaf)
}

fn leaf_at<'a>(leaves: &'a Leaves, key: &str) -> Option<&'a Leaf> {
    leaves.0.iter().find(|(path, _)| covers(path, key)).map(|(_, leaf)| leaf)
}

/// The value as it was written; none for lists, which may hold anything.
fn written(leaf: &Leaf) -> Option<String> {
    match &leaf.value.kind {
        ValueKind::Table(_) | ValueKind::Array(_) => None,
        _ => Some(format!("\"{}\"", leaf.value)),
    }
}

fn ends_with_segment(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() || path == "." { name.to_owned() } else { format!("{path}.{name}") }
}

/// The names between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
