//! The numbers of one metric as texts.

use super::human;
use super::numbers::{per_second, share};
use super::options::Options;
use crate::load::results::{Contains, Metric, Values};
use crate::load::span::Span;

/// What stands behind the colon of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// One for each of the wanted numbers.
    Trend(Vec<String>),
    /// The number that counts, and what is said beside it.
    Plain { value: String, asides: Vec<String> },
}

impl Cells {
    pub(super) fn of(metric: &Metric, elapsed: Span, options: &Options) -> Cells {
        let text = |value: f64| human::value(value, metric.contains, options.time_unit);
        match &metric.values {
            Values::Counter(sum) => Cells::counter(*sum, metric.contains, elapsed, options),
            Values::Gauge { value, min, max } => Cells::Plain {
                value: text(*value),
                asides: vec![format!("min={}", text(*min)), format!("max={}", text(*max))],
            },
            Values::Rate { nonzero, zero } => Cells::share(*nonzero, nonzero + zero),
            Values::Trend(histogram) => {
                let cell = |stat: &super::TrendStat| match stat.of(histogram) {
                    // A number of samples has no unit.
                    Some(count) if stat.is_count() => format!("{count}"),
                    Some(number) => text(number),
                    None => "-".to_owned(),
                };
                Cells::Trend(options.trend_stats.iter().map(cell).collect())
            }
        }
    }

    pub(super) fn counter(sum: f64, contains: Contains, elapsed: Span, options: &Options) -> Cells {
        let text = |value: f64| human::value(value, contains, options.time_unit);
        Cells::Plain { value: text(sum), asides: vec![format!("{}/s", text(per_second(sum, elapsed)))] }
    }

    pub(super) fn share(part: u64, whole: u64) -> Cells {
        Cells::Plain {
            value: human::percent(share(part, whole)),
            asides: vec![format!("{part} out of {whole}")],
        }
    }
}
