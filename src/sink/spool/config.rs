//! The section `spool`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::model::bounds::OutOfRange;

/// When what was written is forced to the medium. A kill of the process loses nothing either way; a crash of the
/// machine loses what was not forced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fsync {
    /// The kernel decides, some 30 s later at most.
    Never,
    /// Every `fsync_interval` while there is something new.
    #[default]
    Interval,
    /// After each group of records, before the next.
    Always,
}

/// When a batch goes to disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// While its sink is behind: after a failure, in a request that takes long, or beyond `memory_bytes`.
    #[default]
    Lagging,
    /// Each, before it is sent: a kill then loses nothing at all.
    Always,
}

/// How much is kept on disk, where and how well.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Directory of the spools; without it what waits is in memory alone.
    pub directory: Option<PathBuf>,
    /// The most bytes on disk for each sink; beyond it the oldest segment is dropped and counted.
    pub max_bytes: u64,
    /// What is older is dropped and counted.
    #[serde(with = "humantime_serde")]
    pub max_age: Duration,
    /// Size of a segment: what is dropped at once.
    pub segment_bytes: u64,
    /// `lagging` or `always`.
    pub keep: Keep,
    /// The most bytes of a sink that wait in memory while there is a spool.
    pub memory_bytes: usize,
    /// `never`, `interval` or `always`.
    pub fsync: Fsync,
    /// How often, with `fsync: interval`.
    #[serde(with = "humantime_serde")]
    pub fsync_interval: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            directory: None,
            max_bytes: 1 << 30,
            max_age: Duration::from_hours(7 * 24),
            segment_bytes: 8 << 20,
            keep: Keep::Lagging,
            memory_bytes: 1 << 20,
            fsync: Fsync::Interval,
            fsync_interval: Duration::from_secs(1),
        }
    }
}

impl Config {
    /// What cannot work, by key.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let mut found = Vec::new();
        let mut check = |key: &str, is_good: bool, value: String, allowed: &str| {
            if !is_good {
                found.push(OutOfRange {
                    key: key.to_owned(),
                    value,
                    reason: "is out of range".into(),
                    allowed: allowed.to_owned(),
                });
            }
        };
        let absolute = self.directory.as_ref().is_none_or(|path| path.is_absolute());
        let shown = self.directory.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        check("directory", absolute, shown, "an absolute path");
        let segment = (1 << 16)..=(256 << 20);
        check(
            "segment_bytes",
            segment.contains(&self.segment_bytes),
            self.segment_bytes.to_string(),
            "65536 to 268435456",
        );
        let is_roomy = self.max_bytes >= 4 * self.segment_bytes;
        check("max_bytes", is_roomy, self.max_bytes.to_string(), "at least four times segment_bytes");
        let is_old = self.max_age >= Duration::from_mins(1);
        check("max_age", is_old, humantime::format_duration(self.max_age).to_string(), "1m or more");
        let is_forced = (Duration::from_millis(10)..=Duration::from_hours(1)).contains(&self.fsync_interval);
        let shown = humantime::format_duration(self.fsync_interval).to_string();
        check("fsync_interval", is_forced, shown, "10ms to 1h");
        found
    }
}
