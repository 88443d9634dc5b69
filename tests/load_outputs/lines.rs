//! Line protocol in the schemas of k6 and JMeter.

use std::collections::BTreeMap;
use std::sync::Arc;

use influxdb_line_protocol::{FieldValue, parse_lines};
use podometer::encode::Batch;
use podometer::encode::influx::Limits;
use podometer::encode::load::{jmeter, k6};
use podometer::load::interval::{Interval, RequestTags};

use super::{golden, stretch};

/// A point as another parser reads it.
#[derive(Debug)]
struct Point {
    measurement: String,
    tags: BTreeMap<String, String>,
    floats: BTreeMap<String, f64>,
    texts: BTreeMap<String, String>,
    time: i64,
}

fn text_of(batches: &[Batch]) -> String {
    batches.iter().map(|batch| String::from_utf8(batch.body.to_vec()).unwrap()).collect()
}

fn read(text: &str) -> Vec<Point> {
    let point = |line: influxdb_line_protocol::ParsedLine<'_>| {
        let mut point = Point {
            measurement: line.series.measurement.to_string(),
            tags: BTreeMap::new(),
            floats: BTreeMap::new(),
            texts: BTreeMap::new(),
            time: line.timestamp.unwrap(),
        };
        for (name, value) in line.series.tag_set.into_iter().flatten() {
            assert!(point.tags.insert(name.to_string(), value.to_string()).is_none(), "{name} twice");
        }
        for (name, value) in line.field_set {
            match value {
                FieldValue::F64(value) => drop(point.floats.insert(name.to_string(), value)),
                FieldValue::String(value) => drop(point.texts.insert(name.to_string(), value.to_string())),
                other => panic!("{name}: {other:?} is neither a float nor a text"),
            }
        }
        point
    };
    parse_lines(text).map(|line| point(line.unwrap())).collect()
}

fn jmeter_options() -> jmeter::Options {
    jmeter::Options {
        application: "crocodile api".to_owned(),
        test_title: "Spike \"one\"".to_owned(),
        event_tags: "a,b".to_owned(),
        tags: vec![("run_id".to_owned(), "7c0ffee".to_owned())],
        ..jmeter::Options::default()
    }
}

fn k6_options(trend_points: u32) -> k6::Options {
    k6::Options { tags: vec![("run_id".to_owned(), "7c0ffee".to_owned())], trend_points }
}

fn jmeter_points(interval: &Interval) -> Vec<Point> {
    read(&text_of(&jmeter::batches(interval, &jmeter_options(), Limits::default())))
}

#[test]
fn lines_are_written_whole() {
    let second = stretch::second();
    let k6 = k6::batches(&second, &k6_options(1), Limits::default());
    golden::check("load_k6.influx.txt", &text_of(&k6));
    let options = jmeter_options();
    let mut jmeter = vec![jmeter::event(true, second.end_ns, &options)];
    jmeter.extend(jmeter::batches(&second, &options, Limits::default()));
    jmeter.push(jmeter::event(false, second.end_ns, &options));
    golden::check("load_jmeter.influx.txt", &text_of(&jmeter));
}

#[test]
fn the_sum_of_transactions_is_of_all_but_its_times_are_of_good_ones() {
    let points = jmeter_points(&stretch::second());
    let of = |transaction: &str, statut: &str| {
        let is_it = |point: &&Point| {
            point.tags["transaction"] == transaction
                && point.tags.get("statut").is_some_and(|tag| tag == statut)
        };
        points.iter().find(is_it)
    };
    let sum = of("all", "all").unwrap();
    for (field, value) in [
        ("count", 100.0),
        ("countError", 10.0),
        ("hit", 100.0),
        ("sb", 12_000.0),
        ("rb", 396_000.0),
        ("min", 3.0),
        ("max", 240.0),
    ] {
        assert!((sum.floats[field] - value).abs() < 1e-9, "{field}: {sum:?}");
    }
    let bad = of("list crocodiles, all=1", "ko").unwrap();
    assert!((bad.floats["count"] - 9.0).abs() < 1e-9 && (bad.floats["max"] - 2.0).abs() < 1e-9);
    assert!((bad.floats["hit"] - 99.0).abs() < 1e-9, "hits are the transaction's: {bad:?}");
    assert!(of("one", "ok").is_none() && of("never", "all").is_none(), "what did not happen is not written");
    let pct: Vec<&String> = sum.floats.keys().filter(|name| name.starts_with("pct")).collect();
    assert_eq!(pct, ["pct50.0", "pct90.0", "pct95.0", "pct99.0"]);
    for point in &points {
        assert_eq!(point.time, 1_700_000_001_000_000_000, "milliseconds with six zeros");
        assert_eq!((point.tags["application"].as_str(), point.texts.len()), ("crocodile api", 0));
    }
}

