//! Each executor starts what it says, exactly, on one thread and on several.

use podometer::load::engine::{self, Observer, Tick};
use podometer::load::exit::Exit;
use podometer::load::results::{Results, Values};
use podometer::load::schedule::Arrivals;

use crate::harness::{counter, file, get, plan, rate, run, scenario, target};

/// With one thread and with three.
fn each(json: &str, path: &str, verify: impl Fn(&Results)) {
    let target = target();
    for threads in [1, 3] {
        let mut plan = plan(target.address(), path, json);
        plan.threads = Some(threads);
        let results = run(plan);
        // On a machine that is busy with other tests it may say of itself that it was too slow.
        assert!(matches!(results.exit, Some(Exit::Passed | Exit::Invalid)), "{:?}", results.exit);
        verify(&results);
    }
}

/// Every request was well, and there were so many.
fn all_well(results: &Results, requests: u64) {
    assert_eq!((counter(results, "http_reqs"), counter(results, "iterations")), (requests, requests));
    assert_eq!(rate(results, "http_req_failed"), (0, requests));
    assert_eq!(rate(results, "checks"), (requests, 0));
    for name in ["http_req_duration", "http_req_latency", "http_req_blocked", "iteration_duration"] {
        let Values::Trend(histogram) = &results.metric(name).unwrap().values else { panic!("{name}") };
        assert_eq!(histogram.count(), requests, "{name}");
    }
    assert_eq!((results.root.checks[0].passes, &*results.root.checks[0].path), (requests, "::status is 200"));
}

fn most_vus(results: &Results, name: &str) -> f64 {
    match results.metric(name).unwrap().values {
        Values::Gauge { max, .. } => max,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn shared_iterations_are_as_many_as_were_asked_for() {
    each(r#"{"executor": "shared-iterations", "vus": 7, "iterations": 100}"#, "/", |results| {
        all_well(results, 100);
        assert_eq!(most_vus(results, "vus_max"), 7.0);
    });
}

#[test]
fn each_user_has_its_own_iterations() {
    each(r#"{"executor": "per-vu-iterations", "vus": 5, "iterations": 4}"#, "/", |results| {
        all_well(results, 20);
    });
}

#[test]
fn iterations_without_time_left_are_dropped() {
    let json = r#"{"executor": "per-vu-iterations", "vus": 2, "iterations": 50, "maxDuration": "1s"}"#;
    each(json, "/?delay=300ms", |results| {
        let done = counter(results, "iterations");
        assert!(done > 0 && done < 100);
        assert_eq!(done + counter(results, "dropped_iterations"), 100);
    });
    // Two are cut off within their first iteration, which is neither.
    let cut = r#"{"executor": "per-vu-iterations", "vus": 2, "iterations": 5, "maxDuration": "1s", "gracefulStop": "0s"}"#;
    each(cut, "/?delay=1m", |results| assert_eq!(counter(results, "dropped_iterations"), 8));
    let json = r#"{"executor": "shared-iterations", "vus": 2, "iterations": 50, "maxDuration": "1s"}"#;
    each(json, "/?delay=300ms", |results| {
        assert_eq!(counter(results, "iterations") + counter(results, "dropped_iterations"), 50);
    });
}

#[test]
fn constant_users_go_round_until_the_end() {
    each(r#"{"executor": "constant-vus", "vus": 3, "duration": "1s"}"#, "/", |results| {
        all_well(results, counter(results, "http_reqs"));
        assert_eq!((most_vus(results, "vus"), most_vus(results, "vus_max")), (3.0, 3.0));
    });
}

#[test]
fn an_iteration_that_takes_too_long_is_cut_off() {
    let json = r#"{"executor": "constant-vus", "vus": 2, "duration": "1s", "gracefulStop": "0s"}"#;
    each(json, "/?delay=1m", |results| {
        assert_eq!((counter(results, "iterations"), counter(results, "http_reqs")), (0, 0));
    });
}

