//! The source against a server over TLS: what is asked, what comes of it, and what is said when it fails.

use std::collections::BTreeSet;
use std::time::Duration;

use podometer::model::metrics_api::{ContainerUsage, NodeUsage, PodUsage};
use podometer::source::metrics_api::{Config, Pace, Reading, Wanted, fetch};

use crate::api_double::{Double, Fault, USER};

const AT_MS: i64 = 1_795_222_700_000;

fn pod(namespace: &str, name: &str, cpu_nanocores: u64) -> PodUsage {
    let container = ContainerUsage { name: "main".into(), cpu_nanocores, memory_bytes: 3 << 20 };
    PodUsage {
        namespace: namespace.into(),
        name: name.into(),
        at_ms: AT_MS,
        window_ns: 15_023_000_000,
        containers: vec![container],
    }
}

fn node(name: &str) -> NodeUsage {
    let (at_ms, window_ns) = (AT_MS, 10_500_000_000);
    NodeUsage { name: name.into(), at_ms, window_ns, cpu_nanocores: 196_382_978, memory_bytes: 1 << 30 }
}

fn of_node(pods: &[(&str, &str)]) -> Wanted {
    let pods = pods.iter().map(|(namespace, name)| ((*namespace).to_owned(), (*name).to_owned()));
    Wanted::Node { node: "n1".to_owned(), pods: pods.collect() }
}

fn names(reading: &Reading) -> Vec<String> {
    reading.page.pods.iter().map(|pod| format!("{}/{}", pod.namespace, pod.name)).collect()
}

/// Ten pods in `shop`, of which the node has as many as `local` says, and one in `ops`.
async fn cluster() -> Double {
    let double = Double::start().await;
    let mut pods: Vec<PodUsage> = (0..30).map(|n| pod("shop", &format!("web-{n}"), 1_000_000 + n)).collect();
    pods.push(pod("ops", "backup", 5));
    double.set_metrics(Some((&pods, &[node("n1"), node("n2")])));
    double
}

#[tokio::test]
async fn few_pods_are_asked_for_by_name_and_no_foreign_one_ever() {
    let double = cluster().await;
    let server = double.client().await;
    let wanted = of_node(&[("shop", "web-3"), ("ops", "backup"), ("shop", "not-yet-measured")]);
    let reading = fetch(&server, &Config::default(), &wanted).await.unwrap();
    assert_eq!(names(&reading), ["ops/backup", "shop/web-3"]);
    assert_eq!(
        reading.page.pods[1],
        pod("shop", "web-3", 1_000_003),
        "stamps and numbers come through whole"
    );
    assert_eq!(reading.page.nodes, [node("n1")]);
    assert!(reading.partial.is_none());
    let base = "GET /apis/metrics.k8s.io/v1beta1";
    let expected = [
        format!("{base}/nodes/n1"),
        format!("{base}/namespaces/ops/pods/backup"),
        format!("{base}/namespaces/shop/pods/not-yet-measured"),
        format!("{base}/namespaces/shop/pods/web-3"),
    ];
    assert_eq!(double.take_log(), expected);
}

#[tokio::test]
async fn many_pods_are_read_from_their_namespace_alone() {
    let double = cluster().await;
    let server = double.client().await;
    let local: Vec<String> = (0..12).map(|n| format!("web-{n}")).collect();
    let local: Vec<(&str, &str)> = local.iter().map(|name| ("shop", name.as_str())).collect();
    let reading = fetch(&server, &Config::default(), &of_node(&local)).await.unwrap();
    let expected: BTreeSet<String> = local.iter().map(|(_, name)| format!("shop/{name}")).collect();
    assert_eq!(names(&reading).into_iter().collect::<BTreeSet<_>>(), expected);
    let list = "GET /apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?limit=500";
    assert_eq!(double.take_log()[1..], [list]);
}

#[tokio::test]
async fn the_cluster_is_read_whole_and_pages_are_followed() {
    let double = Double::start().await;
    let pods: Vec<PodUsage> = (0..1200).map(|n| pod("shop", &format!("web-{n:04}"), n)).collect();
    double.set_metrics(Some((&pods, &[node("n1"), node("n2")])));
    let server = double.client().await;
    for (pages, requests) in [(false, 2), (true, 4)] {
        double.with(|store| store.pages_metrics = pages);
        let reading = fetch(&server, &Config::default(), &Wanted::Cluster).await.unwrap();
        assert_eq!((reading.page.pods.len(), reading.page.nodes.len()), (1200, 2));
        assert_eq!(double.take_log().len(), requests);
    }
}

