//! k6's remote write, read back.

use std::fmt::Write;

use podometer::encode::load::remote_write::{Encoder, Options, Stat};
use podometer::encode::remote_write::{Limits, Version};
use podometer::load::interval::Interval;

use super::decode::{Series, series};
use super::{golden, stretch};

fn encoder(stats: &str) -> Encoder {
    let labels =
        vec![("run_id".to_owned(), "7c0ffee".to_owned()), ("scenario".to_owned(), "mine".to_owned())];
    Encoder::new(Options { labels, stats: Stat::parse_list(stats).unwrap(), limits: Limits::default() })
}

fn encode(encoder: &mut Encoder, interval: &Interval) -> Vec<Series> {
    series(Version::V1, &encoder.encode(interval))
}

fn later(seconds: i64) -> Interval {
    let second = stretch::second();
    Interval { end_ns: second.end_ns + seconds * 1_000_000_000, ..second }
}

fn sum(series: &[Series], name: &str) -> f64 {
    series.iter().filter(|series| series.name() == name).map(Series::value).sum()
}

#[test]
fn series_are_written_whole() {
    let mut text = String::new();
    for series in encode(&mut encoder("p(99),count,sum"), &stretch::second()) {
        let labels: Vec<String> =
            series.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        assert!(series.labels.is_sorted_by(|a, b| a.0 < b.0), "{labels:?}");
        writeln!(text, "{} {} {}", labels.join(","), series.value(), series.at_ms()).unwrap();
    }
    golden::check("load_remote_write.txt", &text);
}

#[test]
fn sums_go_on_and_what_stands_still_is_written_once_a_minute() {
    let mut encoder = encoder("count");
    assert_eq!(sum(&encode(&mut encoder, &later(0)), "k6_http_reqs_total"), 100.0);
    let idle = |seconds| Interval { end_ns: later(seconds).end_ns, ..Interval::default() };
    let told = encode(&mut encoder, &idle(5));
    let names: Vec<&str> =
        told.iter().map(Series::name).filter(|name| !name.starts_with("k6_data_")).collect();
    assert_eq!(names, ["k6_vus", "k6_vus_max"], "nothing else changed");
    assert_eq!(sum(&encode(&mut encoder, &later(10)), "k6_http_reqs_total"), 200.0);
    let again = encode(&mut encoder, &idle(60));
    assert_eq!(sum(&again, "k6_http_reqs_total"), 200.0);
    assert_eq!(sum(&again, "k6_http_req_duration_count"), 200.0);
    assert!(again.iter().all(|series| series.at_ms() == idle(60).end_ns / 1_000_000));
}

#[test]
fn every_series_has_an_end() {
    let mut encoder = encoder("avg,p(95)");
    let told = encode(&mut encoder, &later(0));
    let ends = series(Version::V1, &encoder.end(later(1).end_ns));
    assert!(ends.iter().all(Series::is_stale));
    let labels = |all: &[Series]| all.iter().map(|series| series.labels.clone()).collect::<Vec<_>>();
    assert_eq!(labels(&ends), labels(&told));
}
