//! One line of a watch.

use serde::Deserialize;

use super::list::PodsError;
use super::pods::Pod;
use super::text::Text;

/// What happened to one pod, or to the watch.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// Added, modified, or seen for the first time.
    Is(Box<Pod<'a>>),
    Deleted(Box<Pod<'a>>),
    /// Nothing happened to pods; the watch may go on from here.
    Bookmark {
        resource_version: Box<str>,
    },
    /// The server ends the watch.
    Error {
        code: u16,
        message: Box<str>,
    },
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    object: Object<'a>,
}

/// A pod, or the `Status` of an error: they have no field in common that matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Object<'a> {
    #[serde(borrow)]
    metadata: super::pods::Metadata<'a>,
    #[serde(borrow)]
    spec: super::pods::Spec<'a>,
    /// A `Status` holds a word where a pod holds its status.
    #[serde(borrow)]
    status: StatusOrWord<'a>,
    code: u16,
    #[serde(borrow)]
    message: Text<'a>,
}

#[derive(Debug, Default)]
struct StatusOrWord<'a>(super::pods::Status<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for StatusOrWord<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatusVisitor).map(StatusOrWord)
    }
}

struct StatusVisitor;

impl<'de> serde::de::Visitor<'de> for StatusVisitor {
    type Value = super::pods::Status<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the status of a pod")
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Self::Value::default())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(Self::Value::default())
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))
    }
}

/// Reads a line; `place` names the watch in errors. Events of a kind that we do not know are no error: they are
/// taken as a bookmark of nothing.
pub(super) fn parse<'a>(place: &str, line: &'a [u8]) -> Result<Event<'a>, PodsError> {
    let line: Line<'a> =
        serde_json::from_slice(line).map_err(|error| PodsError { place: place.to_owned(), error })?;
    let object = line.object;
    let pod = |object: Object<'a>| {
        Box::new(Pod { metadata: object.metadata, spec: object.spec, status: object.status.0 })
    };
    Ok(match &*line.kind {
        "ADDED" | "MODIFIED" => Event::Is(pod(object)),
        "DELETED" => Event::Deleted(pod(object)),
        "ERROR" => Event::Error { code: object.code, message: object.message.boxed() },
        _ => Event::Bookmark { resource_version: object.metadata.resource_version.boxed() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_kind_of_line() {
        let of = |text: &'static str| parse("watch", text.as_bytes()).unwrap();
        let added = of(
            r#"{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"},"status":{"phase":"Pending"}}}"#,
        );
        assert!(
            matches!(added, Event::Is(pod) if &*pod.metadata.name == "a" && &*pod.status.phase == "Pending")
        );
        assert!(matches!(of(r#"{"type":"DELETED","object":{"status":null}}"#), Event::Deleted(_)));
        let bookmark =
            of(r#"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"9"}}}"#);
        assert!(matches!(bookmark, Event::Bookmark { resource_version } if &*resource_version == "9"));
        let gone = of(
            r#"{"type":"ERROR","object":{"kind":"Status","metadata":{},"status":"Failure","message":"too old","reason":"Expired","code":410}}"#,
        );
        assert!(matches!(gone, Event::Error { code: 410, message } if &*message == "too old"));
        assert!(parse("watch", b"{\"type\":\"ADDED\",\"obj").is_err());
    }

    proptest! {
        #[test]
        fn any_line_is_survived(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _refused = parse("x", &line);
        }
    }
}
