//! The page for Prometheus.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use podometer::encode::load::{page, pushed};
use podometer::load::interval::{Interval, Sample};
use podometer::load::results::{Contains, Results, Values};

use super::{golden, promtool, sample, stretch};

fn written(whole: &Interval) -> String {
    let labels = [("run_id".to_owned(), "7c0ffee".to_owned())];
    String::from_utf8(page(whole, &sample::results().schedules, true, &labels)).unwrap()
}

/// The number of the row that begins so.
fn value(text: &str, row: &str) -> f64 {
    let found = text.lines().find_map(|line| line.strip_prefix(row)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("{row} is not in\n{text}")).parse().unwrap()
}

#[test]
fn a_page_is_written_whole() {
    golden::check("load_metrics.txt", &written(&stretch::second()));
}

#[test]
fn what_is_pushed_at_the_end_is_written_whole() {
    let labels = [("test".to_owned(), "spike".to_owned())];
    let text = String::from_utf8(pushed(&sample::results(), &labels)).unwrap();
    golden::check("load_pushed.txt", &text);
    let nothing = String::from_utf8(pushed(&Results::default(), &[])).unwrap();
    assert_eq!(nothing.lines().last(), Some("podometer_load_invalid 0"));
    assert!(!nothing.contains("k6_"), "what was not measured is not 0: {nothing}");
}

#[test]
fn buckets_are_in_seconds_and_cumulated() {
    let text = written(&stretch::second());
    let labels = "run_id=\"7c0ffee\",expected_response=\"true\",group=\"::checkout\",method=\"GET\",\
                  name=\"list crocodiles, all=1\",proto=\"HTTP/1.1\",scenario=\"api\",status=\"200\",\
                  type=\"service\"";
    let bucket =
        |bound: &str| value(&text, &format!("k6_http_req_duration_bucket{{{labels},le=\"{bound}\"}}"));
    // 89 samples, evenly from 3 to 240 ms, and one of another URL.
    for (bound, count) in
        [("0.005", 1.0), ("0.01", 3.0), ("0.05", 18.0), ("0.25", 90.0), ("10", 90.0), ("+Inf", 90.0)]
    {
        assert!((bucket(bound) - count).abs() < 1e-9, "{bound}: {}", bucket(bound));
    }
    let sum = value(&text, &format!("k6_http_req_duration_sum{{{labels}}}"));
    assert!((sum - (89.0 * 0.1215 + 0.24)).abs() < 1e-6, "{sum}");
}

#[test]
fn counters_have_the_names_of_the_exporter() {
    let text = written(&stretch::second());
    assert!(text.contains("# TYPE k6_http_reqs counter\n"));
    assert!(text.contains(
        "k6_check_status_is_200_pass{run_id=\"7c0ffee\",group=\"::checkout\",scenario=\"api\"} 90\n"
    ));
    assert!(text.contains("k6_queue_length{run_id=\"7c0ffee\"} 3\n"));
    assert!(
        text.contains(
            "podometer_load_starts_total{run_id=\"7c0ffee\",scenario=\"api\",outcome=\"late\"} 400\n"
        )
    );
    assert!(!text.contains("url="), "as the exporter is told");
}

#[test]
fn names_that_become_one_do_not_mix_kinds() {
    let mut whole = stretch::second();
    let counter = Sample { contains: Contains::Default, values: Values::Counter(1.0) };
    whole.samples.insert(stretch::series("queue.length", &[]), counter);
    let text = written(&whole);
    let types: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
    assert_eq!(types.len(), types.iter().collect::<BTreeSet<_>>().len());
    let names: BTreeSet<&str> = types.iter().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(names.len(), types.len(), "a family is declared once: {types:?}");
}

/// promtool reads it, and has nothing to say but that counters lack their suffix: those names are not ours.
#[test]
fn promtool_reads_the_page() {
    let tool = std::env::var("PROMTOOL").unwrap_or_else(|_| "promtool".to_owned());
    if Command::new(&tool).arg("--version").output().is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{tool} is missing on CI");
        eprintln!("SKIPPED: {tool} is missing; install Debian's prometheus to run this test");
        return;
    }
    let said = promtool::check(Path::new(&tool), written(&stretch::second()).as_bytes()).1;
    let other: Vec<&str> =
        said.lines().filter(|line| !line.contains("counter metrics should have \"_total\" suffix")).collect();
    assert!(other.is_empty(), "{other:?}");
}

#[test]
fn no_row_comes_twice() {
    let text = written(&stretch::second());
    let rows: Vec<&str> = text.lines().filter_map(|line| Some(line.rsplit_once(' ')?.0)).collect();
    let distinct: BTreeSet<&&str> = rows.iter().collect();
    assert_eq!(distinct.len(), rows.len(), "Prometheus refuses a page with the same row twice");
}