#[test]
fn ramping_users_are_never_more_than_planned() {
    let json = r#"{"executor": "ramping-vus", "startVUs": 1,
                   "stages": [{"duration": "1s", "target": 6}, {"duration": "0s", "target": 2}, {"duration": "1s", "target": 0}]}"#;
    each(json, "/", |results| {
        all_well(results, counter(results, "http_reqs"));
        assert!(most_vus(results, "vus") <= 6.0);
        assert_eq!(most_vus(results, "vus_max"), 6.0);
    });
}

#[test]
fn users_that_go_have_their_graceful_ramp_down_and_no_more() {
    let json = r#"{"executor": "ramping-vus", "startVUs": 4, "gracefulRampDown": "100ms", "gracefulStop": "0s",
                   "stages": [{"duration": "0s", "target": 1}, {"duration": "1s", "target": 1}]}"#;
    each(json, "/?delay=1m", |results| {
        assert_eq!(counter(results, "iterations"), 0);
    });
}

/// The users of each second.
#[derive(Default)]
struct Users(Vec<u64>);

impl Observer for Users {
    fn second(&mut self, tick: &Tick<'_>) {
        if !tick.is_last {
            self.0.push(tick.vus);
        }
    }

    fn ending(&mut self, _: &str) {}
}

#[test]
fn graceful_ramp_down_counts_behind_the_last_stage_too() {
    let json = r#"{"executor": "ramping-vus", "startVUs": 4, "gracefulRampDown": "1200ms", "gracefulStop": "1700ms",
                   "stages": [{"duration": "1s", "target": 4}, {"duration": "0s", "target": 1}]}"#;
    let target = target();
    let mut users = Users::default();
    let results = engine::run(plan(target.address(), "/?delay=1m", json), &mut users).unwrap();
    assert_eq!(counter(&results, "iterations"), 0);
    // All are busy for longer. At the end of the stages three are told to go, and all at their graceful stop.
    assert_eq!(users.0, [4, 4], "{results:?}");
    let json = json.replace("1200ms", "600ms");
    let mut users = Users::default();
    engine::run(plan(target.address(), "/?delay=1m", &json), &mut users).unwrap();
    assert_eq!(users.0, [4, 1]);
}

#[test]
fn a_scenario_that_never_began_dropped_nothing() {
    let target = target();
    let step = get(target.address(), "/", "9s");
    let plan = file(&format!(
        "scenarios:
  s: {{executor: shared-iterations, vus: 2, iterations: 50, startTime: 1h}}
  t: {{executor: constant-vus, vus: 1, duration: 10s}}
flows: {{default: [{step}]}}
thresholds: {{http_reqs: [{{threshold: count<1, abortOnFail: true}}]}}
"
    ));
    let results = run(plan);
    assert_eq!((counter(&results, "dropped_iterations"), results.exit), (0, Some(Exit::ThresholdsFailed)));
}

#[test]
fn arrivals_are_the_integral_of_the_rate() {
    let json =
        r#"{"executor": "constant-arrival-rate", "rate": 100, "duration": "2s", "preAllocatedVUs": 10}"#;
    each(json, "/", |results| {
        let schedule = &results.schedules[0];
        assert_eq!(schedule.scheduled, 200);
        // The last one may find no user free, on a machine that is busy with other tests.
        assert!(schedule.unsent <= 1, "{schedule:?}");
        assert_eq!(schedule.lateness.count(), 200 - schedule.unsent);
        all_well(results, 200 - schedule.unsent);
    });
    let json = r#"{"executor": "ramping-arrival-rate", "startRate": 0, "preAllocatedVUs": 10,
                   "stages": [{"duration": "1s", "target": 100}, {"duration": "1s", "target": 100}]}"#;
    each(json, "/", |results| {
        let schedule = &results.schedules[0];
        assert_eq!(schedule.scheduled, 150);
        assert!(schedule.unsent <= 1, "{schedule:?}");
        all_well(results, 150 - schedule.unsent);
    });
}

