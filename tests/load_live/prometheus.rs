//! Prometheus: it reads the page, is written to, and answers the dashboards of continuous-load and of the crocodiles,
//! with the target's own metrics and the agent's beside the run's.

use std::fmt::Write;

use super::agent::Agent;
use super::http::wait;
use super::node::Node;
use super::program::{Ended, Load, target};
use super::servers::{Server, ports, program};

/// What kube-state-metrics tells: names of the cluster's objects, which neither a load test nor an agent sees.
const OF_KUBE_STATE_METRICS: &str = "kube_";

/// A row of a fixture.
struct Query {
    panel: &'static str,
    expression: &'static str,
}

fn queries(text: &'static str) -> Vec<Query> {
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split_once(" | ").map(|(panel, expression)| Query { panel, expression }).unwrap())
        .collect()
}

/// The values of an instant query.
fn values(server: &Server, expression: &str) -> Vec<f64> {
    let encoded: String = expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let (status, body) = server.request("POST", "/api/v1/query", None, &format!("query={encoded}"));
    assert_eq!(status, 200, "{expression}: {body}");
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    let rows = answer["data"]["result"].as_array().unwrap();
    rows.iter().map(|row| row["value"][1].as_str().unwrap().parse().unwrap()).collect()
}

fn only(server: &Server, expression: &str) -> f64 {
    match values(server, expression)[..] {
        [value] => value,
        ref other => panic!("{expression}: {other:?}"),
    }
}

/// Asks each query; each must be answered by numbers, but for those of kube-state-metrics.
fn ask(server: &Server, title: &str, text: &'static str) {
    let queries = queries(text);
    let (mut out, mut empty) = (String::new(), Vec::new());
    for Query { panel, expression } in &queries {
        let found = values(server, expression);
        let numbers = found.iter().filter(|value| value.is_finite()).count();
        let is_ours = !expression.contains(OF_KUBE_STATE_METRICS);
        let state = match (numbers, is_ours) {
            (0, true) => "EMPTY",
            (0, false) => "empty: needs kube-state-metrics",
            _ => "answered",
        };
        _ = writeln!(out, "  {panel:<32} {numbers:>2} series  {state}");
        if (numbers > 0) != is_ours {
            empty.push(*panel);
        }
    }
    eprintln!("{title}: {} queries\n{out}", queries.len());
    assert_eq!(empty, Vec::<&str>::new());
}

/// An agent that sees a pod with a name that the alerts of continuous-load look for.
fn agent(node: &Node) -> Agent {
    let pods = node.path("pods.json");
    let text = std::fs::read_to_string(&pods).unwrap().replace("web-0", "k6-1");
    std::fs::write(pods, text).unwrap();
    Agent::start(node, &[])
}

#[test]
fn dashboards_of_continuous_load_and_the_crocodiles_are_answered() {
    let Some(prometheus) = program("prometheus") else { return };
    let (target, directory, node) = (target(), tempfile::tempdir().unwrap(), Node::new());
    let agent = agent(&node);
    let page = ports::free_address();
    let job = |name: &str, address: &str, path: &str| {
        format!(
            "- {{job_name: {name}, metrics_path: {path}, static_configs: [{{targets: ['{address}'], \
             labels: {{namespace: load, pod: k6-1}}}}]}}\n"
        )
    };
    let server = Server::prometheus_of(
        prometheus,
        format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{}{}{}",
            job("load", &page.to_string(), "/metrics"),
            job("target", &target.address().to_string(), "/metrics"),
            job("agent", &agent.address, "/metrics/cadvisor")
                .replace(", labels: {namespace: load, pod: k6-1}", ""),
        ),
    );
    let url = format!("http://{}/status/200?error_share=0.2", target.address());
    let (out, write) = (format!("prometheus={page}"), format!("remote-write={}/api/v1/write", server.url()));
    let flags = [
        "--rate",
        "50/s",
        "--vus",
        "5",
        "--duration",
        "10s",
        "--tag",
        "type=service",
        "-o",
        &out,
        "-o",
        &write,
    ];
    let variables =
        [("K6_PROMETHEUS_RW_PUSH_INTERVAL", "1s"), ("K6_PROMETHEUS_RW_TREND_STATS", "p(95),avg,count")];
    let mut load = Load::start(&url, &flags, &variables, directory.path());
    load.seconds(2);
    wait("three scrapes of a run", || {
        let counts = values(&server, "min(count_over_time(k6_http_reqs{status=~\"200|500\"}[1m]))");
        counts.first().is_some_and(|count| *count >= 3.0).then_some(())
    });
    ask(&server, "Continuous Load 13861 and its alerts", include_str!("../fixtures/continuous_load.txt"));
    ask(&server, "Crocodile Metrics, of Prometheus", include_str!("../fixtures/crocodile.txt"));
    let ended = load.end(directory.path());
    assert!(ended.is_through(), "{:#?}", ended.said);
    scraped_whole(&server, &ended);
    written_whole(&server, &ended);
}

