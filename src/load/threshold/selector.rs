//! Which samples a threshold looks at: a metric, and of it those with given tags.
//!
//! Source: k6 `metrics/metric.go` (`ParseMetricName`).

use std::fmt;

use super::error::ThresholdError;

/// A metric, and the tags that a sample must carry to count. Without tags all of its samples do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Selector {
    pub metric: String,
    /// As they were written, in their order; all of them must match.
    pub tags: Vec<(String, String)>,
}

impl Selector {
    /// `metric` or `metric{tag:value,tag2:value2}`. Quotes around names and values are taken away. A value may hold
    /// colons, as URLs do, but no comma.
    pub fn parse(text: &str) -> Result<Selector, ThresholdError> {
        let failed = |reason| ThresholdError::Selector { selector: text.to_owned(), reason };
        let (metric, rest) = match text.split_once('{') {
            None if text.contains('}') => return Err(failed("has no opening brace")),
            None => (text, None),
            Some((metric, rest)) => (metric, Some(rest)),
        };
        let metric = metric.trim();
        if metric.is_empty() {
            return Err(failed("names no metric"));
        }
        let mut tags = Vec::new();
        if let Some(rest) = rest {
            let inner = rest.trim_end().strip_suffix('}').ok_or_else(|| failed("has no closing brace"))?;
            if inner.trim().is_empty() {
                return Err(failed("has braces without a tag"));
            }
            for pair in inner.split(',') {
                let (tag, value) = pair.split_once(':').ok_or_else(|| failed("has a tag without a value"))?;
                if bare(tag).is_empty() {
                    return Err(failed("has a value without a tag"));
                }
                tags.push((bare(tag).to_owned(), bare(value).to_owned()));
            }
        }
        Ok(Selector { metric: metric.to_owned(), tags })
    }

    /// True where every tag has the wanted value; one that is absent counts as empty.
    pub fn matches<'a>(&self, tag: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.tags.iter().all(|(name, value)| tag(name).unwrap_or_default() == value)
    }
}

/// As outputs name a submetric: `http_req_duration{expected_response:true}`.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.metric)?;
        for (at, (tag, value)) in self.tags.iter().enumerate() {
            write!(f, "{}{tag}:{value}", if at == 0 { "{" } else { "," })?;
        }
        f.write_str(if self.tags.is_empty() { "" } else { "}" })
    }
}

fn bare(text: &str) -> &str {
    let text = text.trim();
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}