#[test]
fn errors_are_told_by_code_and_message() {
    let points = jmeter_points(&stretch::second());
    let errors: Vec<(&str, &str, f64)> = points
        .iter()
        .filter_map(|point| {
            let code = point.tags.get("responseCode")?;
            Some((code.as_str(), point.tags["responseMessage"].as_str(), point.floats["count"]))
        })
        .collect();
    assert_eq!(errors, [("503", "Service Unavailable", 9.0), ("1212", "dial: connection refused", 1.0)]);
}

#[test]
fn nothing_but_users_is_said_of_an_idle_interval() {
    let idle = Interval { end_ns: 1, ..Interval::default() };
    let points = jmeter_points(&idle);
    assert_eq!(points.len(), 1);
    assert_eq!(points[0].tags["transaction"], "internal");
    let k6 = read(&text_of(&k6::batches(&idle, &k6_options(1), Limits::default())));
    let names: Vec<&str> = k6.iter().map(|point| point.measurement.as_str()).collect();
    assert_eq!(names, ["vus", "vus_max"]);
}

#[test]
fn sums_of_values_are_what_they_are_with_raw_samples() {
    let points = read(&text_of(&k6::batches(&stretch::second(), &k6_options(1), Limits::default())));
    let sum = |metric: &str| -> f64 {
        points.iter().filter(|point| point.measurement == metric).map(|point| point.floats["value"]).sum()
    };
    for (metric, value) in [
        ("http_reqs", 100.0),
        ("http_req_failed", 10.0),
        ("checks", 90.0),
        ("iterations", 100.0),
        ("data_sent", 12_000.0),
        ("data_received", 396_000.0),
        ("vus", 7.0),
        ("vus_max", 20.0),
    ] {
        assert!((sum(metric) - value).abs() < 1e-9, "{metric}: {}", sum(metric));
    }
    let first = points.iter().find(|point| point.measurement == "http_reqs").unwrap();
    assert!(!first.tags.contains_key("url") && !first.texts["url"].is_empty(), "the URL is a field");
    assert_eq!(first.tags["run_id"], "7c0ffee");
}

#[test]
fn quantiles_stand_for_samples_at_moments_of_their_own() {
    let second = stretch::second();
    let points = read(&text_of(&k6::batches(&second, &k6_options(200), Limits::default())));
    let mut values: Vec<(f64, i64)> = points
        .iter()
        .filter(|point| {
            point.measurement == "http_req_duration"
                && point.tags["status"] == "200"
                && point.texts["url"].contains("a b")
        })
        .map(|point| (point.floats["value"], point.time))
        .collect();
    assert_eq!(values.len(), 89, "no more points than samples");
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    // The sample is even from 3 to 240 ms, so that its 81st value is known.
    assert!((values[80].0 - (3.0 + 237.0 * 80.0 / 88.0)).abs() < 0.3, "{values:?}");
    let mut times: Vec<i64> = values.iter().map(|(_, time)| *time).collect();
    times.sort_unstable();
    times.dedup();
    assert_eq!(times.len(), 89, "points of one moment would overwrite each other");
}

#[test]
fn batches_are_cut_as_the_sink_wants_them() {
    let whole = k6::batches(&stretch::second(), &k6_options(50), Limits::default());
    let cut = k6::batches(&stretch::second(), &k6_options(50), Limits { points: 10, ..Limits::default() });
    assert_eq!(text_of(&cut), text_of(&whole));
    assert!(cut.len() > 1 && cut.iter().all(|batch| batch.points <= 10));
}

#[test]
fn requests_of_one_moment_do_not_overwrite_each_other() {
    let points = read(&text_of(&k6::batches(&stretch::second(), &k6_options(3), Limits::default())));
    let mut seen = std::collections::BTreeSet::new();
    for point in &points {
        assert!(seen.insert((&point.measurement, &point.tags, point.time)), "{point:?}");
    }
}

#[test]
fn a_request_cannot_take_the_name_of_the_sum() {
    let mut second = stretch::second();
    let (tags, requests) = second.requests.pop_first().unwrap();
    let named = RequestTags { name: "all".into(), ..(*tags).clone() };
    second.requests.insert(Arc::new(named), requests);
    let points = jmeter_points(&second);
    let sums = points.iter().filter(|point| point.tags["transaction"] == "all").count();
    assert_eq!(sums, 1);
}

#[test]
fn a_tag_of_all_points_hides_that_of_a_request() {
    let tags = [("scenario", "all of them"), ("type", "mine")];
    let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let options = k6::Options { tags, trend_points: 1 };
    // A tag that comes twice fails the reading.
    let points = read(&text_of(&k6::batches(&stretch::second(), &options, Limits::default())));
    assert!(
        points.iter().all(|point| point.tags["scenario"] == "all of them" && point.tags["type"] == "mine")
    );
}
