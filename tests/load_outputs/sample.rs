//! A run with everything in it: nested groups, failed checks and thresholds, late and unsent starts.

use podometer::load::exit::Exit;
use podometer::load::histogram::Histogram;
use podometer::load::metric::{BUILT_IN, MetricType};
use podometer::load::results::{Check, Contains, Group, Metric, Results, Schedule, Values};
use podometer::load::span::Span;
use podometer::load::threshold::{Outcome, Selector, Threshold, ThresholdDraft};

/// Metrics of the run that are not built in.
const OWN: [(&str, MetricType); 2] = [("errors", MetricType::Rate), ("queue_length", MetricType::Trend)];

/// `count` samples from `first` to `last` milliseconds, evenly.
pub(crate) fn trend(count: u32, first: f64, last: f64) -> Histogram {
    let mut histogram = Histogram::new();
    for place in 0..count {
        let share = f64::from(place) / f64::from((count - 1).max(1));
        histogram.record(((first + (last - first) * share) * 1e6) as u64);
    }
    histogram
}

pub(crate) fn metric(name: &str, contains: Contains, values: Values) -> Metric {
    Metric { selector: Selector::parse(name).unwrap(), contains, values }
}

pub(crate) fn threshold(
    selector: &str,
    expression: &str,
    over: Option<Span>,
    value: Option<f64>,
    passed: bool,
) -> (Threshold, Outcome) {
    let draft = ThresholdDraft { threshold: expression.to_owned(), over, ..ThresholdDraft::default() };
    let known = BUILT_IN.into_iter().chain(OWN);
    (Threshold::parse(selector, &draft, known).unwrap(), Outcome { value, passed, abort: false })
}

fn check(group: &str, name: &str, passes: u64, fails: u64) -> Check {
    Check { name: name.into(), path: format!("{group}::{name}").into(), passes, fails }
}

fn root() -> Group {
    let inner = Group {
        name: "confirm".into(),
        path: "::checkout::confirm".into(),
        groups: Vec::new(),
        checks: vec![check("::checkout::confirm", "status is 200", 40, 10)],
    };
    let checkout = Group {
        name: "checkout".into(),
        path: "::checkout".into(),
        groups: vec![inner],
        checks: vec![check("::checkout", "has <id> & \"name\"", 1, 199)],
    };
    let checks = vec![check("", "status is 200", 1_800, 0), check("", "body is short", 1_800, 0)];
    Group { groups: vec![checkout], checks, ..Group::default() }
}

fn metrics() -> Vec<Metric> {
    use Contains::{Data, Default, Time};
    let gauge = |value| Values::Gauge { value, min: 5.0, max: 20.0 };
    vec![
        metric("checks", Default, Values::Rate { nonzero: 3_641, zero: 209 }),
        metric("data_received", Data, Values::Counter(4_712_500.0)),
        metric("data_sent", Data, Values::Counter(361_000.0)),
        metric("dropped_iterations", Default, Values::Counter(10.0)),
        metric("errors", Default, Values::Rate { nonzero: 29, zero: 1_771 }),
        metric("group_duration", Time, Values::Trend(trend(200, 2.0, 12.0))),
        metric("http_req_blocked", Time, Values::Trend(trend(1_990, 0.000_4, 0.9))),
        metric("http_req_duration", Time, Values::Trend(trend(1_990, 0.463_891, 1_482.0))),
        metric(
            "http_req_duration{expected_response:true}",
            Time,
            Values::Trend(trend(1_961, 0.463_891, 1_000.0)),
        ),
        metric("http_req_failed", Default, Values::Rate { nonzero: 29, zero: 1_961 }),
        metric("http_req_latency", Time, Values::Trend(trend(1_990, 0.47, 2_040.0))),
        metric("http_reqs", Default, Values::Counter(1_990.0)),
        metric("http_reqs{scenario:api}", Default, Values::Counter(1_990.0)),
        metric("iteration_duration", Time, Values::Trend(trend(1_990, 1.0, 61_500.0))),
        metric("iterations", Default, Values::Counter(1_990.0)),
        metric("queue_length", Default, Values::Trend(trend(100, 0.0, 99.0))),
        metric("vus", Default, gauge(7.0)),
        metric("vus_max", Default, gauge(20.0)),
    ]
}

/// Ten seconds of 200 starts each, of which two the server was away.
pub(crate) fn results() -> Results {
    let schedule = Schedule {
        scenario: "api".into(),
        scheduled: 2_000,
        on_time: 1_590,
        late: 400,
        unsent: 10,
        lateness: trend(1_990, 0.0, 1_980.0),
    };
    Results {
        run_id: "7c0ffee".into(),
        started_ms: 1_700_000_000_000,
        elapsed: Span::from_millis(10_040),
        metrics: metrics(),
        root: root(),
        schedules: vec![schedule, Schedule { scenario: "idle".into(), ..Schedule::default() }],
        thresholds: vec![
            threshold("http_req_duration", "p(95)<500", None, Some(1_407.9), false),
            threshold("http_req_duration", "p(99.9) < 3000", None, Some(1_480.5), true),
            threshold("http_req_duration{expected_response:true}", "avg<600", None, Some(500.2), true),
            threshold("http_req_failed", "rate<0.01", Some(Span::from_secs(60)), Some(0.014_57), false),
            threshold("http_reqs", "rate>100", None, Some(198.207_17), true),
            threshold("queue_length", "max<200", None, Some(99.0), true),
            threshold("ws_connecting{scenario:chat}", "p(90)<100", None, None, true),
        ],
        interrupted: 3,
        invalid: vec![
            "own CPU above 90 % in 4 of 10 seconds".to_owned(),
            "12 file descriptors short".to_owned(),
        ],
        exit: Some(Exit::Invalid),
    }
}

/// The same run where nothing went wrong.
pub(crate) fn healthy() -> Results {
    let mut results = results();
    results.invalid.clear();
    results.thresholds.clear();
    results.interrupted = 0;
    results.exit = Some(Exit::Passed);
    results
}
