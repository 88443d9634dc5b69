//! Setup and teardown.

use podometer::load::exit::Exit;

use crate::harness::{counter, file, heard_run, rate, run};
use crate::served::{Asked, Served, ok};

fn served() -> Served {
    Served::new(|asked: &Asked| match asked.line.as_str() {
        "POST /login" => ok("{\"token\": \"t-1\"}"),
        _ => ok("{}"),
    })
}

fn text(served: &Served, options: &str, setup: &str) -> String {
    format!(
        "env: {{H: 'http://{}'}}
scenarios: {{s: {{executor: per-vu-iterations, vus: 2, iterations: 2}}}}
options: {{{options}}}
setup: {setup}
flows: {{default: [{{get: '${{H}}/${{token}}'}}, {{get: '${{H}}/', extract: {{token: $.none}}}}]}}
teardown: [{{delete: '${{H}}/${{token}}', check: {{status: 200}}}}]
thresholds:
  'http_reqs{{group:::setup}}': ['count==1']
  'http_reqs{{group:::teardown}}': ['count==1']
  'http_reqs{{scenario:s}}': ['count==8']
",
        served.address
    )
}

const LOGIN: &str = "[{post: '${H}/login', check: {status: 200}, extract: {token: $.token}}]";

#[test]
fn all_users_start_from_what_the_setup_sets() {
    let served = served();
    let results = run(file(&text(&served, "", LOGIN)));
    let lines = served.lines();
    assert_eq!(lines.first().map(String::as_str), Some("POST /login"));
    assert_eq!(lines.last().map(String::as_str), Some("DELETE /t-1"));
    assert_eq!(lines.iter().filter(|line| *line == "GET /t-1").count(), 4, "each iteration anew: {lines:?}");
    assert_eq!(results.exit, Some(Exit::Passed), "{:?}", results.thresholds);
    assert_eq!((counter(&results, "iterations"), rate(&results, "checks")), (4, (2, 0)));
    let groups: Vec<&str> = results.root.groups.iter().map(|group| &*group.path).collect();
    assert_eq!(groups, ["::setup", "::teardown"]);
}

#[test]
fn they_can_be_left_out() {
    let served = served();
    let results = run(file(&text(&served, "noSetup: true, noTeardown: true", LOGIN)));
    assert!(served.lines().is_empty(), "what the setup would have set is lacking");
    assert_eq!(results.interrupted, 4);
}

#[test]
fn a_setup_that_fails_is_the_end() {
    for (options, setup, exit, told) in [
        ("setupTimeout: 100ms", "[{sleep: 1h}]", Exit::SetupTimeout, "longer than setupTimeout, 100ms"),
        ("", "[{fail: 'no luck'}]", Exit::ScriptException, "no luck"),
        ("", "[{abort: 'no way'}]", Exit::ScriptAborted, "no way"),
    ] {
        let served = served();
        let setup = setup.replace(']', ", {set: {token: x}}]");
        let (results, said) = heard_run(file(&text(&served, options, &setup)));
        assert_eq!(results.exit, Some(exit), "{said:?}");
        assert!(said.iter().any(|said| said.contains(told)), "{said:?}");
        assert!(served.lines().is_empty(), "no user and no teardown");
    }
}

#[test]
fn a_teardown_has_its_time_and_no_more() {
    let served = served();
    let text =
        text(&served, "teardownTimeout: 100ms", LOGIN).replace("teardown: [", "teardown: [{sleep: 1h}, ");
    let (results, said) = heard_run(file(&text));
    assert_eq!(results.exit, Some(Exit::TeardownTimeout), "{said:?}");
    assert_eq!(counter(&results, "iterations"), 4);
}
