//! Thresholds while a run goes, and at its end.

use podometer::load::exit::Exit;
use podometer::load::span::Span;
use podometer::load::threshold::Threshold;

use crate::harness::{file, get, plan, run, target, threshold};

const FOR_EVER: &str = r#"{"executor": "constant-vus", "duration": "forever"}"#;

#[test]
fn a_failed_threshold_can_end_the_run() {
    let target = target();
    let mut plan = plan(target.address(), "/?delay=10ms", FOR_EVER);
    let failing = threshold("http_req_duration", "p(95)<0.001");
    plan.thresholds = vec![
        threshold("http_reqs", "count>0"),
        // This one fails as well, but is not due before the other ends the run.
        Threshold { abort_on_fail: true, delay_abort_eval: Some(Span::from_secs(3600)), ..failing.clone() },
        Threshold { abort_on_fail: true, ..failing },
    ];
    let results = run(plan);
    assert_eq!(results.exit, Some(Exit::ThresholdsFailed));
    let passed: Vec<bool> = results.thresholds.iter().map(|(_, outcome)| outcome.passed).collect();
    assert_eq!(passed, [true, false, false]);
}

#[test]
fn a_window_forgets_what_is_older() {
    let target = target();
    // All requests are of the first second, and a second scenario keeps the run going without any.
    let mut plan = file(&format!(
        "scenarios:
  s: {{executor: per-vu-iterations, iterations: 5}}
  t: {{executor: per-vu-iterations, exec: idle}}
flows:
  default: [{}]
  idle: [{{sleep: 5s}}]
",
        get(target.address(), "/", "9s")
    ));
    let whole = threshold("http_reqs", "count==5");
    let window = Threshold { over: Some(Span::from_secs(2)), ..whole.clone() };
    plan.thresholds = vec![whole, window];
    let results = run(plan);
    let values: Vec<Option<f64>> = results.thresholds.iter().map(|(_, outcome)| outcome.value).collect();
    assert_eq!(values, [Some(5.0), None]);
}
