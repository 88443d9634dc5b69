//! The sampler's settings: how often each class of files is read and what it may cost.

use std::time::Duration;

use serde::Deserialize;

use crate::model::bounds::OutOfRange;
use crate::model::unit::MAX_WINDOWS;

/// Which units carry a native histogram of CPU use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Histograms {
    #[default]
    Pods,
    Containers,
    All,
    None,
}

/// The section `sampler`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Time between two readings of cpu.stat.
    #[serde(with = "humantime_serde")]
    pub fast_interval: Duration,
    /// Time between two readings of memory.current, memory.stat and memory.peak.
    #[serde(with = "humantime_serde")]
    pub memory_interval: Duration,
    /// Time between two readings of every other file.
    #[serde(with = "humantime_serde")]
    pub slow_interval: Duration,
    /// Lengths of the sliding windows over which maxima, means and quantiles are given, shortest first.
    #[serde(deserialize_with = "durations")]
    pub windows: Vec<Duration>,
    /// CPU that the whole process may use, in percent of one core; costly files are read less often to keep it.
    pub cpu_budget_percent: f64,
    /// Most cgroups that are followed at a time.
    pub max_units: usize,
    /// Most cgroup files that are kept open; each pins about 4.7 kB of kernel memory.
    pub max_held_files: usize,
    /// Time between two whole walks of the tree, the safety net behind the kernel's notifications.
    #[serde(with = "humantime_serde")]
    pub rescan_interval: Duration,
    /// Which units carry a native histogram of CPU use.
    pub histograms: Histograms,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            fast_interval: Duration::from_millis(100),
            memory_interval: Duration::from_secs(1),
            slow_interval: Duration::from_secs(10),
            windows: vec![Duration::from_secs(15), Duration::from_mins(1)],
            cpu_budget_percent: 2.0,
            max_units: 20_000,
            max_held_files: 4096,
            rescan_interval: Duration::from_mins(1),
            histograms: Histograms::Pods,
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);

impl Config {
    /// Every setting that the sampler cannot work with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let ms = Duration::from_millis;
        let mut problems: Vec<OutOfRange> = [
            span("fast_interval", self.fast_interval, ms(10), 10 * SECOND),
            span("memory_interval", self.memory_interval, ms(100), 60 * SECOND),
            span("slow_interval", self.slow_interval, SECOND, 600 * SECOND),
            span("rescan_interval", self.rescan_interval, SECOND, 3600 * SECOND),
            OutOfRange::check("cpu_budget_percent", self.cpu_budget_percent, (0.1, 400.0), |v| v.to_string()),
            OutOfRange::check("max_units", self.max_units, (16, 1_000_000), |v| v.to_string()),
            OutOfRange::check("max_held_files", self.max_held_files, (0, 1_000_000), |v| v.to_string()),
        ]
        .into_iter()
        .flatten()
        .collect();
        problems.extend(self.window_problem());
        problems
    }

    fn window_problem(&self) -> Option<OutOfRange> {
        let shown: Vec<String> = self.windows.iter().map(|&window| show(window)).collect();
        let shown = format!("[{}]", shown.join(", "));
        let reason = if self.windows.is_empty() || self.windows.len() > MAX_WINDOWS {
            format!("has {} windows", self.windows.len())
        } else if self.windows.iter().any(|&window| window < SECOND || window > 600 * SECOND) {
            "has a window out of range".to_owned()
        } else if !self.windows.is_sorted_by(|a, b| a < b) {
            "is not in rising order".to_owned()
        } else if self.windows[0] < 2 * self.fast_interval {
            format!("has a window shorter than two fast_interval of {}", show(self.fast_interval))
        } else {
            return None;
        };
        let allowed = format!("1 to {MAX_WINDOWS} windows of 1s to 10m, shortest first");
        Some(OutOfRange::new("windows", shown, reason, allowed))
    }
}

fn span(key: &str, value: Duration, low: Duration, high: Duration) -> Option<OutOfRange> {
    OutOfRange::check(key, value, (low, high), show)
}

fn show(value: Duration) -> String {
    humantime::format_duration(value).to_string()
}

/// A list of durations such as `[15s, 1m]`.
fn durations<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
    let windows = Vec::<humantime_serde::Serde<Duration>>::deserialize(deserializer)?;
    Ok(windows.into_iter().map(humantime_serde::Serde::into_inner).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(config: &Config) -> Vec<String> {
        config.validate().into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn the_defaults_are_allowed() {
        assert_eq!(keys(&Config::default()), Vec::<String>::new());
    }

    #[test]
    fn every_bound_is_held_at_once() {
        let config = Config {
            fast_interval: Duration::from_millis(5),
            memory_interval: Duration::from_secs(61),
            slow_interval: Duration::from_millis(999),
            windows: vec![],
            cpu_budget_percent: 0.0,
            max_units: 15,
            max_held_files: 1_000_001,
            rescan_interval: Duration::ZERO,
            histograms: Histograms::None,
        };
        assert_eq!(
            keys(&config),
            [
                "fast_interval",
                "memory_interval",
                "slow_interval",
                "rescan_interval",
                "cpu_budget_percent",
                "max_units",
                "max_held_files",
                "windows"
            ]
        );
    }

    #[test]
    fn windows_are_few_sane_rising_and_longer_than_a_sample() {
        let of = |seconds: &[u64], fast: u64| Config {
            windows: seconds.iter().map(|&s| Duration::from_secs(s)).collect(),
            fast_interval: Duration::from_secs(fast),
            ..Config::default()
        };
        for (seconds, fast, reason) in [
            (&[1, 2, 3, 4, 5][..], 0, "has 5 windows"),
            (&[0], 0, "has a window out of range"),
            (&[601], 0, "has a window out of range"),
            (&[60, 15], 0, "is not in rising order"),
            (&[15, 15], 0, "is not in rising order"),
            (&[15], 10, "has a window shorter than two fast_interval of 10s"),
        ] {
            assert_eq!(of(seconds, fast).window_problem().unwrap().reason, reason);
        }
        assert_eq!(of(&[20, 60], 10).window_problem(), None);
    }
}
