//! Takes points, tags and fields out of encoded lines, by the rules and under the names of Telegraf's filters.
//!
//! Telegraf's order: `namepass` and `namedrop`, `tagpass` and `tagdrop`, then fields, then tags. Source: Telegraf
//! `docs/CONFIGURATION.md`, "Metric Filtering". What is no line of the protocol passes as it is.

use std::collections::BTreeMap;

use super::fragments::{Fragments, Pair, plain};
use super::glob::Glob;

/// What passes. Every list holds patterns with `*`, `?` and `[abc]`; an empty one rules nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FilterConfig {
    /// Measurements that are written; without any, all.
    pub namepass: Vec<String>,
    /// Measurements that are not written.
    pub namedrop: Vec<String>,
    /// Points that are written, by tag: one of these tags must have one of its values.
    pub tagpass: BTreeMap<String, Vec<String>>,
    /// Points that are not written, by tag.
    pub tagdrop: BTreeMap<String, Vec<String>>,
    /// Fields that are written; without any, all. A point without a field is not written.
    pub fieldinclude: Vec<String>,
    /// Fields that are not written.
    pub fieldexclude: Vec<String>,
    /// Telegraf's older name of fieldinclude; what stands in both counts.
    pub fieldpass: Vec<String>,
    /// Telegraf's older name of fieldexclude; what stands in both counts.
    pub fielddrop: Vec<String>,
    /// Tags that are written; without any, all.
    pub taginclude: Vec<String>,
    /// Tags that are not written.
    pub tagexclude: Vec<String>,
}

/// Which key holds a pattern that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("filter.{key} pattern {pattern:?} {reason}")]
    Pattern { key: String, pattern: String, reason: &'static str },
    /// Nothing would ever match it, so that all or nothing passed.
    #[error("filter.{key} has no pattern; allowed is a list such as [a*, b]")]
    Empty { key: String },
}

/// The rules, ready to be applied.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    names: Rule,
    tag_pass: Vec<(String, Vec<Glob>)>,
    tag_drop: Vec<(String, Vec<Glob>)>,
    fields: Rule,
    tags: Rule,
}

/// What is included and not excluded.
#[derive(Clone, Debug, Default)]
struct Rule {
    include: Vec<Glob>,
    exclude: Vec<Glob>,
}

impl Filter {
    pub fn new(config: &FilterConfig) -> Result<Filter, FilterError> {
        let both = |key, list: &[String], older, other: &[String]| {
            Ok([globs(key, list)?, globs(older, other)?].concat())
        };
        Ok(Filter {
            names: Rule {
                include: globs("namepass", &config.namepass)?,
                exclude: globs("namedrop", &config.namedrop)?,
            },
            tag_pass: by_tag("tagpass", &config.tagpass)?,
            tag_drop: by_tag("tagdrop", &config.tagdrop)?,
            fields: Rule {
                include: both("fieldinclude", &config.fieldinclude, "fieldpass", &config.fieldpass)?,
                exclude: both("fieldexclude", &config.fieldexclude, "fielddrop", &config.fielddrop)?,
            },
            tags: Rule {
                include: globs("taginclude", &config.taginclude)?,
                exclude: globs("tagexclude", &config.tagexclude)?,
            },
        })
    }

    /// True when everything passes.
    pub fn is_empty(&self) -> bool {
        let rules = [&self.names, &self.fields, &self.tags];
        rules.iter().all(|rule| rule.is_empty()) && self.tag_pass.is_empty() && self.tag_drop.is_empty()
    }

    /// What passes of `lines`, and how many points did not.
    pub fn apply(&self, lines: Vec<u8>) -> (Vec<u8>, u64) {
        if self.is_empty() {
            return (lines, 0);
        }
        let mut passed = Vec::with_capacity(lines.len());
        let mut found = Fragments::default();
        let mut filtered = 0;
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            if !found.find(line) {
                passed.extend_from_slice(line);
            } else if self.passes(&found) {
                let before = passed.len();
                if !self.write(&found, line, &mut passed) {
                    passed.truncate(before);
                    filtered += 1;
                }
            } else {
                filtered += 1;
            }
        }
        (passed, filtered)
    }

    /// Whether the point as a whole passes, by its name and tags.
    fn passes(&self, found: &Fragments<'_>) -> bool {
        let any = |rules: &[(String, Vec<Glob>)]| {
            found.tags.iter().any(|(key, value)| {
                let mut of_tag = rules.iter().filter(|(name, _)| plain(key) == name.as_str());
                of_tag.any(|(_, globs)| matches(globs, &plain(value)))
            })
        };
        (self.names.is_empty() || self.names.takes(found.measurement))
            && (self.tag_pass.is_empty() || any(&self.tag_pass))
            && (self.tag_drop.is_empty() || !any(&self.tag_drop))
    }

    /// Writes what is left of the point; false where no field is.
    fn write(&self, found: &Fragments<'_>, line: &[u8], out: &mut Vec<u8>) -> bool {
        if self.fields.is_empty() && self.tags.is_empty() {
            out.extend_from_slice(line);
            return true;
        }
        out.extend_from_slice(found.measurement);
        for pair in found.tags.iter().filter(|(key, _)| self.tags.takes(key)) {
            push(out, b',', pair);
        }
        let mut separator = b' ';
        for pair in found.fields.iter().filter(|(key, _)| self.fields.takes(key)) {
            push(out, separator, pair);
            separator = b',';
        }
        out.extend_from_slice(found.rest);
        separator == b','
    }
}

impl Rule {
    fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    fn takes(&self, encoded: &[u8]) -> bool {
        if self.is_empty() {
            return true;
        }
        let name = plain(encoded);
        (self.include.is_empty() || matches(&self.include, &name)) && !matches(&self.exclude, &name)
    }
}

fn matches(globs: &[Glob], text: &str) -> bool {
    globs.iter().any(|glob| glob.matches(text))
}

fn push(out: &mut Vec<u8>, separator: u8, (key, value): &Pair<'_>) {
    out.push(separator);
    out.extend_from_slice(key);
    out.push(b'=');
    out.extend_from_slice(value);
}

fn globs(key: &str, patterns: &[String]) -> Result<Vec<Glob>, FilterError> {
    let one = |pattern: &String| {
        Glob::new(pattern).map_err(|reason| FilterError::Pattern {
            key: key.to_owned(),
            pattern: pattern.clone(),
            reason,
        })
    };
    patterns.iter().map(one).collect()
}

fn by_tag(key: &str, tags: &BTreeMap<String, Vec<String>>) -> Result<Vec<(String, Vec<Glob>)>, FilterError> {
    let one = |(tag, patterns): (&String, &Vec<String>)| {
        let key = format!("{key}.{tag}");
        if patterns.is_empty() {
            return Err(FilterError::Empty { key });
        }
        Ok((tag.clone(), globs(&key, patterns)?))
    };
    tags.iter().map(one).collect()
}
