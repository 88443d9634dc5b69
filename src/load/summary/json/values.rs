//! The numbers of one metric by name.

use serde_json::{Map, Value};

use super::write::number;
use crate::load::results::Values;
use crate::load::span::Span;
use crate::load::summary::TrendStat;
use crate::load::summary::numbers::{per_second, share};

/// As `handleSummary` gets them. A number that does not exist is left out.
pub(super) fn values_of(values: &Values, elapsed: Span, stats: &[TrendStat]) -> Map<String, Value> {
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| map.insert(name.to_owned(), value);
    match values {
        Values::Counter(sum) => {
            put("count", number(*sum));
            put("rate", number(per_second(*sum, elapsed)));
        }
        Values::Gauge { value, min, max } => {
            put("value", number(*value));
            put("min", number(*min));
            put("max", number(*max));
        }
        Values::Rate { nonzero, zero } => {
            put("rate", number(share(*nonzero, nonzero + zero)));
            put("passes", Value::from(*nonzero));
            put("fails", Value::from(*zero));
        }
        Values::Trend(histogram) => {
            for stat in stats {
                if let Some(value) = stat.of(histogram) {
                    put(stat.name(), number(value));
                }
            }
        }
    }
    map
}
