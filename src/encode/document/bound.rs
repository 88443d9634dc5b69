//! A limit that may be none: a number, or `null` for "no limit". A limit that was not read is left out.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::field::Limit;

/// A number, or no limit at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound<T> {
    At(T),
    Unlimited,
}

impl<T> Bound<T> {
    /// The number, where there is one.
    pub fn at(self) -> Option<T> {
        match self {
            Bound::At(number) => Some(number),
            Bound::Unlimited => None,
        }
    }
}

impl From<Limit> for Bound<u64> {
    fn from(limit: Limit) -> Bound<u64> {
        match limit {
            Limit::At(number) => Bound::At(number),
            Limit::Max => Bound::Unlimited,
        }
    }
}

impl<T: Serialize> Serialize for Bound<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Bound::At(number) => number.serialize(serializer),
            Bound::Unlimited => serializer.serialize_none(),
        }
    }
}

/// For `deserialize_with`: serde's own Option would take `null` for "not read".
pub(super) fn read<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Bound<T>>, D::Error> {
    Ok(Some(Option::deserialize(deserializer)?.map_or(Bound::Unlimited, Bound::At)))
}
