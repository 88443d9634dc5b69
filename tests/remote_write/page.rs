//! A request holds what the page shows: every sample of `/metrics` once, under the same labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use podometer::encode::prometheus::{Format, Page};
use podometer::encode::remote_write::{Encoder, Limits, Options, Version};
use podometer::encode::{Batch, prometheus};
use podometer::model::snapshot::Snapshot;

use crate::decode::{self, Series};
use crate::sample;

pub(crate) const VERSIONS: [Version; 2] = [Version::V1, Version::V2];

pub(crate) fn options(version: Version) -> Options {
    Options {
        version,
        labels: vec![
            ("job".into(), "podometer".into()),
            ("instance".into(), "n1".into()),
            ("Site".into(), "lab \"1\"".into()),
        ],
        native_histograms: true,
        node_names: false,
        rows: sample::everything(),
        limits: Limits::default(),
    }
}

pub(crate) fn encode(options: Options) -> Vec<Batch> {
    Encoder::new(options).encode(&sample::full(), &Arc::new(sample::report()))
}

/// Samples of a text page by name and labels, without the empty labels that Prometheus drops.
fn samples(page: Page, options: prometheus::Options) -> BTreeMap<String, f64> {
    let text = sample::document(&sample::full(), page, Format::Text, options);
    let text = String::from_utf8(text).unwrap();
    let sample = |line: &str| {
        let (head, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = head.split_once('{').unwrap_or((head, "}"));
        let mut labels: Vec<String> = labels
            .trim_end_matches('}')
            .split_inclusive("\",")
            .map(|label| label.trim_end_matches(',').to_owned())
            .filter(|label| !label.is_empty() && !label.ends_with("=\"\""))
            .collect();
        labels.extend(["job=\"podometer\"", "instance=\"n1\"", r#"Site="lab \"1\"""#].map(str::to_owned));
        labels.sort();
        (format!("{name}{{{}}}", labels.join(",")), value.parse().unwrap())
    };
    text.lines().filter(|line| !line.starts_with('#')).map(sample).collect()
}

/// The same of a request, whose labels must be sorted and not empty.
fn written(series: &Series) -> (String, f64) {
    let names: Vec<&str> = series.labels.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.is_sorted() && series.labels.iter().all(|(_, value)| !value.is_empty()), "{series:?}");
    let mut labels: Vec<String> = series
        .labels
        .iter()
        .filter(|(name, _)| name != "__name__")
        .map(|(name, value)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{name}=\"{value}\"")
        })
        .collect();
    labels.sort();
    (format!("{}{{{}}}", series.name(), labels.join(",")), series.value())
}

#[test]
fn every_sample_of_the_page_is_written_once() {
    for version in VERSIONS {
        for node_names in [false, true] {
            let rows = sample::everything();
            let batches = encode(Options { native_histograms: false, node_names, rows, ..options(version) });
            let series = decode::series(version, &batches);
            let points: u64 = batches.iter().map(|batch| batch.points).sum();
            assert_eq!(points, series.len() as u64);
            let got: BTreeMap<String, f64> = series.iter().map(written).collect();
            assert_eq!(got.len(), series.len(), "no series twice");
            let mut expected = samples(Page::Metrics, rows);
            if node_names {
                expected.extend(samples(Page::Node, rows));
            }
            for (name, value) in &expected {
                assert_eq!(got.get(name), Some(value), "{version:?}: {name}");
            }
            assert_eq!(got.len(), expected.len());
            assert!(got.len() > 300);
            let taken = sample::snapshot().taken.wall_ms();
            assert!(series.iter().all(|series| series.at_ms() == taken));
        }
    }
}