/// The last page was read before the program ended.
fn scraped_whole(server: &Server, ended: &Ended) {
    for (metric, name) in [("http_reqs", "count"), ("iterations", "count"), ("data_received", "count")] {
        let expression = format!("sum(last_over_time(k6_{metric}{{job=\"load\"}}[1m]))");
        let wanted = ended.number(metric, name);
        wait("the last page", || (only(server, &expression) == wanted).then_some(()));
    }
    let count = only(server, "sum(last_over_time(k6_http_req_duration_count{job=\"load\"}[1m]))");
    assert_eq!(count, ended.number("http_reqs", "count"));
}

/// What k6's remote write has.
fn written_whole(server: &Server, ended: &Ended) {
    for (expression, wanted) in [
        ("sum(k6_http_reqs_total)", ended.number("http_reqs", "count")),
        ("sum(k6_iterations_total)", ended.number("iterations", "count")),
        ("sum(k6_data_sent_total)", ended.number("data_sent", "count")),
        ("sum(k6_http_reqs_total{expected_response=\"false\"})", ended.number("http_req_failed", "passes")),
        ("sum(k6_http_req_duration_count{job=\"\"})", ended.number("http_reqs", "count")),
        ("max(k6_http_req_failed_rate)", 1.0),
        ("k6_vus_max{job=\"\"}", 5.0),
    ] {
        assert_eq!(only(server, expression), wanted, "{expression}");
    }
    let longest = ended.number("http_req_duration", "max") / 1000.0;
    let p95 =
        only(server, "max(k6_http_req_duration_p95{status=\"200\",type=\"service\",run_id!=\"\",url!=\"\"})");
    assert!(p95 > 0.0 && p95 <= longest, "seconds: {p95} of {longest}");
    assert_eq!(values(server, "k6_http_req_duration_p99").len(), 0, "the variable says which");
}

#[test]
fn remote_write_begins_with_what_k6_writes_and_ends_with_stale_markers() {
    let Some(server) = Server::victoria_metrics() else { return };
    let (target, directory) = (target(), tempfile::tempdir().unwrap());
    let url = format!("http://{}/", target.address());
    let variables = [
        ("K6_OUT", "experimental-prometheus-rw"),
        ("K6_PROMETHEUS_RW_SERVER_URL", &*format!("{}/api/v1/write", server.url())),
        ("K6_PROMETHEUS_RW_STALE_MARKERS", "true"),
        ("K6_PROMETHEUS_RW_HTTP_HEADERS", "X-Scope-OrgID:load"),
    ];
    let flags = ["--vus", "2", "--iterations", "40", "--check-status", "200"];
    let ended = Load::start(&url, &flags, &variables, directory.path()).end(directory.path());
    assert!(ended.is_through() && ended.said.is_empty(), "{:#?}", ended.said);
    // What was taken can be asked for a moment later.
    let all = wait("the sums", || {
        server.request("GET", "/internal/force_flush", None, "");
        values(&server, "sum(last_over_time(k6_http_reqs_total[5m]))").first().copied()
    });
    assert_eq!(all, 40.0);
    assert_eq!(only(&server, "last_over_time(k6_checks_rate{check=\"status is 200\"}[5m])"), 1.0);
    assert_eq!(values(&server, "last_over_time(k6_http_req_duration_p99[5m])").len(), 1, "k6's default");
    assert_eq!(values(&server, "k6_http_reqs_total"), Vec::<f64>::new(), "its end was told");
}

#[test]
fn a_pushgateway_has_the_run_when_it_is_over() {
    let Some(pushgateway) = program("prometheus-pushgateway") else { return };
    let server = Server::pushgateway(pushgateway);
    let (target, directory) = (target(), tempfile::tempdir().unwrap());
    let url = format!("http://{}/", target.address());
    let other = format!("pushgateway={}?test_name=other", server.url());
    Load::start(&url, &["--iterations", "1", "-o", &other], &[], directory.path()).end(directory.path());
    let out = format!("pushgateway={}?test_name=smoke", server.url());
    let group = r#"code_level="v1",instance="",job="k6""#;
    for (threshold, passed) in [("http_reqs=count==30", 1), ("http_reqs=count>30", 0)] {
        let flags = ["--iterations", "30", "--vus", "3", "--tag", "team=a", "-t", threshold, "-o", &out];
        let variables = [("CODE_LEVEL", "v1")];
        let ended = Load::start(&url, &flags, &variables, directory.path()).end(directory.path());
        assert!([120, if passed == 1 { 0 } else { 99 }].contains(&ended.code), "{:#?}", ended.said);
        let (_, page) = server.request("GET", "/metrics", None, "");
        for row in [
            format!("k6_requests_total{{{group},team=\"a\",test_name=\"smoke\"}} 30"),
            format!("k6_error_rate_percent{{{group},team=\"a\",test_name=\"smoke\"}} 0"),
            format!("k8sfv_test_result{{{group},test_name=\"smoke\"}} {passed}"),
            // What another test left stays where it is.
            "k8sfv_test_result{instance=\"\",job=\"k6\",test_name=\"other\"} 1".to_owned(),
        ] {
            assert!(page.lines().any(|line| line == row), "{row}: {page}");
        }
        for name in ["avg", "median", "p90", "p95", "p99", "min", "max"] {
            assert!(page.contains(&format!("\nk6_latency_{name}_ms{{")), "{name}: {page}");
        }
    }
}
