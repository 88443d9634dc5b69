//! How a summary is to look.

use serde::{Deserialize, Serialize};

use super::trend_stat::TrendStat;

/// k6's `summaryTrendStats`, `summaryTimeUnit`, `--no-color` and `--summary-mode`.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Columns of trends, from left to right.
    pub trend_stats: Vec<TrendStat>,
    /// `None` takes for each number the unit that suits it.
    pub time_unit: Option<TimeUnit>,
    pub color: bool,
    pub mode: Mode,
}

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Totals; checks of the same name are one, whatever their groups.
    #[default]
    Compact,
    /// The parts of a request's time as well, and each group with its checks.
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeUnit {
    S,
    Ms,
    Us,
}

impl Default for Options {
    fn default() -> Options {
        Options { trend_stats: TrendStat::defaults(), time_unit: None, color: false, mode: Mode::default() }
    }
}

impl TimeUnit {
    /// As the option is written.
    pub fn name(self) -> &'static str {
        match self {
            TimeUnit::S => "s",
            TimeUnit::Ms => "ms",
            TimeUnit::Us => "us",
        }
    }

    /// As a number is followed by it.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            TimeUnit::Us => "µs",
            other => other.name(),
        }
    }

    pub(super) fn per_millisecond(self) -> f64 {
        match self {
            TimeUnit::S => 0.001,
            TimeUnit::Ms => 1.0,
            TimeUnit::Us => 1_000.0,
        }
    }
}
