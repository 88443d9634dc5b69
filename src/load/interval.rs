//! What happened in a second, in five, or since the start: counts and histograms by tags, merged over all cores. The
//! engine fills it; every output that speaks while a run goes on reads it.
//!
//! No sample is kept. What an output says of single samples it says of these sums.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::histogram::Histogram;
use super::results::{Contains, Values};
use super::span::Span;

/// Sums of a stretch of time. Those that touch are merged into longer ones, up to the whole run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interval {
    /// Its end by the wall clock, nanoseconds since the epoch.
    pub end_ns: i64,
    pub length: Span,
    pub users: Users,
    pub requests: BTreeMap<Arc<RequestTags>, Requests>,
    /// Every other metric, without `vus` and `vus_max` (which are [`Users`]), `data_sent` and `data_received` (which
    /// are sums over the requests).
    pub samples: BTreeMap<Series, Sample>,
}

/// Virtual users.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Users {
    /// At the end of the interval.
    pub active: u64,
    /// Initialised, busy or not: `vus_max`.
    pub initialised: u64,
    /// Fewest, most and on average of the interval.
    pub min: u64,
    pub max: u64,
    pub mean: f64,
    /// Since the start of the run.
    pub started: u64,
    pub ended: u64,
}

/// What a request was and what came of it, as k6's system tags. What is empty is no tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestTags {
    /// The scenario file's name for it, or its URL: JMeter's transaction.
    pub name: Box<str>,
    pub method: Box<str>,
    pub url: Box<str>,
    /// 0 without an answer.
    pub status: u16,
    /// `HTTP/1.1`, `HTTP/2.0`.
    pub proto: Box<str>,
    pub tls_version: Box<str>,
    pub scenario: Box<str>,
    /// `::outer::inner`.
    pub group: Box<str>,
    pub expected_response: bool,
    pub error: Box<str>,
    /// 0 without an error; k6's codes from 1000 on.
    pub error_code: u16,
    /// Those of the scenario and of the request.
    pub own: Box<[(Box<str>, Box<str>)]>,
}

/// The requests of one set of tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    pub count: u64,
    pub sent_bytes: u64,
    pub received_bytes: u64,
    /// Sending, waiting and receiving.
    pub duration: Histogram,
    /// From the intended start.
    pub latency: Histogram,
    pub blocked: Histogram,
    pub connecting: Histogram,
    pub tls_handshaking: Histogram,
    pub sending: Histogram,
    pub waiting: Histogram,
    pub receiving: Histogram,
}

/// A metric and its tags, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    pub metric: Box<str>,
    pub tags: Arc<[(Box<str>, Box<str>)]>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub contains: Contains,
    pub values: Values,
}

impl Interval {
    /// Bytes sent and received, by group and scenario: k6 counts them so, whatever the request.
    pub fn bytes(&self) -> BTreeMap<(&str, &str), (u64, u64)> {
        let mut sums: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
        for (tags, requests) in &self.requests {
            let (sent, received) = sums.entry((&tags.group, &tags.scenario)).or_default();
            *sent += requests.sent_bytes;
            *received += requests.received_bytes;
        }
        sums
    }

    /// Adds what came right behind this interval.
    pub fn append(&mut self, later: &Interval) {
        self.users.append(&later.users, self.length, later.length);
        self.end_ns = later.end_ns;
        self.length = Span::from_nanos(self.length.nanos().saturating_add(later.length.nanos()));
        for (tags, requests) in &later.requests {
            match self.requests.get_mut(tags) {
                Some(own) => own.add(requests),
                None => drop(self.requests.insert(Arc::clone(tags), requests.clone())),
            }
        }
        for (series, sample) in &later.samples {
            match self.samples.get_mut(series) {
                Some(own) => own.add(sample),
                None => drop(self.samples.insert(series.clone(), sample.clone())),
            }
        }
    }
}

