//! What Prometheus holds after it scraped the agent, in each of the formats that it asks for.

use serde_json::Value;

use crate::agent::Agent;
use crate::http::wait;
use crate::node::{
    CONTAINER, CONTAINER_MEMORY, CONTAINER_USEC, Node, POD_MEMORY, POD_USEC, SANDBOX, working_set,
};
use crate::server::Prometheus;
use crate::workload::{Journal, Workload};

/// Every page is scraped; questions go to the rows of the first.
const JOBS: [(&str, &str); 4] = [
    ("metrics", "/metrics"),
    ("cadvisor", "/metrics/cadvisor"),
    ("node", "/metrics/node"),
    ("resource", "/metrics/resource"),
];

/// Enough for two published values in each series.
const SCRAPES: f64 = 4.0;

/// Older values are not those of the scrape. The agent itself is no longer ready after three seconds.
const STALE_SECONDS: f64 = 10.0;

/// Waits until every page was scraped several times, all of them without an error.
fn wait_for_scrapes(prometheus: &Prometheus) {
    wait("scrapes of every page", || {
        let targets = prometheus.api("targets?state=active");
        for target in targets["activeTargets"].as_array().unwrap() {
            let error = target["lastError"].as_str().unwrap();
            assert!(error.is_empty(), "{}: {error}; {}", target["scrapeUrl"], prometheus.log());
        }
        let counts = prometheus.query(&format!("count_over_time(up[5m]) >= {SCRAPES}"));
        (counts.len() == JOBS.len()).then_some(())
    });
    for (job, _) in JOBS {
        assert_eq!(prometheus.value(&format!("min_over_time(up{{job='{job}'}}[5m])")), 1.0, "{job}");
    }
    for reason in ["sample_out_of_order", "sample_duplicate_timestamp", "sample_out_of_bounds"] {
        let name = format!("prometheus_target_scrapes_{reason}_total");
        assert_eq!(prometheus.own_counter(&name), 0.0, "{name}: {}", prometheus.log());
    }
}

/// Every scraped value of a counter is one that the file held, and held shortly before the scrape.
fn assert_cpu(prometheus: &Prometheus, selector: &str, ahead_usec: u64, journal: &Journal) {
    let scraped = prometheus.samples(selector);
    assert!(scraped.len() >= 2, "{selector}: {} samples", scraped.len());
    // A scrape's time is that of its beginning.
    let duration = prometheus.value("max_over_time(scrape_duration_seconds{job='metrics'}[5m])");
    for sample in &scraped {
        let usage_usec = (sample.value * 1e6).round() as u64 - ahead_usec;
        let written = journal.written(usage_usec);
        assert_eq!(
            sample.value,
            (usage_usec + ahead_usec) as f64 / 1e6,
            "{selector}: not to the microsecond"
        );
        let (oldest, newest) = (journal.at(sample.at - STALE_SECONDS), journal.at(sample.at + duration));
        let bounds = oldest..=newest;
        assert!(bounds.contains(&usage_usec), "{selector}: {usage_usec} of {} not in {bounds:?}", written.at);
    }
    assert!(scraped.is_sorted_by(|before, after| before.value <= after.value), "{selector}: went down");
    assert!(scraped[0].value < scraped.last().unwrap().value, "{selector}: never moved");
}

