//! A pod list, handed on pod by pod.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use super::pods::Pod;
use super::text::{Text, null_is_default};

/// A document that is no pod list, or a line that is no event of a watch.
#[derive(Debug, Error)]
#[error("{place}: is not a Kubernetes pod list: {error}")]
pub struct PodsError {
    /// The file or address it came from.
    pub place: String,
    pub error: serde_json::Error,
}

/// What a list says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListInfo {
    /// Where a watch begins that misses nothing after this list.
    pub resource_version: Box<str>,
    /// What asks for the next page; empty on the last.
    pub next_page: Box<str>,
}

/// Parses a pod list and gives each pod to `take`; `place` names it in errors.
pub(super) fn parse(place: &str, text: &[u8], mut take: impl FnMut(&Pod<'_>)) -> Result<ListInfo, PodsError> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let parsed = deserializer
        .deserialize_map(ListVisitor { take: &mut take })
        .and_then(|info| deserializer.end().map(|()| info));
    parsed.map_err(|error| PodsError { place: place.to_owned(), error })
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum ListKey {
    Metadata,
    Items,
    #[serde(other)]
    Other,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListMetadata<'a> {
    #[serde(borrow)]
    resource_version: Text<'a>,
    #[serde(borrow, rename = "continue")]
    next_page: Text<'a>,
}

struct Metadata<'a>(ListMetadata<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Metadata<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Metadata<'a>, D::Error> {
        null_is_default(deserializer).map(Metadata)
    }
}

struct ListVisitor<'f> {
    take: &'f mut dyn FnMut(&Pod<'_>),
}

impl<'de> Visitor<'de> for ListVisitor<'_> {
    type Value = ListInfo;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of pods")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ListInfo, A::Error> {
        let mut info = ListInfo::default();
        let mut has_items = false;
        while let Some(key) = map.next_key()? {
            match key {
                ListKey::Metadata => {
                    let Metadata(metadata) = map.next_value()?;
                    info.resource_version = metadata.resource_version.boxed();
                    info.next_page = metadata.next_page.boxed();
                }
                ListKey::Items => {
                    has_items = true;
                    map.next_value_seed(Items { take: self.take })?;
                }
                ListKey::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if has_items { Ok(info) } else { Err(A::Error::missing_field("items")) }
    }
}

struct Items<'f> {
    take: &'f mut dyn FnMut(&Pod<'_>),
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of pods")
    }

    /// Go writes an empty list as null.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pods: A) -> Result<(), A::Error> {
        while let Some(pod) = pods.next_element::<Pod<'de>>()? {
            (self.take)(&pod);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_and_metadata_come_in_any_order() {
        for text in [
            r#"{"metadata":{"resourceVersion":"7","continue":"c"},"items":[{"metadata":{"name":"a"}}],"kind":"List"}"#,
            r#"{"items":[{"metadata":{"name":"a","labels":null},"spec":{"containers":null}}],
                "metadata":{"resourceVersion":"7","continue":"c"}}"#,
        ] {
            let mut names = Vec::new();
            let info = parse("x", text.as_bytes(), |pod| names.push(pod.metadata.name.boxed())).unwrap();
            assert_eq!((&*info.resource_version, &*info.next_page, names), ("7", "c", vec!["a".into()]));
        }
        assert_eq!(parse("x", br#"{"items":null,"metadata":null}"#, |_| {}).unwrap(), ListInfo::default());
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["", "[]", "<html>", r#"{"kind":"Status"}"#, r#"{"items":{}}"#, r#"{"items":[]}x"#] {
            let said = parse("pods.json", text.as_bytes(), |_| {}).unwrap_err().to_string();
            assert!(said.starts_with("pods.json: is not a Kubernetes pod list"), "{said}");
        }
    }
}