impl Sample {
    /// Adds later values of the same metric. A metric never changes its kind; if it did, the first one stands.
    pub fn add(&mut self, later: &Sample) {
        add(&mut self.values, &later.values);
    }
}

impl Requests {
    /// Adds others of the same tags.
    pub fn add(&mut self, other: &Requests) {
        self.count += other.count;
        self.sent_bytes += other.sent_bytes;
        self.received_bytes += other.received_bytes;
        self.duration.merge(&other.duration);
        self.latency.merge(&other.latency);
        self.blocked.merge(&other.blocked);
        self.connecting.merge(&other.connecting);
        self.tls_handshaking.merge(&other.tls_handshaking);
        self.sending.merge(&other.sending);
        self.waiting.merge(&other.waiting);
        self.receiving.merge(&other.receiving);
    }
}

impl Users {
    fn append(&mut self, later: &Users, own: Span, other: Span) {
        let whole = own.seconds() + other.seconds();
        if own == Span::default() {
            *self = later.clone();
            return;
        }
        *self = Users {
            min: self.min.min(later.min),
            max: self.max.max(later.max),
            mean: (self.mean * own.seconds() + later.mean * other.seconds()) / whole,
            ..later.clone()
        };
    }
}

fn add(own: &mut Values, later: &Values) {
    match (own, later) {
        (Values::Counter(sum), Values::Counter(more)) => *sum += more,
        (Values::Gauge { value, min, max }, Values::Gauge { value: last, min: low, max: high }) => {
            (*value, *min, *max) = (*last, min.min(*low), max.max(*high));
        }
        (Values::Rate { nonzero, zero }, Values::Rate { nonzero: more, zero: others }) => {
            *nonzero += more;
            *zero += others;
        }
        (Values::Trend(histogram), Values::Trend(more)) => histogram.merge(more),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(length: u64, active: u64, count: u64) -> Interval {
        let mut requests = Requests { count, sent_bytes: 7 * count, ..Requests::default() };
        requests.duration.record_many(1_000_000 * count, count);
        let tags = Arc::new(RequestTags { name: "list".into(), status: 200, ..RequestTags::default() });
        let users = Users {
            active,
            min: active,
            max: active,
            mean: active as f64,
            started: active,
            ..Users::default()
        };
        let series = |metric: &str| Series { metric: metric.into(), ..Series::default() };
        let sample = |values| Sample { contains: Contains::Default, values };
        let value = count as f64;
        Interval {
            end_ns: 5,
            length: Span::from_secs(length),
            users,
            requests: [(tags, requests)].into(),
            samples: [
                (series("checks"), sample(Values::Rate { nonzero: count, zero: 1 })),
                (series("iterations"), sample(Values::Counter(value))),
                (series("queue"), sample(Values::Gauge { value, min: value, max: value })),
            ]
            .into(),
        }
    }

    #[test]
    fn an_interval_and_the_next_are_one() {
        let mut whole = Interval::default();
        whole.append(&interval(1, 4, 3));
        assert_eq!(whole, interval(1, 4, 3), "nothing and something is something");
        whole.append(&interval(3, 8, 2));
        assert_eq!(whole.length, Span::from_secs(4));
        let users = &whole.users;
        assert_eq!((users.active, users.min, users.max, users.started), (8, 4, 8, 8));
        assert!((users.mean - 7.0).abs() < 1e-9, "weighed by time");
        let requests = whole.requests.values().next().unwrap();
        assert_eq!((requests.count, requests.sent_bytes, requests.duration.count()), (5, 35, 5));
        let values: Vec<&Values> = whole.samples.values().map(|sample| &sample.values).collect();
        assert_eq!(
            values,
            [
                &Values::Rate { nonzero: 5, zero: 2 },
                &Values::Counter(5.0),
                &Values::Gauge { value: 2.0, min: 2.0, max: 3.0 },
            ]
        );
        assert_eq!(whole.requests.len(), 1);
    }
}
