//! How iterations and runs end that do not come to their last step.

use podometer::load::exit::Exit;
use podometer::load::results::Values;

use crate::harness::{counter, file, heard_run, plan, run, target};
use crate::served::Served;

#[test]
fn a_failed_iteration_is_complete_all_the_same() {
    let served = Served::saying("");
    let (results, said) = heard_run(file(&format!(
        "iterations: 3
flows: {{default: [{{group: g, steps: [{{get: 'http://{0}/a'}}, {{fail: 'user ${{__VU}} is unhappy'}}]}}, {{get: 'http://{0}/b'}}]}}
",
        served.address
    )));
    assert_eq!(served.lines(), ["GET /a"; 3]);
    assert_eq!((counter(&results, "iterations"), results.interrupted), (3, 0));
    assert_eq!(results.exit, Some(Exit::Passed));
    assert_eq!(said, ["flow default: fail: user 1 is unhappy"]);
    let Values::Trend(groups) = &results.metric("group_duration").unwrap().values else { panic!() };
    assert_eq!(groups.count(), 3, "a group that is left has ended");
}

#[test]
fn an_abort_ends_the_run_and_not_the_teardown() {
    let served = Served::saying("");
    let (results, said) = heard_run(file(&format!(
        "vus: 5
duration: 1h
flows: {{default: [{{get: 'http://{0}/a'}}, {{abort: enough}}]}}
teardown: [{{get: 'http://{0}/z'}}]
",
        served.address
    )));
    assert_eq!(results.exit, Some(Exit::ScriptAborted));
    assert!(said.iter().any(|said| said.contains("flow default: abort: enough")), "{said:?}");
    // The server may come to requests that were cut off later than to this one.
    assert_eq!(served.lines().iter().filter(|line| *line == "GET /z").count(), 1);
    assert_eq!(counter(&results, "iterations"), 0);
    assert!((1..=5).contains(&results.interrupted), "{}", results.interrupted);
}

#[test]
fn iterations_that_are_cut_off_are_counted() {
    let target = target();
    for json in [
        "{executor: constant-vus, vus: 2, duration: 1s, gracefulStop: 0s}",
        "{executor: ramping-vus, startVUs: 2, gracefulRampDown: 0s, gracefulStop: 0s, stages: [{duration: 1s, target: 2}, {duration: 0s, target: 0}]}",
        "{executor: constant-arrival-rate, rate: 2, duration: 1s, preAllocatedVUs: 2, gracefulStop: 0s}",
    ] {
        let results = run(plan(target.address(), "/?delay=1m", json));
        assert_eq!((counter(&results, "iterations"), results.interrupted), (0, 2), "{json}");
    }
}

#[test]
fn a_failed_request_ends_the_iteration_where_it_is_to_throw() {
    let address = crate::ports::free_address();
    for (options, requests) in [("throw: true", 2), ("throw: false", 4)] {
        let results = run(file(&format!(
            "iterations: 2\noptions: {{{options}}}\nflows: {{default: [{{get: 'http://{address}/'}}, {{get: 'http://{address}/'}}]}}\n"
        )));
        assert_eq!((counter(&results, "http_reqs"), counter(&results, "iterations")), (requests, 2));
    }
}