#[test]
fn chance_is_the_same_on_any_number_of_threads() {
    let json = r#"{"executor": "constant-arrival-rate", "rate": 100, "duration": "1s", "preAllocatedVUs": 10,
                   "arrival": "poisson"}"#;
    let expected = Arrivals::of(&scenario("s", json).executor, 7).unwrap().count() as u64;
    each(json, "/", |results| {
        let unsent = results.schedules[0].unsent;
        assert!(unsent <= 1);
        all_well(results, expected - unsent);
    });
}

#[test]
fn without_a_free_user_starts_are_dropped_or_late() {
    let json = |late: &str| {
        format!(
            r#"{{"executor": "constant-arrival-rate", "rate": 50, "duration": "1s", "preAllocatedVUs": 1,
                 "maxVUs": 3, "late": "{late}"}}"#
        )
    };
    each(&json("drop"), "/?delay=200ms", |results| {
        let schedule = &results.schedules[0];
        assert_eq!(schedule.scheduled, 50);
        assert!(schedule.unsent > 0);
        assert_eq!(counter(results, "dropped_iterations"), schedule.unsent);
        assert_eq!(counter(results, "iterations"), 50 - schedule.unsent);
        assert_eq!(most_vus(results, "vus_max"), 3.0);
    });
    each(&json("start"), "/?delay=200ms", |results| {
        let schedule = &results.schedules[0];
        assert_eq!(schedule.scheduled, 50);
        assert!(schedule.late > 0);
        assert_eq!(counter(results, "iterations"), schedule.on_time + schedule.late);
    });
}

#[test]
fn scenarios_run_beside_each_other_and_after_another() {
    let target = target();
    let step = |path: &str| get(target.address(), path, "9s");
    let mut plan = file(&format!(
        "scenarios:
  s: {{executor: per-vu-iterations, vus: 2, iterations: 3}}
  t: {{executor: per-vu-iterations, startTime: 200ms, iterations: 4, exec: other}}
flows:
  default: [{}]
  other: [{}, {{sleep: 1ms-2ms}}, {}]
",
        step("/"),
        step("/status/404"),
        step("/healthz")
    ));
    for (selector, expression) in [
        ("http_reqs{scenario:t}", "count==8"),
        ("http_reqs{scenario:s,kind:page}", "count==6"),
        ("http_reqs{name:/status/404,status:404,error_code:1404}", "count==4"),
        ("http_reqs{expected_response:false}", "count==4"),
        ("http_req_duration{method:GET,proto:HTTP/1.1}", "min>0"),
        ("http_req_failed", "rate<0.5"),
        ("iterations{scenario:t}", "count==4"),
        ("checks{scenario:t,check:status is 200}", "rate==0.5"),
    ] {
        plan.thresholds.push(crate::harness::threshold(selector, expression));
    }
    let results = run(plan);
    for (threshold, outcome) in &results.thresholds {
        assert!(outcome.passed, "{} {:?}", threshold.selector, outcome.value);
        assert!(results.metric(&threshold.selector.to_string()).is_some());
    }
    assert_eq!(counter(&results, "http_reqs"), 14);
}

#[test]
fn connections_are_kept_or_not() {
    let target = target();
    let json = r#"{"executor": "per-vu-iterations", "vus": 2, "iterations": 10}"#;
    for (never, opened) in [(false, 2), (true, 20)] {
        let mut plan = plan(target.address(), "/", json);
        plan.options.no_connection_reuse = never;
        let results = run(plan);
        let Values::Trend(connecting) = &results.metric("http_req_connecting").unwrap().values else {
            panic!()
        };
        assert_eq!((connecting.count(), connecting.count() - connecting.at_most(0)), (20, opened));
    }
}
