//! What the kubelet said about one pod, container or the node, each value with its time.

use serde_json::Value;

/// One value that the kubelet served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    /// Seconds since the epoch; the true instant lies in `[at, at + slack]`.
    pub(crate) at: f64,
    pub(crate) slack: f64,
    pub(crate) value: f64,
}

/// A path into a stats object, its own time beside it: `("cpu", "usageCoreNanoSeconds")`.
pub(crate) fn said(stats: &Value, group: &str, path: &[&str]) -> Option<Said> {
    let group = stats.get(group)?;
    // /stats/summary cuts its times to whole seconds.
    let at = seconds(group.get("time")?.as_str()?)?;
    let value = path.iter().try_fold(group, |value, key| value.get(key))?;
    Some(Said { at, slack: 1.0, value: value.as_f64()? })
}

fn seconds(text: &str) -> Option<f64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    // All recordings are of one day.
    let day = match text.get(0..10)? {
        "2026-11-21" => 1_795_219_200,
        other => panic!("{other}: another day than the recordings'"),
    };
    Some((day + number(11..13)? * 3600 + number(14..16)? * 60 + number(17..19)?) as f64)
}

/// One row of an exposition text: labels, value, time.
#[derive(Debug)]
pub(crate) struct Row {
    labels: Vec<(String, String)>,
    pub(crate) said: Said,
}

impl Row {
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// The rows of one family. Rows without a time take `default_at`.
pub(crate) fn rows(text: &str, family: &str, default_at: f64) -> Vec<Row> {
    text.lines()
        .filter_map(|line| {
            let rest = line.strip_prefix(family)?;
            let (labels, rest) = match rest.strip_prefix('{') {
                Some(rest) => rest.split_once('}')?,
                None => ("", rest.strip_prefix(' ').map(|_| rest)?),
            };
            let mut words = rest.split_whitespace();
            let value = words.next()?.parse().ok()?;
            let at = words.next().and_then(|ms| ms.parse::<f64>().ok());
            let said = Said { at: at.map_or(default_at, |ms| ms / 1000.0), slack: 0.001, value };
            let labels = labels
                .split("\",")
                .filter_map(|pair| pair.split_once("=\""))
                .map(|(key, value)| (key.to_owned(), value.trim_end_matches('"').to_owned()))
                .collect();
            Some(Row { labels, said })
        })
        .collect()
}
