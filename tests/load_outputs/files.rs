//! CSV and JUnit.

use podometer::load::exit::Exit;
use podometer::load::output::{csv, junit};
use podometer::load::results::Results;
use podometer::load::summary::TrendStat;

use super::{golden, sample};

#[test]
fn files_are_written_whole() {
    golden::check("load_results.csv", &csv(&sample::results(), &TrendStat::defaults()));
    golden::check("load_junit.xml", &junit(&sample::results(), "crocodiles <spike> & \"load\""));
}

/// How often an element stands in the text.
fn count(xml: &str, element: &str) -> usize {
    xml.matches(&format!("<{element} ")).count()
}

#[test]
fn what_failed_what_is_invalid_and_what_passed_is_told_apart() {
    let xml = junit(&sample::results(), "run");
    let numbers = (count(&xml, "testcase"), count(&xml, "failure"), count(&xml, "error"));
    assert_eq!(numbers, (2 + 7 + 4, 2 + 2, 1));
    assert!(xml.contains("<testsuites name=\"run\" tests=\"13\" failures=\"4\" errors=\"1\""));
    let healthy = junit(&sample::healthy(), "run");
    assert_eq!((count(&healthy, "testcase"), count(&healthy, "error")), (6, 0));
    let aborted = Results { exit: Some(Exit::ExternalAbort), ..sample::healthy() };
    assert_eq!(count(&junit(&aborted, "run"), "error"), 1);
    let missed = Results { exit: Some(Exit::ThresholdsFailed), ..sample::healthy() };
    assert_eq!(count(&junit(&missed, "run"), "error"), 0, "a failed threshold is a failure of its own");
}

#[test]
fn every_row_of_the_table_has_its_columns() {
    let text = csv(&sample::results(), &TrendStat::defaults());
    // No cell of the sample but the quoted ones holds a comma.
    for row in text.lines().filter(|row| !row.contains('"')) {
        assert_eq!(row.split(',').count(), 7, "{row}");
    }
    assert!(text.contains("\n7c0ffee,check,\"has <id> & \"\"name\"\"\",::checkout,fails,,199\n"));
    assert!(text.contains("\n7c0ffee,metric,http_req_duration,expected_response:true,max,ms,1000\n"));
    assert!(text.contains("\n7c0ffee,run,,,valid,,0\n"));
}
