//! JSON to a tree, with the order of its keys. serde_json bounds the depth.
//!
//! serde_json reads numbers into floats, which lose digits. So their texts are found beside it: outside of strings
//! nothing else has digits, and it visits them in their order.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::inject::tree::{List, Map, Scalar, Style, Tree};

/// One JSON value.
pub(in crate::inject) fn from_json(text: &[u8]) -> Result<Tree, serde_json::Error> {
    let rest = Cell::new(text);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let tree = Reader { rest: &rest }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(tree)
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    /// The text behind the number that was visited last.
    rest: &'a Cell<&'a [u8]>,
}

impl Reader<'_> {
    /// The next number as it was written.
    fn number(self) -> Tree {
        let (number, rest) = next_number(self.rest.get());
        self.rest.set(rest);
        Tree::plain(String::from_utf8_lossy(number))
    }
}

/// The first number outside of a string, and what follows it.
fn next_number(text: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    let mut is_inside = false;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if is_inside => at += 1,
            b'"' => is_inside = !is_inside,
            b'-' | b'0'..=b'9' if !is_inside => break,
            _ => {}
        }
        at += 1;
    }
    let begun = text.get(at..).unwrap_or_default();
    let is_end = |byte: &u8| !(byte.is_ascii_digit() || b"+-.eE".contains(byte));
    begun.split_at(begun.iter().position(is_end).unwrap_or(begun.len()))
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
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

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(self.number())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
        Ok(self.number())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(self.number())
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(Scalar { text: value.to_owned(), style: Style::Double }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Tree::List(List { items, is_flow: true }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries: Vec<(Scalar, Tree)> = Vec::new();
        while let Some(text) = access.next_key::<String>()? {
            let value = access.next_value_seed(self)?;
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

#[cfg(test)]
mod tests {
    use super::super::{Indent, to_json};
    use super::*;

    #[test]
    fn numbers_stay_as_they_were_written() {
        for text in [
            "[12345678901234567890123,0.1000,1e2,1E+2,-0,-0.0,5]",
            r#"{"1":"2\"3\\","a4":[5,{"6":7.0}],"b":"\\\"8","c":9}"#,
        ] {
            assert_eq!(to_json(&from_json(text.as_bytes()).unwrap(), &Indent::None), text);
        }
        assert_eq!(from_json(b" 1.50 ").unwrap(), Tree::plain("1.50"));
        assert!(from_json(b"1 2").is_err() && from_json(b"01").is_err());
    }
}
