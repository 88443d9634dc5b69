//! One page of a list.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::connect::ApiServer;
use super::error::{ApiError, Kind};

/// One page, its objects not yet read, so that a bad one costs itself alone.
#[derive(Debug, Deserialize)]
pub struct Page<'a> {
    #[serde(default)]
    metadata: Metadata,
    #[serde(borrow)]
    pub items: Vec<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

impl<'a> Page<'a> {
    pub fn parse(body: &'a [u8]) -> Result<Page<'a>, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// The token of the next page, if the server cut the list here.
    pub fn next(&self) -> Option<&str> {
        self.metadata.next.as_deref().filter(|next| !next.is_empty())
    }
}

impl ApiServer {
    /// The error of an answer that is not what was asked for.
    pub fn unreadable(&self, path: &str, error: &serde_json::Error) -> ApiError {
        self.error(path, Kind::Document { problem: error.to_string() })
    }
}

/// Percent-encodes all but what a query may hold as it is.
pub fn query_value(text: &str) -> String {
    const HEX: [u8; 16] = *b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let hex = [b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            out.extend(hex.map(char::from));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_on_until_no_token_comes() {
        let page = Page::parse(br#"{"items":[{"a":1},{}],"metadata":{"continue":"x=="}}"#).unwrap();
        assert_eq!((page.items.len(), page.next()), (2, Some("x==")));
        assert_eq!(query_value("x==/\u{e4}"), "x%3D%3D%2F%C3%A4");
        for last in [r#"{"items":[]}"#, r#"{"items":[],"metadata":{"continue":""}}"#] {
            assert_eq!(Page::parse(last.as_bytes()).unwrap().next(), None);
        }
        assert!(Page::parse(br#"{"metadata":{}}"#).is_err(), "a document without items is no list");
    }
}
