//! JSON as it comes, without a tree: an object's fields go where they belong, what is unknown is skipped, and a value
//! of another type than documented loses itself alone.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::time::seconds_of;

/// Something that takes an object's fields one by one.
pub(super) trait Fields<'de> {
    /// Takes the field or skips it.
    fn field<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error>;

    /// False for an element that says nothing of whom it speaks: it is left out of its list.
    fn is_named(&self) -> bool {
        true
    }
}

/// Something that takes a list's elements.
pub(super) trait Elements<'de> {
    /// Takes the next one; false at the end.
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A, faults: &Cell<u32>) -> Result<bool, A::Error>;
}

/// A list that grows to a bound; what is beyond is read and counted as a fault.
#[derive(Debug)]
pub(super) struct Bounded<'x, T> {
    pub(super) list: &'x mut Vec<T>,
    pub(super) limit: usize,
}

impl<'de, T: Fields<'de> + Default> Elements<'de> for Bounded<'_, T> {
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A, faults: &Cell<u32>) -> Result<bool, A::Error> {
        let mut item = T::default();
        if list.next_element_seed(Object { into: &mut item, faults })?.is_none() {
            return Ok(false);
        }
        if item.is_named() && self.list.len() < self.limit {
            self.list.push(item);
        } else {
            count(faults);
        }
        Ok(true)
    }
}

/// The value behind a key, still to be read. Each way of reading takes it whole.
pub(super) struct Value<'x, A> {
    map: &'x mut A,
    faults: &'x Cell<u32>,
}

impl<'de, A: MapAccess<'de>> Value<'_, A> {
    pub(super) fn number(self, into: &mut Option<u64>) -> Result<(), A::Error> {
        *into = self.map.next_value_seed(Scalar(self.faults, |raw: Raw<'de>| match raw {
            Raw::Number(number) => Some(number),
            Raw::Text(_) => None,
        }))?;
        Ok(())
    }

    /// Seconds since the epoch of an RFC 3339 time.
    pub(super) fn time(self, into: &mut Option<i64>) -> Result<(), A::Error> {
        *into = self.map.next_value_seed(Scalar(self.faults, |raw: Raw<'de>| match raw {
            Raw::Text(text) => seconds_of(&text),
            Raw::Number(_) => None,
        }))?;
        Ok(())
    }

    pub(super) fn text(self, into: &mut Cow<'de, str>) -> Result<(), A::Error> {
        let text = self.map.next_value_seed(Scalar(self.faults, |raw: Raw<'de>| match raw {
            Raw::Text(text) => Some(text),
            Raw::Number(_) => None,
        }))?;
        *into = text.unwrap_or_default();
        Ok(())
    }

    pub(super) fn object<T: Fields<'de>>(self, into: &mut T) -> Result<(), A::Error> {
        self.map.next_value_seed(Object { into, faults: self.faults })
    }

    pub(super) fn list<T: Elements<'de>>(self, into: T) -> Result<(), A::Error> {
        self.map.next_value_seed(List { into, faults: self.faults })
    }

    pub(super) fn skip(self) -> Result<(), A::Error> {
        self.map.next_value::<IgnoredAny>().map(|_| ())
    }
}

/// Reads an object into what takes its fields.
#[derive(Debug)]
pub(super) struct Object<'x, T> {
    pub(super) into: &'x mut T,
    pub(super) faults: &'x Cell<u32>,
}

struct List<'x, T> {
    into: T,
    faults: &'x Cell<u32>,
}

/// Reads one value that is no list and no object, and makes of it what a field wants.
struct Scalar<'x, F>(&'x Cell<u32>, F);

enum Raw<'de> {
    Number(u64),
    Text(Cow<'de, str>),
}

/// A key; owned only where it has escapes.
struct Key;

fn count(faults: &Cell<u32>) {
    faults.set(faults.get().saturating_add(1));
}

/// Scalars where something else is documented: the fault is counted and nothing is taken. `null` is no fault.
macro_rules! refuse_scalars {
    ($nothing:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            count(self.faults);
            Ok($nothing)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            count(self.faults);
            Ok($nothing)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            count(self.faults);
            Ok($nothing)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            count(self.faults);
            Ok($nothing)
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            count(self.faults);
            Ok($nothing)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

fn drain_list<'de, A: SeqAccess<'de>>(mut list: A, faults: &Cell<u32>) -> Result<(), A::Error> {
    count(faults);
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn drain_object<'de, A: MapAccess<'de>>(mut map: A, faults: &Cell<u32>) -> Result<(), A::Error> {
    count(faults);
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de, T: Fields<'de>> DeserializeSeed<'de> for Object<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Fields<'de>> Visitor<'de> for Object<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            self.into.field(&key, Value { map: &mut map, faults: self.faults })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        drain_list(list, self.faults)
    }

    refuse_scalars!(());
}

impl<'de, T: Elements<'de>> DeserializeSeed<'de> for List<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Elements<'de>> Visitor<'de> for List<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while self.into.element(&mut list, self.faults)? {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        drain_object(map, self.faults)
    }

    refuse_scalars!(());
}

impl<'de, T, F: FnOnce(Raw<'de>) -> Option<T>> DeserializeSeed<'de> for Scalar<'_, F> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What the field makes of it; a value that it cannot use is a fault.
fn taken<'de, T>(
    faults: &Cell<u32>,
    raw: Option<Raw<'de>>,
    want: impl FnOnce(Raw<'de>) -> Option<T>,
) -> Option<T> {
    let taken = raw.and_then(want);
    if taken.is_none() {
        count(faults);
    }
    taken
}

impl<'de, T, F: FnOnce(Raw<'de>) -> Option<T>> Visitor<'de> for Scalar<'_, F> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or text")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Option<T>, E> {
        Ok(taken(self.0, Some(Raw::Number(number)), self.1))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Option<T>, E> {
        Ok(taken(self.0, u64::try_from(number).ok().map(Raw::Number), self.1))
    }

    /// A whole number may be written with a point or an exponent; beyond 2^53 it is no longer exact.
    fn visit_f64<E>(self, number: f64) -> Result<Option<T>, E> {
        let is_whole = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
        Ok(taken(self.0, is_whole.then_some(Raw::Number(number as u64)), self.1))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Option<T>, E> {
        Ok(taken(self.0, Some(Raw::Text(Cow::Borrowed(text))), self.1))
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<T>, E> {
        Ok(taken(self.0, Some(Raw::Text(Cow::Owned(text.to_owned()))), self.1))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<T>, E> {
        Ok(taken(self.0, None, self.1))
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Option<T>, A::Error> {
        drain_list(list, self.0).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        drain_object(map, self.0).map(|()| None)
    }
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