#[tokio::test]
async fn no_metrics_server_is_one_quiet_request() {
    let double = Double::start().await;
    double.set_metrics(None);
    let server = double.client().await;
    let mut pace = Pace::new(Duration::from_secs(15));
    let outcome = fetch(&server, &Config::default(), &of_node(&[("shop", "web-3")])).await;
    assert_eq!(pace.after(&outcome, 0.5), Duration::from_mins(5));
    let error = outcome.unwrap_err();
    assert!(error.is_not_served(), "{error}");
    assert_eq!(double.take_log().len(), 1);
}

#[tokio::test]
async fn a_half_dead_metrics_server_gives_what_it_has() {
    let double = cluster().await;
    let server = double.client().await;
    // Its pods of one namespace fail, its nodes are gone, an old stamp stays as it is.
    let mut old = pod("ops", "backup", 7);
    old.at_ms -= 600_000;
    double.set_metrics(Some((&[old.clone(), pod("shop", "web-3", 9)], &[])));
    double.fail("/apis/metrics.k8s.io/v1beta1/namespaces/shop", Fault::Status(503, "service unavailable"));
    let wanted = of_node(&[("ops", "backup"), ("shop", "web-3"), ("zoo", "ape")]);
    let reading = fetch(&server, &Config::default(), &wanted).await.unwrap();
    assert_eq!(reading.page.pods, [old]);
    assert_eq!(reading.page.nodes, []);
    assert!(reading.partial.unwrap().is_of_the_server());
    let log = double.take_log();
    assert!(
        !log.iter().any(|line| line.contains("/zoo/")),
        "nothing more is asked of a server that fails: {log:?}"
    );
    double.heal();
    let reading = fetch(&server, &Config::default(), &wanted).await.unwrap();
    assert_eq!(names(&reading), ["ops/backup", "shop/web-3"]);
}

#[tokio::test]
async fn a_flapping_metrics_server_is_asked_more_rarely_and_forgiven_at_once() {
    let double = cluster().await;
    let server = double.client().await;
    let mut pace = Pace::new(Duration::from_secs(15));
    let wanted = of_node(&[("shop", "web-3")]);
    let mut pauses = Vec::new();
    for is_up in [true, false, false, true, false] {
        double.heal();
        if !is_up {
            double.fail("/apis/metrics.k8s.io", Fault::Status(503, "service unavailable"));
        }
        let outcome = fetch(&server, &Config::default(), &wanted).await;
        assert_eq!(outcome.is_ok(), is_up);
        pauses.push(pace.after(&outcome, 1.0).as_secs());
    }
    assert_eq!(pauses, [15, 30, 60, 15, 30]);
}

#[tokio::test]
async fn a_refusal_names_the_verb_and_costs_only_what_it_is_for() {
    let double = cluster().await;
    let server = double.client().await;
    let wanted = of_node(&[("shop", "web-3")]);
    double.deny("get nodes.metrics.k8s.io");
    let reading = fetch(&server, &Config::default(), &wanted).await.unwrap();
    assert_eq!(names(&reading), ["shop/web-3"]);
    let said = reading.partial.unwrap().to_string();
    let remedy = format!(
        "{USER} lacks the verb get on nodes.metrics.k8s.io; add to its ClusterRole: apiGroups: [\"metrics.k8s.io\"], \
         resources: [\"nodes\"], verbs: [\"get\"]"
    );
    assert!(said.ends_with(&remedy), "{said}");
    double.deny("get pods.metrics.k8s.io");
    let error = fetch(&server, &Config::default(), &wanted).await.unwrap_err();
    assert_eq!(error.reason(), "forbidden");
    assert!(!error.to_string().contains("good-token"));
}

#[tokio::test]
async fn slow_large_and_broken_answers_are_bounded() {
    let double = cluster().await;
    let server = double.client().await;
    let wanted = of_node(&[("shop", "web-3")]);
    let short = Config { timeout: Duration::from_millis(200), ..Config::default() };
    let small = Config { max_body_bytes: 64, ..Config::default() };
    let whole = Config::default();
    for (fault, config, reason) in [
        (Some(Fault::Slow(Duration::from_mins(1))), &short, "timeout"),
        (Some(Fault::Truncated), &whole, "truncated"),
        (Some(Fault::Status(200, "<html>")), &whole, "document"),
        (Some(Fault::Status(500, "oops")), &whole, "status"),
        (None, &small, "too_large"),
    ] {
        double.heal();
        if let Some(fault) = fault {
            double.fail("/apis/metrics.k8s.io", fault);
        }
        let error = fetch(&server, config, &wanted).await.unwrap_err();
        assert_eq!(error.reason(), reason, "{error}");
    }
    double.heal();
    assert!(fetch(&server, &whole, &wanted).await.is_ok(), "and it is well again");
}
