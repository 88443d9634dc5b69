//! JSON to a tree, with the order of its keys. serde_json bounds the depth.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::inject::tree::{List, Map, Scalar, Style, Tree};

/// One JSON value.
pub(in crate::inject) fn from_json(text: &[u8]) -> Result<Tree, serde_json::Error> {
    serde_json::from_slice(text)
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::plain("null"))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::plain(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::plain(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::plain(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        // As serde_json writes it, so that a whole number of this kind keeps its point.
        Ok(Tree::plain(serde_json::Value::from(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(Scalar { text: value.to_owned(), style: Style::Double }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(List { items, is_flow: true }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries: Vec<(Scalar, Tree)> = Vec::new();
        while let Some((text, value)) = access.next_entry::<String, Tree>()? {
            entries.push((Scalar { text, style: Style::Double }, value));
        }
        let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.text.as_str()).collect();
        keys.sort_unstable();
        if let Some((key, _)) = keys.iter().zip(keys.iter().skip(1)).find(|(one, two)| one == two) {
            return Err(A::Error::custom(format_args!("key {key:?} stands here a second time")));
        }
        Ok(Tree::Map(Map { entries, is_flow: true }))
    }
}
