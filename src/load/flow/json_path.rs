//! One value of a JSON document. A path of keys and indices walks the text and builds nothing; filters, wildcards,
//! slices and descendants (RFC 9535) need the document as a tree.

use std::borrow::Cow;
use std::fmt;

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use super::json_walk::{Segment, walk};

/// A path into a document, compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    source: Box<str>,
    way: Way,
}

#[derive(Clone, Debug, PartialEq)]
enum Way {
    Direct(Box<[Segment]>),
    Query(Box<JpQuery>),
}

/// A text that is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{value}\" is no JSONPath; allowed: a path such as $.items[0].id")]
pub struct JsonPathError {
    pub value: String,
}

/// Longer ones are nobody's.
const LONGEST: usize = 1000;

impl JsonPath {
    pub fn parse(source: &str) -> Result<JsonPath, JsonPathError> {
        let failed = || JsonPathError { value: source.to_owned() };
        let text = source.trim();
        if !text.starts_with('$') || text.len() > LONGEST {
            return Err(failed());
        }
        let way = match direct(text) {
            Some(segments) => Way::Direct(segments.into()),
            None => Way::Query(Box::new(parse_json_path(text).map_err(|_| failed())?)),
        };
        Ok(JsonPath { source: text.into(), way })
    }

    /// The JSON text of the first value there; `None` where there is none, or no JSON at all.
    pub fn find<'a>(&self, document: &'a [u8]) -> Option<Cow<'a, str>> {
        match &self.way {
            Way::Direct(segments) => walk(segments, document).map(Cow::Borrowed),
            Way::Query(query) => {
                let document: Value = serde_json::from_slice(document).ok()?;
                let found = js_path_process(query, &document).ok()?;
                found.first().map(|found| Cow::Owned(found.val.to_string()))
            }
        }
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// What a JSON text says, without its quotes and escapes where it is a string.
pub(super) fn plain(json: &str) -> Cow<'_, str> {
    let inner = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(_) => serde_json::from_str(json).map_or(Cow::Borrowed(json), Cow::Owned),
        None => Cow::Borrowed(json),
    }
}

/// `None` for a path that has more than keys and indices.
fn direct(text: &str) -> Option<Vec<Segment>> {
    let mut rest = text.strip_prefix('$')?;
    let mut segments = Vec::new();
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('.') {
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let end = behind.find(|c: char| !is_name(c)).unwrap_or(behind.len());
            let (name, behind) = behind.split_at(end);
            // A dash is nobody's operator here, but the grammar wants brackets for it.
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            segments.push(Segment::Key(name.into()));
            rest = behind;
        } else {
            let behind = rest.strip_prefix('[')?;
            let quote = behind.chars().next().filter(|&c| c == '\'' || c == '"');
            let (segment, behind) = if let Some(quote) = quote {
                let (name, behind) = behind[1..].split_once(quote)?;
                (Segment::Key(name.into()), behind.strip_prefix(']')?)
            } else {
                let (index, behind) = behind.split_once(']')?;
                let is_index = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
                (Segment::Index(index.parse().ok().filter(|_| is_index)?), behind)
            };
            if matches!(&segment, Segment::Key(name) if name.contains('\\')) {
                return None;
            }
            segments.push(segment);
            rest = behind;
        }
    }
    Some(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str =
        r#"{"a": {"b": [{"c": 7}, {"c": "x\"y"}], "d e": null}, "a.b": true, "n": -1.50, "s": "plain"}"#;

    #[test]
    fn values_are_found_as_they_were_written() {
        for (path, found) in [
            ("$.a.b[0].c", Some("7")),
            ("$.a.b[1].c", Some(r#""x\"y""#)),
            ("$['a']['d e']", Some("null")),
            ("$[\"a.b\"]", Some("true")),
            ("$.n", Some("-1.50")),
            ("$.a.b[0]", Some(r#"{"c": 7}"#)),
            ("$.a.b[2].c", None),
            ("$.a[0]", None),
            ("$.s.t", None),
            ("$[0]", None),
            ("$.missing", None),
            // These need a tree, which writes numbers anew.
            ("$.a.b[-1].c", Some(r#""x\"y""#)),
            ("$.a.b[*].c", Some("7")),
            ("$..c", Some("7")),
            ("$.a.b[?@.c == 7].c", Some("7")),
            ("$.a.b[?@.c == 8].c", None),
        ] {
            let path = JsonPath::parse(path).unwrap();
            assert_eq!(path.find(DOCUMENT.as_bytes()).as_deref(), found, "{path}");
        }
        let whole = JsonPath::parse("$").unwrap();
        assert_eq!(whole.find(b" [1, 2] ").as_deref(), Some("[1, 2]"));
        assert_eq!(whole.find(b"3"), Some("3".into()));
    }

    #[test]
    fn what_is_no_document_has_no_values() {
        let path = JsonPath::parse("$.a").unwrap();
        for document in ["", "{", "{\"a\": 1", "{\"a\": 1} 2", "<html>", "{\"a\": \"\u{1}\"}"] {
            assert_eq!(path.find(document.as_bytes()), None, "{document}");
        }
        assert_eq!(path.find(b"{\"a\": \"\xff\"}"), None);
        assert_eq!(path.find(b"{\"a\": 1, \"a\": 2}").as_deref(), Some("2"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "a.b", "$.", "$[", "$['a'", "$.a[", "$..", "$ a", "$.a..", "$[?]", "$[1"] {
            assert_eq!(JsonPath::parse(text), Err(JsonPathError { value: text.to_owned() }));
        }
    }

    #[test]
    fn strings_lose_their_quotes() {
        for (json, text) in
            [("\"a\"", "a"), (r#""a\"\u00e9""#, "a\"\u{e9}"), ("12", "12"), ("[\"a\"]", "[\"a\"]")]
        {
            assert_eq!(plain(json), text);
        }
    }
}