#[test]
fn native_histograms_are_those_of_the_snapshot() {
    for version in VERSIONS {
        let series = decode::series(version, &encode(options(version)));
        let snapshot = sample::snapshot();
        let histograms: Vec<&Series> = series.iter().filter(|series| series.histogram.is_some()).collect();
        assert!(!histograms.is_empty());
        assert!(
            !series.iter().any(|series| series.name().contains("_cpu_cores_")),
            "no classic ones beside them"
        );
        let originals: Vec<_> =
            snapshot.units.iter().filter_map(|unit| unit.cpu.histogram.as_deref()).collect();
        for series in histograms {
            let got = series.histogram.as_ref().unwrap();
            let same = |original: &&&podometer::model::histogram::NativeHistogram| {
                let buckets = original.counts.iter().enumerate().filter(|(_, count)| **count > 0);
                let buckets = buckets.map(|(place, &count)| (place as i64 - 111, i64::from(count)));
                got.native == buckets.collect::<Vec<_>>()
            };
            let original = originals.iter().find(same).unwrap_or_else(|| panic!("{series:?}"));
            assert_eq!((got.count, got.sum), (original.count, original.sum));
            assert_eq!((got.zero_count, got.zero_threshold), (original.zero_count, 1.0 / 16384.0));
            assert_eq!(got.schema, 3);
        }
    }
}

#[test]
fn version_2_says_what_each_series_is_and_since_when() {
    let series = decode::series(Version::V2, &encode(options(Version::V2)));
    for series in &series {
        let (kind, help, unit) = series.metadata.as_ref().unwrap();
        assert!((1..=3).contains(kind) && !help.is_empty(), "{series:?}");
        assert_eq!(*kind == 3, series.histogram.is_some());
        assert_eq!(
            unit.is_empty(),
            !["bytes", "cores", "ratio", "seconds"]
                .iter()
                .any(|unit| { series.name().trim_end_matches("_total").ends_with(&format!("_{unit}")) }),
            "{series:?}"
        );
        assert_eq!(series.created[0], series.created[1], "both places say the same");
    }
    let created = |name: &str| {
        let found = series.iter().find(|series| series.name() == name && !series.label("pod").is_empty());
        found.unwrap().created[0]
    };
    assert!(created("container_cpu_usage_seconds_total").is_some());
    assert!(created("podometer_container_cpu_cores").is_some());
    assert!(created("container_memory_working_set_bytes").is_none());
}

#[test]
fn version_1_tells_every_family_at_first_and_each_minute() {
    let mut encoder = Encoder::new(options(Version::V1));
    let report = Arc::new(sample::report());
    for (seconds, is_told) in [(0, true), (15, false), (30, false), (45, false), (60, true), (75, false)] {
        let mut now = Snapshot::clone(&sample::snapshot());
        now.taken.boot_ns += seconds * 1_000_000_000;
        let batches = encoder.encode(&Arc::new(now), &report);
        let requests: Vec<_> =
            batches.iter().map(|batch| decode::request(Version::V1, &batch.body)).collect();
        let told: usize = requests.iter().map(|request| request.metadata.len()).sum();
        assert_eq!(told > 0, is_told, "after {seconds} s");
        if is_told {
            let mut told =
                requests.iter().flat_map(|request| request.metadata.clone()).collect::<BTreeMap<_, _>>();
            for series in requests.iter().flat_map(|request| &request.series) {
                assert!(told.contains_key(series.name()), "{}", series.name());
            }
            let (kind, help, unit) = told.remove("container_cpu_usage_seconds_total").unwrap();
            assert_eq!((kind, unit.as_str()), (1, "seconds"));
            assert!(help.contains("CPU"));
        }
    }
}

#[test]
fn requests_keep_to_their_bounds() {
    for version in VERSIONS {
        let whole = decode::series(version, &encode(options(version)));
        for (series, bytes) in [(1, 1 << 20), (7, 1 << 20), (1 << 20, 4096), (1 << 20, 1), (50, 9000)] {
            let batches = encode(Options { limits: Limits { series, bytes }, ..options(version) });
            for batch in &batches {
                let request = decode::request(version, &batch.body);
                assert_eq!(request.series.len() as u64, batch.points);
                assert!(batch.points <= series as u64);
                assert!(batch.points == 1 || batch.body.len() <= bytes, "{}", batch.body.len());
                if version == Version::V2 {
                    assert_eq!(request.symbols[0], "");
                    let mut symbols = request.symbols.clone();
                    symbols.sort();
                    assert!(symbols.windows(2).all(|pair| pair[0] != pair[1]), "each symbol once");
                }
            }
            assert_eq!(decode::series(version, &batches), whole);
            assert!(batches.len() > 1);
        }
    }
}
