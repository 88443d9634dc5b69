//! What a file comes to that says everything, and who overrides whom.

use std::path::Path;

use podometer::load::file::{DnsPolicy, File, Options, Surroundings, TlsVersion};
use podometer::load::flow::{Address, Step};
use podometer::load::scenario::Executor;
use podometer::load::shortcuts::Shortcuts;
use podometer::load::span::Span;

use crate::golden;
use crate::reading::{file, read, read_with, variable};
use crate::shown::show;

/// Every key of every part at least once.
const EVERYTHING: &str = include_str!("everything.yaml");

#[test]
fn everything() {
    let file = read(EVERYTHING).unwrap_or_else(|problems| panic!("{problems}"));
    golden::check("load_file.txt", &show(&file));
}

#[test]
fn options() {
    let text = "
options:
  setupTimeout: 10s
  noTeardown: true
  rps: 0
  dns: {ttl: inf, policy: onlyIPv6}
  tlsVersion: tls1.3
  tlsAuth: [{cert: a.pem, key: b.pem, domains: h}]
  maxRedirects: 3
  hosts: {h: 127.0.0.1}
  summaryTrendStats: [avg, 'p(99.9)', count]
  systemTags: [url, name]
  discardResponseBodies: true
  seed: 7
  ext: {loadimpact: {}}
flows: {default: [{get: 'http://h'}]}
";
    let file = read(text).unwrap();
    let usual = Options::default();
    let given = &file.options;
    assert_eq!((given.setup_timeout, given.teardown_timeout), (Span::from_secs(10), usual.teardown_timeout));
    assert_eq!((given.no_setup, given.no_teardown), (false, true));
    assert_eq!((given.rps, given.max_redirects, given.seed), (None, 3, Some(7)));
    assert_eq!((given.dns.ttl, given.dns.policy), (None, DnsPolicy::OnlyIpv6));
    assert_eq!(given.tls_version, (TlsVersion::Tls13, TlsVersion::Tls13));
    assert_eq!(given.tls_auth[0].cert, Path::new("tests/a.pem"));
    assert_eq!(given.summary_trend_stats, ["avg", "p(99.9)", "count"]);
    assert_eq!(given.hosts["h"], "127.0.0.1");
    assert!(given.discard_response_bodies);
    let remarks: Vec<String> = file.remarks.iter().map(ToString::to_string).collect();
    assert_eq!(remarks, ["tests/t.yaml:15:8: options.ext: does nothing here"]);
}

#[test]
fn a_threshold_on_nothing_is_remarked_upon() {
    let text = "scenarios: {api: {executor: per-vu-iterations}}
flows: {default: [{get: 'http://h'}]}
thresholds: {'checks{scenario:apy}': rate>0.9, 'checks{scenario:api}': rate>0.9}
";
    let remarks: Vec<String> = read(text).unwrap().remarks.iter().map(ToString::to_string).collect();
    let expected =
        "tests/t.yaml:3:14: thresholds.checks{scenario:apy}: no scenario is called apy; did you mean api?";
    assert_eq!(remarks, [expected]);
}

#[test]
fn flags_go_above_the_file() {
    let text = "stages: [{duration: 1m, target: 5}]\nflows: {only: [{get: 'http://h'}]}\n";
    let executor = |overrides| read_with(text, overrides).unwrap().plans.remove(0).scenario.executor;
    assert!(matches!(executor(Shortcuts::default()), Executor::RampingVus { .. }));
    let flags = Shortcuts { vus: Some(3), duration: Some(Span::from_secs(9)), ..Shortcuts::default() };
    assert_eq!(executor(flags), Executor::ConstantVus { vus: 3, duration: Some(Span::from_secs(9)) });
}

#[test]
fn a_url_needs_no_file() {
    let overrides = Shortcuts { vus: Some(2), iterations: Some(4), ..Shortcuts::default() };
    let surroundings = Surroundings { variable: &variable, read: &file, overrides, metrics: &[] };
    let found = File::of_url("https://h:8443/a?b=${c}#d", &surroundings).unwrap();
    let Step::Request(request) = &found.plans[0].flow.steps[0] else { panic!("{found:?}") };
    let Address::Known { origin, target } = &request.address else { panic!("{request:?}") };
    assert_eq!((origin.authority().as_str(), origin.is_tls), ("h:8443", true));
    assert_eq!(target.to_string(), "/a?b=$%7Bc%7D");
    assert!(request.is_constant());
    let problems = File::of_url("h:80", &surroundings).unwrap_err();
    assert!(problems[0].to_string().ends_with(
        "\"h:80\" does not begin with http:// or https://; allowed: a URL such as http://host:8080/path"
    ));
}

#[test]
fn each_scenario_has_its_own_environment() {
    let text = "
env: {BASE: 'http://file', HOST: 'http://overridden'}
scenarios:
  a: {executor: per-vu-iterations, env: {BASE: 'http://own'}}
  b: {executor: per-vu-iterations}
  c: {executor: per-vu-iterations}
flows: {default: [{get: '${BASE}/x'}, {get: '${HOST}/y'}, {get: '${LACK:-http://default}/z'}]}
";
    let file = read(text).unwrap();
    let hosts = |at: usize| -> Vec<String> {
        let host = |step: &Step| match step {
            Step::Request(request) => match &request.address {
                Address::Known { origin, .. } => origin.authority(),
                Address::Rendered(_) => panic!("{request:?}"),
            },
            other => panic!("{other:?}"),
        };
        file.plans[at].flow.steps.iter().map(host).collect()
    };
    assert_eq!(hosts(0), ["own", "h:1", "default"]);
    assert_eq!(hosts(1), ["file", "h:1", "default"]);
    assert!(std::sync::Arc::ptr_eq(&file.plans[1].flow, &file.plans[2].flow), "the same is compiled once");
}
