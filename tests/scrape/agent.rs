//! The whole agent beside doubles of an application, a JVM and nginx, and of the database behind it.

use std::collections::BTreeSet;

use rustix::process::Signal;

use crate::double::{Answer, Double};
use crate::lines::STATUS;
use crate::program::{Agent, Host, shown};

fn configuration(double: &Double, targets: &str) -> String {
    format!(
        "scrape: {{targets: {targets}}}\nsampler: {{cpu_budget_percent: 400}}\nsinks: {{influxdb: [{{url: \"{}\", \
         database: d, interval: 1s, gzip: false}}]}}\n",
        double.url("")
    )
}

/// A page, a JVM and nginx, each read once a second.
fn three(double: &Double) -> String {
    let of = |name: &str, kind: &str, path: &str| {
        format!("{{name: {name}, kind: {kind}, url: \"{}\", interval: 1s}}", double.url(path))
    };
    let all = [
        of("app", "prometheus", "/metrics"),
        of("jvm", "jolokia", "/jolokia"),
        of("web", "nginx", "/status"),
    ];
    format!("[{}]", all.join(", "))
}

fn application() -> Double {
    let double = Double::start();
    double.page("/metrics", "# TYPE app_requests_total counter\napp_requests_total{path=\"/\"} 5\n");
    double.page("/jolokia/read", include_str!("../fixtures/jolokia_jvm.json"));
    double.page("/status", STATUS);
    double.set("/write", Answer::Whole(204, String::new()));
    double
}

fn start(host: &Host, file: &std::path::Path) -> Agent {
    let cgroup = host.set("paths.cgroup", "cgroup");
    let arguments = ["--set", cgroup.as_str(), "--config", shown(file)];
    let variables = [("POD_NAME", "web-0"), ("NODE_NAME", "n1")];
    let agent = Agent::launch(&arguments, &variables);
    agent.wait("readiness", |agent| agent.get("/-/ready").0 == 200);
    agent
}

/// Lines of a measurement that came in.
fn written(double: &Double, measurement: &str) -> Vec<String> {
    let of = |line: &&str| line.split([',', ' ']).next() == Some(measurement);
    let writes = double.requests().into_iter().filter(|request| request.line.starts_with("POST /write"));
    writes
        .flat_map(|request| request.body.lines().filter(of).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn what_stands_beside_is_forwarded_and_a_failure_costs_itself_alone() {
    let double = application();
    let host = Host::new();
    let file = host.write("podometer.yaml", configuration(&double, &three(&double)));
    let agent = start(&host, &file);
    for measurement in ["app_requests_total", "java_memory", "jolokia", "nginx"] {
        agent.wait(measurement, |_| written(&double, measurement).len() > 1);
    }
    let memory = &written(&double, "java_memory")[0];
    for tag in [",host=web-0,", ",hostname=web-0,", ",nodename=n1,", ",type=app "] {
        assert!(memory.contains(tag), "{tag}: {memory}");
    }
    assert!(written(&double, "jolokia")[0].contains(",host=web-0,"));
    for series in [
        "podometer_scrape_up{target=\"app\"}",
        "podometer_scrape_up{target=\"jvm\"}",
        "nginx_up{target=\"web\"}",
    ] {
        assert_eq!(agent.metric(series), Some(1.0), "{series}");
    }
    assert_eq!(agent.metric("nginx_http_requests_total{target=\"web\"}"), Some(31.0));
    assert_eq!(agent.metric("podometer_scrape_samples{target=\"app\"}"), Some(1.0));
    assert_eq!(agent.metric("podometer_source_up{source=\"scrape\"}"), Some(1.0));

    double.set("/status", Answer::Whole(500, "worn out".to_owned()));
    let line = agent.logged("the target cannot be read");
    assert!(line.contains("web") && line.contains("answered 500: worn out"), "{line}");
    agent.wait("nginx down", |agent| agent.metric("nginx_up{target=\"web\"}") == Some(0.0));
    assert_eq!(agent.metric("nginx_http_requests_total{target=\"web\"}"), None, "it is not known any more");
    assert_eq!(agent.metric("podometer_scrape_up{target=\"app\"}"), Some(1.0));
    assert_eq!(agent.metric("podometer_source_up{source=\"scrape\"}"), Some(1.0), "in part");
    double.page("/status", STATUS);
    let lines = agent.logged_until("the target is read");
    let again = lines.iter().filter(|line| line.contains("cannot be read")).count();
    assert_eq!(again, 0, "one line for each change of state: {lines:#?}");
    // The same reading is written once.
    let points = written(&double, "app_requests_total");
    assert_eq!(points.iter().collect::<BTreeSet<_>>().len(), points.len(), "{points:#?}");
    assert_eq!(agent.end(), 0);
}

#[test]
fn targets_change_while_it_runs() {
    let double = application();
    let host = Host::new();
    let file = host.write("podometer.yaml", configuration(&double, "[]"));
    let agent = start(&host, &file);
    assert_eq!(agent.metric("podometer_source_up{source=\"scrape\"}"), None, "nothing is to be read");
    host.write("podometer.yaml", configuration(&double, &three(&double)));
    agent.signal(Signal::HUP);
    agent.wait("the page", |agent| agent.metric("podometer_scrape_up{target=\"app\"}") == Some(1.0));
    let twice = "[{name: a, url: \"http://127.0.0.1/\"}, {name: a, url: \"http://127.0.0.1/\"}]";
    host.write("podometer.yaml", configuration(&double, twice));
    agent.signal(Signal::HUP);
    let line = agent.logged("the running one stays");
    assert!(
        line.contains("scrape.targets[1].name") && line.contains("is the name of another target"),
        "{line}"
    );
    assert_eq!(agent.metric("podometer_scrape_up{target=\"app\"}"), Some(1.0));
    host.write("podometer.yaml", configuration(&double, "[]"));
    agent.signal(Signal::HUP);
    agent.wait("no target", |agent| agent.metric("podometer_scrape_up{target=\"app\"}").is_none());
    assert_eq!(agent.end(), 0);
}
