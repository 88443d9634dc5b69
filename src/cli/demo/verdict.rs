//! What the target did under load, in a table and in words.

use std::fmt::Write as _;

use super::board::{bytes, number, percent, quantile, time};
use super::phase::{Side, Story};
use super::shape::{Part, Shape};
use crate::cli::output;
use crate::load::results::Results;

/// From so much of its limit on the target has nothing left.
const NOTHING_LEFT: f64 = 0.95;
/// A share of throttled periods that people feel.
const FELT: f64 = 0.05;
/// Latency that is so many times what it was has risen.
const RISEN: f64 = 2.0;

type Cell = fn(&Side) -> String;

/// The rows of the table.
const ROWS: [(&str, Cell); 9] = [
    ("requests/s", |side| side.rate().map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}"))),
    ("failed", |side| side.failed.to_string()),
    ("latency p95", |side| quantile(&side.latency, 0.95)),
    ("service time p95", |side| quantile(&side.service, 0.95)),
    ("CPU, mean", |side| number(side.cores())),
    ("CPU, peak", |side| number(side.peak_cores)),
    ("CPU of a request", |side| {
        side.cpu_of_a_request().map_or_else(|| "-".to_owned(), |cpu| time(cpu * 1e9))
    }),
    ("throttled", |side| percent(side.throttled_share())),
    ("memory, most", |side| bytes(side.memory_bytes)),
];

/// `limit` is in cores, where the target has one.
pub(super) fn text(story: &Story, shape: Shape, limit: Option<f64>, results: &Results) -> String {
    let mut rows = vec![vec![String::new()]];
    rows[0].extend(Part::ALL.map(|part| part.name().to_owned()));
    for (name, cell) in ROWS {
        let mut row = vec![name.to_owned()];
        row.extend(Part::ALL.map(|part| cell(story.part(part))));
        rows.push(row);
    }
    let mut text = format!("\nWhat the target did\n{}\n", output::aligned(&rows).join("\n"));
    for reason in &results.invalid {
        let _ = writeln!(text, "\nINVALID: {reason}. The numbers do not speak of the target alone.");
    }
    for schedule in &results.schedules {
        let _ = writeln!(
            text,
            "\nStarts: {} scheduled = {} on time + {} late + {} never made.",
            schedule.scheduled, schedule.on_time, schedule.late, schedule.unsent
        );
    }
    for sentence in sentences(story, shape, limit) {
        let _ = writeln!(text, "{sentence}");
    }
    text
}

fn sentences(story: &Story, shape: Shape, limit: Option<f64>) -> Vec<String> {
    let [before, spike, after] = Part::ALL.map(|part| story.part(part));
    let mut told = Vec::new();
    if spike.requests == 0 {
        return told;
    }
    match (limit, spike.throttled_share(), spike.peak_cores) {
        (Some(limit), Some(share), Some(peak)) if peak >= limit * NOTHING_LEFT && share > FELT => told.push(format!(
            "The spike took all of its {limit:.2} cores: the limit ran out in {:.0}% of the periods.",
            share * 100.0
        )),
        (Some(limit), Some(share), Some(peak)) => told.push(format!(
            "The spike took {peak:.2} of its {limit:.2} cores at most, and the limit ran out in {:.0}% of the periods.",
            share * 100.0
        )),
        (Some(limit), None, Some(peak)) => {
            told.push(format!("The spike took {peak:.2} of its {limit:.2} cores at most."));
        }
        (_, _, Some(peak)) => told.push(format!("The spike took {peak:.2} cores at most; it has no limit here.")),
        _ => {}
    }
    let p95 = |side: &Side| side.latency.quantile(0.95);
    let Some((calm, high)) = p95(before).zip(p95(spike)) else { return told };
    if high <= RISEN * calm {
        told.push(format!("Latency p95 stayed: {} before, {} in the spike.", time(calm), time(high)));
        return told;
    }
    let service = spike.service.quantile(0.95).unwrap_or(high);
    told.push(format!(
        "Latency p95 rose from {} to {}, counted from when each request was due ({} from when it was sent).",
        time(calm),
        time(high),
        time(service)
    ));
    match story.back_at {
        Some(at) => told.push(format!(
            "It was back {} s after the spike.",
            at.nanos().saturating_sub(shape.end_of_spike().nanos()).div_ceil(1_000_000_000)
        )),
        None if after.requests > 0 => told.push("It was not back at the end.".to_owned()),
        None => {}
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::watch::Reading;
    use crate::load::span::Span;

    fn story(peak: f64, periods: Option<u64>, spike_ms: u64) -> Story {
        let mut story = Story::default();
        for (part, at, ms) in [(Part::Before, 1, 50), (Part::Spike, 40, spike_ms), (Part::After, 90, 51)] {
            let mut second = Side { seconds: 1.0, requests: 10, ..Side::default() };
            second.latency.record_many(ms * 1_000_000, 10);
            second.service.record_many(51_000_000, 10);
            let reading = Reading {
                peak_cores: Some(peak),
                cpu_seconds: Some(at as f64),
                periods: periods.map(|periods| (periods * at, periods * at * 9 / 10)),
                ..Reading::default()
            };
            story.add(part, Span::from_secs(at), second, &reading);
        }
        story
    }

    #[test]
    fn a_limit_that_ran_out_is_told_with_what_it_did() {
        let shape = Shape::new(Span::from_secs(120), 180);
        assert_eq!(
            sentences(&story(0.31, Some(10), 4000), shape, Some(0.3)),
            [
                "The spike took all of its 0.30 cores: the limit ran out in 90% of the periods.",
                "Latency p95 rose from 50.0ms to 4.00s, counted from when each request was due (51.0ms from when it was sent).",
                "It was back 6 s after the spike."
            ]
        );
        assert_eq!(
            sentences(&story(0.31, None, 55), shape, None),
            [
                "The spike took 0.31 cores at most; it has no limit here.",
                "Latency p95 stayed: 50.0ms before, 55.0ms in the spike."
            ]
        );
        let text = text(&story(0.31, None, 55), shape, None, &Results::default());
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>() == ["throttled", "-", "-", "-"];
        assert!(text.lines().any(words), "{text}");
    }
}
