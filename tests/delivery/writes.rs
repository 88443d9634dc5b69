//! What went through relays, point by point.

use std::collections::{BTreeMap, BTreeSet};

use crate::relay::Relay;

/// Every point that the servers behind these relays stored: by series, its times in milliseconds as often as they
/// came.
pub(crate) fn points(relays: &[&Relay]) -> BTreeMap<String, Vec<i64>> {
    let mut all: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for passed in relays.iter().flat_map(|relay| relay.passed()) {
        if !passed.head.contains("/write?") || passed.status != 204 {
            continue;
        }
        let is_ms = passed.head.contains("precision=ms");
        for line in passed.body.lines() {
            let (rest, time) = line.rsplit_once(' ').unwrap();
            let time: i64 = time.parse().unwrap();
            let series = all.entry(series(rest).to_owned()).or_default();
            series.push(if is_ms { time } else { time / 1_000_000 });
        }
    }
    all
}

/// Measurement, tags and the first field's name: Telegraf writes a series in two points where their fields are of
/// different kinds. Tags end with the first space that is not escaped.
fn series(line: &str) -> &str {
    let bytes = line.as_bytes();
    let end = (1..bytes.len()).find(|&at| bytes[at] == b' ' && bytes[at - 1] != b'\\').unwrap();
    &line[..end + line[end..].find('=').unwrap()]
}

/// Points of one series that have the same time.
pub(crate) fn doubled(points: &BTreeMap<String, Vec<i64>>) -> Vec<String> {
    let twice = |(series, times): (&String, &Vec<i64>)| {
        let distinct: BTreeSet<_> = times.iter().collect();
        (distinct.len() < times.len()).then(|| format!("{} of {}: {series}", times.len(), distinct.len()))
    };
    points.iter().filter_map(twice).collect()
}

/// When the snapshots were taken that came with this tag: each brings one point of `internal_agent`.
pub(crate) fn snapshots(points: &BTreeMap<String, Vec<i64>>, tag: &str) -> BTreeSet<i64> {
    let of = points
        .iter()
        .filter(|(series, _)| series.starts_with("internal_agent,") && series.contains(&format!(",{tag}")));
    of.flat_map(|(_, times)| times.iter().copied()).collect()
}
