//! Groups, checks and metrics of a flow's own, and what thresholds say of them.

use podometer::load::exit::Exit;
use podometer::load::results::Values;

use crate::harness::{counter, file, heard_run, run, target};
use crate::served::Served;

const FLOW: &str = r#"
scenarios:
  s: {executor: per-vu-iterations, vus: 2, iterations: 5, tags: {team: a}}
tags: {whole: file, team: none}
metrics: {errors: rate, sales: counter, queue: gauge, waits: {type: trend, contains: time}, sizes: trend, idle: counter}
thresholds:
  errors: ["rate==0.5"]
  "errors{kind:bad}": ["rate==1"]
  "sales{group:::shop::cart}": ["count==30"]
  "sales{team:a,whole:file}": ["count>=30"]
  queue: ["value==7"]
  waits: ["max<=60000", "min>0"]
  sizes: ["avg==13"]
  idle: ["count>1"]
  "group_duration{group:::shop}": ["min>0"]
  "checks{group:::shop::cart,check:status is 200}": ["rate==1"]
  "http_reqs{group:::shop::cart}": ["count==20"]
  "http_reqs{kind:bad}": ["count==10"]
  "data_received{group:::shop}": ["count>0"]
flows:
  default:
    - group: shop
      steps:
        - get: "${H}/status/404"
          tags: {kind: bad}
          check: {status: 404}
          record: {errors: failed}
        - group: cart
          steps:
            - get: "${H}/"
              check: {status: 200}
              record: {errors: failed, waits: duration, sizes: 13}
            - get: "${H}/"
              record: {sales: 3}
    - record: {queue: 7}
"#;

#[test]
fn thresholds_see_groups_tags_and_own_metrics() {
    let target = target();
    let text = format!("env: {{H: 'http://{}'}}\n{FLOW}", target.address());
    let results = run(file(&text));
    for (threshold, outcome) in &results.thresholds {
        assert!(outcome.passed, "{} {} {:?}", threshold.selector, threshold.expression.source, outcome.value);
        assert_eq!(outcome.value.is_none(), threshold.selector.metric == "idle");
    }
    assert_eq!(results.metric("idle"), None, "no sample is no sum of zero");
    let shop = &results.root.groups[0];
    assert_eq!(
        (&*shop.path, &*shop.checks[0].path, shop.checks[0].passes),
        ("::shop", "::shop::status is 404", 10)
    );
    let cart = &shop.groups[0];
    assert_eq!((&*cart.path, cart.checks[0].passes), ("::shop::cart", 10));
    let Values::Trend(groups) = &results.metric("group_duration").unwrap().values else { panic!() };
    assert_eq!(groups.count(), 20);
    assert_eq!(results.metric("http_req_tls_handshaking"), None, "nobody measured it");
}

#[test]
fn an_own_metric_can_fail_the_run() {
    let served = Served::saying("{\"n\": -1}");
    let (results, said) = heard_run(file(&format!(
        "iterations: 2
metrics: {{n: trend, sum: counter}}
thresholds: {{sum: ['count>0']}}
flows: {{default: [{{get: 'http://{}/', record: {{n: $.n, sum: $.n}}}}, {{record: {{n: 'x${{__VU}}'}}}}]}}
",
        served.address
    )));
    assert_eq!(results.exit, Some(Exit::ThresholdsFailed));
    assert_eq!(results.metric("n"), None);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("metric n: a sample is left out: a trend has no negative samples"), "{said:?}");
    assert!(said[1].contains("it came to no number"), "{said:?}");
}

#[test]
fn a_pause_before_the_first_request_is_no_latency() {
    let target = target();
    let results = run(file(&format!(
        "iterations: 2\nflows: {{default: [{{sleep: 2s}}, {{get: 'http://{}/'}}]}}\n",
        target.address()
    )));
    let Values::Trend(latency) = &results.metric("http_req_latency").unwrap().values else { panic!() };
    assert!(latency.max().unwrap() < 2_000_000_000, "{latency:?}");
    assert_eq!(counter(&results, "iterations"), 2);
}

#[test]
fn pauses_are_as_long_as_they_are_said_to_be() {
    let target = target();
    for (options, step, least_ms) in [
        ("", "{pacing: 150ms}", 450),
        ("", "{sleep: 100ms-150ms}", 300),
        ("options: {minIterationDuration: 150ms}", "{set: {x: y}}", 450),
        ("options: {rps: 10}", "{set: {x: y}}", 200),
    ] {
        let results = run(file(&format!(
            "iterations: 3\n{options}\nflows: {{default: [{{get: 'http://{}/'}}, {step}]}}\n",
            target.address()
        )));
        assert!(results.elapsed.nanos() >= least_ms * 1_000_000, "{options}{step}: {}", results.elapsed);
        assert_eq!(counter(&results, "iterations"), 3);
    }
}
