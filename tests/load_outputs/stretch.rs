//! A second of a run: good, failed and unanswered requests, names that need care, and every kind of metric.

use std::sync::Arc;

use podometer::load::interval::{Interval, RequestTags, Requests, Sample, Series, Users};
use podometer::load::results::{Contains, Values};
use podometer::load::span::Span;

use super::sample::trend;

/// The end of a second that is not on a whole millisecond.
const END_NS: i64 = 1_700_000_001_000_400_007;

fn requests(count: u32, first: f64, last: f64) -> Requests {
    let duration = trend(count, first, last);
    Requests {
        count: u64::from(count),
        sent_bytes: 120 * u64::from(count),
        received_bytes: 4_000 * u64::from(count),
        latency: trend(count, first + 1.0, last + 40.0),
        waiting: duration.clone(),
        duration,
        ..Requests::default()
    }
}

/// A series of a metric.
pub(crate) fn series(metric: &str, tags: &[(&str, &str)]) -> Series {
    let tags: Vec<(Box<str>, Box<str>)> =
        tags.iter().map(|&(name, value)| (name.into(), value.into())).collect();
    Series { metric: metric.into(), tags: tags.into() }
}

fn ok() -> RequestTags {
    RequestTags {
        name: "list crocodiles, all=1".into(),
        method: "GET".into(),
        url: "http://target:8080/crocodiles?q=\"a b\"".into(),
        status: 200,
        proto: "HTTP/1.1".into(),
        scenario: "api".into(),
        group: "::checkout".into(),
        expected_response: true,
        own: [("type".into(), "service".into()), ("le".into(), "x".into())].into(),
        ..RequestTags::default()
    }
}

pub(crate) fn second() -> Interval {
    let ok = ok();
    let away = RequestTags { status: 503, expected_response: false, error_code: 1503, ..ok.clone() };
    let refused = RequestTags {
        name: "one".into(),
        status: 0,
        expected_response: false,
        error: "dial: connection refused".into(),
        error_code: 1212,
        proto: "".into(),
        ..ok.clone()
    };
    let other_url = RequestTags { url: "http://target:8080/crocodiles?q=c".into(), ..ok.clone() };
    let unsent = RequestTags { name: "never".into(), ..ok.clone() };
    let sample = |contains, values| Sample { contains, values };
    Interval {
        end_ns: END_NS,
        length: Span::SECOND,
        users: Users { active: 7, initialised: 20, min: 5, max: 9, mean: 6.5, started: 12, ended: 5 },
        requests: [
            (Arc::new(ok), requests(89, 3.0, 240.0)),
            (Arc::new(other_url), requests(1, 240.0, 240.0)),
            (Arc::new(away), requests(9, 1.0, 2.0)),
            (Arc::new(refused), Requests { received_bytes: 0, ..requests(1, 0.5, 0.5) }),
            (Arc::new(unsent), Requests::default()),
        ]
        .into(),
        samples: [
            (
                series("checks", &[("check", "status is 200"), ("group", "::checkout"), ("scenario", "api")]),
                sample(Contains::Default, Values::Rate { nonzero: 90, zero: 10 }),
            ),
            (
                series("iteration_duration", &[("scenario", "api")]),
                sample(Contains::Time, Values::Trend(trend(100, 4.0, 1_300.0))),
            ),
            (series("iterations", &[("scenario", "api")]), sample(Contains::Default, Values::Counter(100.0))),
            (
                series("queue-length", &[]),
                sample(Contains::Default, Values::Gauge { value: 3.0, min: 0.0, max: 8.0 }),
            ),
        ]
        .into(),
    }
}
