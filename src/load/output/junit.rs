//! Results as JUnit XML, which every pipeline can show: each threshold and each check is a test case.
//!
//! A threshold or check that failed is a `failure`. A run that does not speak of its target, or that was ended before
//! its time, is an `error`: the tests were not really made.

use std::time::{Duration, UNIX_EPOCH};

use super::xml::Xml;
use crate::load::exit::Exit;
use crate::load::results::{Group, Results};
use crate::load::span::Span;
use crate::load::summary::{Options, shown};
use crate::load::threshold::{Outcome, Threshold};

/// A test case and what came of it.
struct Case {
    class: String,
    name: String,
    verdict: Verdict,
}

enum Verdict {
    Passed,
    Failed { message: String, text: String },
    Broken { message: String, text: String },
}

/// The whole file. `name` is that of the suites, such as the scenario file's.
pub fn junit(results: &Results, name: &str) -> String {
    let suites = [("run", run(results)), ("thresholds", thresholds(results)), ("checks", checks(results))];
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    let time = seconds(results.elapsed);
    let mut xml = Xml::new();
    let (tests, failures, errors) = counts(all());
    xml.open(
        "testsuites",
        &[("name", name), ("tests", &tests), ("failures", &failures), ("errors", &errors), ("time", &time)],
    );
    let started = Duration::from_millis(u64::try_from(results.started_ms).unwrap_or_default());
    let started = humantime::format_rfc3339_seconds(UNIX_EPOCH + started).to_string();
    for (suite, cases) in &suites {
        let (tests, failures, errors) = counts(cases.iter());
        xml.open(
            "testsuite",
            &[
                ("name", suite),
                ("tests", &tests),
                ("failures", &failures),
                ("errors", &errors),
                ("skipped", "0"),
                ("time", &time),
                // The schema of JUnit has no zone.
                ("timestamp", started.trim_end_matches('Z')),
                ("id", &results.run_id),
            ],
        );
        for case in cases {
            write(&mut xml, case);
        }
        xml.close();
    }
    xml.finish()
}

fn write(xml: &mut Xml, case: &Case) {
    let attributes = [("classname", case.class.as_str()), ("name", &case.name), ("time", "0")];
    let (element, kind, message, text) = match &case.verdict {
        Verdict::Passed => return xml.empty("testcase", &attributes),
        Verdict::Failed { message, text } => ("failure", "failed", message, text),
        Verdict::Broken { message, text } => ("error", "invalid", message, text),
    };
    xml.open("testcase", &attributes);
    xml.text(element, &[("message", message), ("type", kind)], text);
    xml.close();
}

fn counts<'a>(cases: impl Iterator<Item = &'a Case>) -> (String, String, String) {
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for case in cases {
        tests += 1;
        match case.verdict {
            Verdict::Passed => {}
            Verdict::Failed { .. } => failures += 1,
            Verdict::Broken { .. } => errors += 1,
        }
    }
    (tests.to_string(), failures.to_string(), errors.to_string())
}

/// Whether the numbers mean anything.
fn run(results: &Results) -> Vec<Case> {
    let believed = match results.invalid.first() {
        None => Verdict::Passed,
        Some(first) => Verdict::Broken {
            message: format!("INVALID: {first}"),
            text: format!("INVALID: {}", results.invalid.join("\nINVALID: ")),
        },
    };
    let is_planned = |exit: &Exit| {
        matches!(exit, Exit::Passed | Exit::ThresholdsFailed | Exit::MarkedFailed | Exit::Invalid)
    };
    let ended = match results.exit.filter(|exit| !is_planned(exit)) {
        None => Verdict::Passed,
        Some(exit) => Verdict::Broken {
            message: exit.meaning().to_owned(),
            text: format!("exit code {} ({}): {}", exit.code(), exit.name(), exit.meaning()),
        },
    };
    let case = |name: &str, verdict| Case { class: "run".to_owned(), name: name.to_owned(), verdict };
    vec![case("the generator was not the bottleneck", believed), case("the run ended as planned", ended)]
}

fn thresholds(results: &Results) -> Vec<Case> {
    let options = Options::default();
    let case = |(threshold, outcome): &(Threshold, Outcome)| {
        let (source, method) = (&threshold.expression.source, threshold.expression.method);
        let window = threshold.over.map(|over| format!(" over {over}")).unwrap_or_default();
        let value = outcome.value.map(|value| shown(value, threshold, results, &options));
        let value = value.unwrap_or_else(|| "no sample".to_owned());
        let message = format!("{method} is {value}");
        let text = format!("{}: {source}{window} does not hold: {message}", threshold.selector);
        let verdict = if outcome.passed { Verdict::Passed } else { Verdict::Failed { message, text } };
        Case { class: threshold.selector.to_string(), name: format!("{source}{window}"), verdict }
    };
    results.thresholds.iter().map(case).collect()
}

fn checks(results: &Results) -> Vec<Case> {
    let mut cases = Vec::new();
    collect(&results.root, &mut cases);
    cases
}

fn collect(group: &Group, cases: &mut Vec<Case>) {
    for check in &group.checks {
        let message = format!("{} of {} failed", check.fails, check.passes + check.fails);
        let text = format!("{}: {message}", check.path);
        let verdict = if check.fails == 0 { Verdict::Passed } else { Verdict::Failed { message, text } };
        cases.push(Case { class: format!("checks{}", group.path), name: check.name.to_string(), verdict });
    }
    for inner in &group.groups {
        collect(inner, cases);
    }
}

fn seconds(span: Span) -> String {
    format!("{:.3}", span.seconds())
}