/// What holds in every format.
fn assert_truth(prometheus: &Prometheus, journal: &Journal) {
    let ahead = POD_USEC - CONTAINER_USEC;
    assert_cpu(prometheus, "pod_cpu_usage_seconds_total{job='metrics',pod='web-0'}", ahead, journal);
    let container = "container_cpu_usage_seconds_total{job='metrics',container='app'}";
    assert_cpu(prometheus, container, 0, journal);
    // Rows with a time of their own.
    let stamped = "container_cpu_usage_seconds_total{job='resource',container='app'}";
    assert_cpu(prometheus, stamped, 0, journal);

    let app = "container_memory_working_set_bytes{job='metrics',container='app'}";
    let rows = prometheus.query(app);
    assert_eq!(rows.len(), 1);
    let label = |name: &str| rows[0].labels[name].as_str();
    assert_eq!(
        (label("namespace"), label("pod"), label("name")),
        (Some("shop"), Some("web-0"), Some(CONTAINER))
    );
    assert_eq!(rows[0].value, working_set(CONTAINER_MEMORY) as f64);
    for (job, _) in JOBS.into_iter().filter(|(job, _)| *job != "node") {
        let sum = format!("sum by (pod) (container_memory_working_set_bytes{{job='{job}',pod!=''}})");
        let sums: Vec<(Value, f64)> =
            prometheus.query(&sum).into_iter().map(|row| (row.labels["pod"].clone(), row.value)).collect();
        assert_eq!(sums, [("web-0".into(), working_set(CONTAINER_MEMORY) as f64)], "{job}");
    }
    let pod = prometheus.value("pod_memory_working_set_bytes{job='metrics',pod='web-0'}");
    assert_eq!(pod, working_set(POD_MEMORY) as f64);
    for label in ["id", "name", "unit"] {
        let found = prometheus.series(&format!("{{{label}=~'.*{SANDBOX}.*'}}"));
        let names: Vec<&Value> = found.iter().map(|labels| &labels["__name__"]).collect();
        assert!(names.is_empty(), "rows of the sandbox: {names:?}");
    }
    assert!(prometheus.value("scrape_samples_scraped{job='metrics'}") > 100.0);
}

/// The histogram's own series and those of its classic buckets.
fn histograms(prometheus: &Prometheus) -> (usize, usize) {
    let count = |name: &str| prometheus.series(&format!("{name}{{job='metrics',pod='web-0'}}")).len();
    (count("podometer_pod_cpu_cores"), count("podometer_pod_cpu_cores_bucket"))
}

#[test]
fn protobuf_brings_native_histograms() {
    let node = Node::new();
    let workload = Workload::start(&node, 250);
    let agent = Agent::start(&node, &[]);
    let Some(prometheus) = Prometheus::start(&agent.address, &JOBS, &["native-histograms"]) else { return };
    wait_for_scrapes(&prometheus);
    assert_truth(&prometheus, &workload.journal);

    assert_eq!(histograms(&prometheus), (1, 0));
    for selector in ["podometer_container_cpu_cores{container='app'}", "podometer_pod_cpu_cores{pod='web-0'}"]
    {
        let median = prometheus.value(&format!("histogram_quantile(0.5, {selector})"));
        let largest = prometheus.value(&format!("histogram_quantile(1, {selector})"));
        assert!(median > 0.0 && largest >= median, "{selector}: {median}, {largest}");
        let samples = prometheus.value(&format!("histogram_count({selector})"));
        let sum = prometheus.value(&format!("histogram_sum({selector})"));
        assert!(samples >= 10.0, "{selector}: {samples} samples");
        // The mean of all steps lies between the extremes that the buckets tell.
        assert!(sum > 0.0 && sum / samples <= largest, "{selector}: {sum} in {samples}");
    }
}

#[test]
fn openmetrics_brings_units_and_classic_histograms() {
    let node = Node::new();
    let workload = Workload::start(&node, 250);
    let agent = Agent::start(&node, &[]);
    let Some(prometheus) = Prometheus::start(&agent.address, &JOBS, &[]) else { return };
    wait_for_scrapes(&prometheus);
    assert_truth(&prometheus, &workload.journal);

    let (native, classic) = histograms(&prometheus);
    assert!(native == 0 && classic > 2, "{native}, {classic}");
    let median = prometheus.value("histogram_quantile(0.5, podometer_pod_cpu_cores_bucket{pod='web-0'})");
    assert!(median > 0.0);
    // Only OpenMetrics tells the unit of a family.
    let metadata = prometheus.api("targets/metadata?metric=pod_cpu_usage_seconds&limit=1");
    assert_eq!(
        (&metadata[0]["type"], &metadata[0]["unit"]),
        (&"counter".into(), &"seconds".into()),
        "{metadata}"
    );
}
