//! Groups of a real Pushgateway: who replaces what, and what is left behind.

use std::sync::Arc;
use std::time::Duration;

use podometer::encode::Batch;
use podometer::encode::prometheus::{Options, Page, Pusher};
use podometer::model::snapshot::Snapshot;
use podometer::sink::State;
use podometer::sink::pushgateway::{Config, Method};
use serde_json::Value;

use crate::neighbour::{Neighbour, program};
use crate::promtool;
use crate::sample;
use crate::server::{body, config, held, push, pushgateway, start};

const GRACE: Duration = Duration::from_secs(30);

/// The sample without its containers.
fn smaller() -> Arc<Snapshot> {
    let mut snapshot = (*sample::snapshot()).clone();
    snapshot.units.retain(|unit| !unit.is_container());
    Arc::new(snapshot)
}

fn groups(server: &Neighbour) -> Vec<Value> {
    let answer: Value = serde_json::from_str(&server.get("/api/v1/metrics")).unwrap();
    let groups = answer["data"].as_array().unwrap();
    groups.iter().map(|group| group["labels"].clone()).collect()
}

#[tokio::test]
async fn put_replaces_the_group() {
    let Some(server) = pushgateway() else { return };
    for gzip in [true, false] {
        let handle = start(&Config { gzip, ..config(&server, &[("instance", "n1")]) });
        let batch = body(&sample::snapshot(), Page::Metrics);
        push(&handle, batch.clone()).await;
        let lines = held(&server);
        assert_eq!(lines.len() as u64, batch.points);
        assert!(
            lines.iter().all(|line| line.contains("instance=\"n1\"") && line.contains("job=\"podometer\""))
        );
        let is_cgroups =
            |line: &String| line.starts_with("container_cpu_usage_seconds_total{container=\"mix\"");
        assert!(lines.iter().any(is_cgroups));
        push(&handle, body(&smaller(), Page::Metrics)).await;
        // What only the API and the kubelet say of the container goes on.
        assert!(!held(&server).iter().any(is_cgroups), "gzip {gzip}");
    }
}

#[tokio::test]
async fn post_keeps_what_has_other_names() {
    let Some(server) = pushgateway() else { return };
    let handle = start(&Config { method: Method::Post, ..config(&server, &[("instance", "n1")]) });
    push(&handle, body(&sample::snapshot(), Page::Node)).await;
    push(&handle, body(&sample::snapshot(), Page::Resource)).await;
    let lines = held(&server);
    for name in ["node_disk_reads_completed_total", "pod_cpu_usage_seconds_total"] {
        assert!(lines.iter().any(|line| line.starts_with(name)), "{name}");
    }
    let handle = start(&config(&server, &[("instance", "n1")]));
    push(&handle, body(&sample::snapshot(), Page::Resource)).await;
    assert!(!held(&server).iter().any(|line| line.starts_with("node_disk_")), "a put leaves nothing");
}

#[tokio::test]
async fn agents_of_one_job_do_not_touch_each_other() {
    let Some(server) = pushgateway() else { return };
    let of = |host: &str| Config { delete_at_end: host == "n2", ..config(&server, &[]) }.for_instance(host);
    let (first, second) = (start(&of("n1")), start(&of("n2")));
    push(&first, body(&sample::snapshot(), Page::Metrics)).await;
    push(&second, body(&smaller(), Page::Metrics)).await;
    let count = |host: &str| {
        let label = format!("instance=\"{host}\"");
        held(&server).iter().filter(|line| line.contains(&label)).count() as u64
    };
    let expected = body(&sample::snapshot(), Page::Metrics).points;
    assert_eq!((count("n1"), count("n2")), (expected, body(&smaller(), Page::Metrics).points));
    second.shutdown(GRACE).await;
    assert_eq!((count("n1"), count("n2")), (expected, 0));
    first.shutdown(GRACE).await;
    assert_eq!(groups(&server).len(), 1, "without the order, a group stays");
}

#[tokio::test]
async fn the_end_leaves_no_dead_group() {
    let Some(server) = pushgateway() else { return };
    let handle = start(&Config { delete_at_end: true, ..config(&server, &[("instance", "a/b c")]) });
    push(&handle, body(&sample::snapshot(), Page::Metrics)).await;
    assert_eq!(groups(&server).len(), 1);
    // What waits at the end is sent before the group goes.
    handle.push(body(&smaller(), Page::Metrics));
    let ledger = handle.shutdown(GRACE).await;
    assert!(ledger.balances() && ledger.dropped.is_empty(), "{ledger:?}");
    assert_eq!(groups(&server), Vec::<Value>::new());
}

#[tokio::test]
async fn odd_values_name_their_group() {
    let Some(server) = pushgateway() else { return };
    for (job, value) in
        [("a/b", ""), ("j", "x/y"), ("\u{fc}ber", "\u{4e2d}\u{6587} \"quoted\""), ("..", "%2F?#\\")]
    {
        let config = Config { job: job.into(), delete_at_end: true, ..config(&server, &[("where", value)]) };
        let handle = start(&config);
        push(&handle, body(&sample::snapshot(), Page::Resource)).await;
        let [labels] = groups(&server).try_into().unwrap();
        assert_eq!((labels["job"].as_str(), labels["where"].as_str()), (Some(job), Some(value)));
        handle.shutdown(GRACE).await;
        assert!(groups(&server).is_empty(), "{job} {value}");
    }
}

#[tokio::test]
async fn it_refuses_timestamps_and_other_types_and_says_so() {
    let Some(server) = pushgateway() else { return };
    let stamped = sample::text(Page::Resource, podometer::encode::prometheus::Format::Text);
    let answer = server.request("PUT", "/metrics/job/stamped", &[], stamped.as_bytes());
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("must not have timestamps"), "{}", answer.text());
    let other = b"# TYPE container_cpu_usage_seconds_total gauge\ncontainer_cpu_usage_seconds_total 1\n";
    assert_eq!(server.request("PUT", "/metrics/job/other", &[], other).status, 200);
    let handle = start(&config(&server, &[]));
    let batch = body(&sample::snapshot(), Page::Metrics);
    let points = batch.points;
    handle.push(batch);
    handle.wait_until(|ledger, _| ledger.queued == 0).await;
    assert_eq!(handle.ledger().rejected, [("inconsistent", points)]);
    handle.push(Batch { body: (&b"no exposition"[..]).into(), points: 1 });
    handle.wait_until(|_, status| status.state == State::Held).await;
    let message = handle.status().message;
    assert!(
        message.contains("gzip"),
        "a first line that is none looks like one that was not unpacked: {message}"
    );
}

#[tokio::test]
async fn promtool_takes_what_prometheus_would_scrape() {
    let Some(server) = pushgateway() else { return };
    let Some(promtool) = program("promtool", "") else { return };
    for host in ["n1", "n2"] {
        let handle = start(&config(&server, &[]).for_instance(host));
        let mut pusher = Pusher::new(Page::Metrics, Options::default());
        push(&handle, pusher.encode(&sample::full(), &Arc::new(sample::report()))).await;
    }
    let page = server.get("/metrics");
    assert!(page.contains("podometer_pod_cpu_cores_bucket"), "histograms are there");
    let (is_content, said) = promtool::check(&promtool, page.as_bytes());
    assert_eq!((is_content, said.as_str()), (true, ""));
}
