//! Documents of metrics.k8s.io to values. The types are those of k8s-metrics; its quantities are read by
//! `model::quantity`, which knows every suffix and is exact.
//!
//! One object that cannot be read costs itself, not the list.

use k8s_metrics::v1beta1::{NodeMetrics, PodMetrics, Usage};

use crate::model::metrics_api::{ContainerUsage, NodeUsage, PodUsage};
use crate::model::quantity::Quantity;
use crate::source::api_server::Page;

/// A list, or the page of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed<T> {
    pub items: Vec<T>,
    /// Objects and containers that could not be read.
    pub faults: u64,
    /// Where the list goes on, if the server cut it.
    pub next: Option<String>,
}

/// Reads a `PodMetricsList`, keeping those pods that `wanted` takes by namespace and name.
pub fn parse_pods(
    text: &[u8],
    wanted: impl Fn(&str, &str) -> bool,
) -> Result<Parsed<PodUsage>, serde_json::Error> {
    parse_list(text, |raw, faults| {
        let pod: PodMetrics = serde_json::from_str(raw)?;
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        Ok(wanted(namespace, name).then(|| pod_usage(&pod, faults)))
    })
}

/// Reads one `PodMetrics`, and how many of its containers could not be read.
pub fn parse_pod(text: &[u8]) -> Result<(PodUsage, u64), serde_json::Error> {
    let mut faults = 0;
    let pod: PodMetrics = serde_json::from_slice(text)?;
    Ok((pod_usage(&pod, &mut faults), faults))
}

/// Reads a `NodeMetricsList`.
pub fn parse_nodes(text: &[u8]) -> Result<Parsed<NodeUsage>, serde_json::Error> {
    parse_list(text, |raw, faults| {
        let node: NodeMetrics = serde_json::from_str(raw)?;
        let usage = node_usage(&node);
        *faults += u64::from(usage.is_none());
        Ok(usage)
    })
}

/// Reads one `NodeMetrics`; `None` where its usage is no quantity.
pub fn parse_node(text: &[u8]) -> Result<Option<NodeUsage>, serde_json::Error> {
    let node: NodeMetrics = serde_json::from_slice(text)?;
    Ok(node_usage(&node))
}

fn parse_list<T>(
    text: &[u8],
    item: impl Fn(&str, &mut u64) -> Result<Option<T>, serde_json::Error>,
) -> Result<Parsed<T>, serde_json::Error> {
    let page = Page::parse(text)?;
    let mut faults = 0;
    let mut items = Vec::new();
    for raw in &page.items {
        match item(raw.get(), &mut faults) {
            Ok(found) => items.extend(found),
            Err(_) => faults += 1,
        }
    }
    Ok(Parsed { items, faults, next: page.next().map(str::to_owned) })
}

fn pod_usage(pod: &PodMetrics, faults: &mut u64) -> PodUsage {
    let mut containers = Vec::with_capacity(pod.containers.len());
    for container in &pod.containers {
        match amounts(&container.usage) {
            Some((cpu_nanocores, memory_bytes)) => {
                let name = container.name.as_str().into();
                containers.push(ContainerUsage { name, cpu_nanocores, memory_bytes });
            }
            None => *faults += 1,
        }
    }
    PodUsage {
        namespace: pod.metadata.namespace.as_deref().unwrap_or_default().into(),
        name: pod.metadata.name.as_deref().unwrap_or_default().into(),
        at_ms: pod.timestamp.0.as_millisecond(),
        window_ns: window_ns(pod.window),
        containers,
    }
}

fn node_usage(node: &NodeMetrics) -> Option<NodeUsage> {
    let (cpu_nanocores, memory_bytes) = amounts(&node.usage)?;
    Some(NodeUsage {
        name: node.metadata.name.as_deref().unwrap_or_default().into(),
        at_ms: node.timestamp.0.as_millisecond(),
        window_ns: window_ns(node.window),
        cpu_nanocores,
        memory_bytes,
    })
}

/// Nanocores and bytes; `None` where one of them is no quantity, for absent is not zero.
fn amounts(usage: &Usage) -> Option<(u64, u64)> {
    Some((Quantity::parse(&usage.cpu.0)?.nanos(), Quantity::parse(&usage.memory.0)?.units()))
}

fn window_ns(window: std::time::Duration) -> u64 {
    u64::try_from(window.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pod(name: &str, window: &str, cpu: &str, memory: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"shop"}},"timestamp":"2026-11-21T00:55:00Z","window":"{window}",
            "containers":[{{"name":"a","usage":{{"cpu":"{cpu}","memory":"{memory}"}}}}]}}"#
        )
    }

    #[test]
    fn every_form_of_quantity_and_window_is_read() {
        for (window, cpu, memory, expected) in [
            ("15.023s", "1234567n", "1024Ki", (15_023_000_000, 1_234_567, 1_048_576)),
            ("1m0.5s", "12u", "12M", (60_500_000_000, 12_000, 12_000_000)),
            ("20s", "16m", "128974848", (20_000_000_000, 16_000_000, 128_974_848)),
            ("0s", "0", "0", (0, 0, 0)),
            ("1h0m0s", "1", "1.5Gi", (3_600_000_000_000, 1_000_000_000, 1_610_612_736)),
            ("800ms", "1e-3", "129e6", (800_000_000, 1_000_000, 129_000_000)),
            ("15s", "2500000", "128974848000m", (15_000_000_000, 2_500_000_000_000_000, 128_974_848)),
        ] {
            let (usage, faults) = parse_pod(pod("web", window, cpu, memory).as_bytes()).unwrap();
            let container = &usage.containers[0];
            assert_eq!((usage.window_ns, container.cpu_nanocores, container.memory_bytes), expected, "{cpu}");
            assert_eq!((usage.at_ms, faults), (1_795_222_500_000, 0));
        }
    }

    #[test]
    fn what_is_no_quantity_costs_its_container_and_a_bad_object_itself() {
        let (usage, faults) = parse_pod(pod("web", "15s", "lots", "1Mi").as_bytes()).unwrap();
        assert_eq!((usage.containers.len(), faults), (0, 1));
        let list = format!(
            r#"{{"items":[{},{},{{"metadata":{{}}}},{}],"metadata":{{"continue":"abc"}}}}"#,
            pod("one", "15s", "1m", "1Mi"),
            pod("two", "forever", "1m", "1Mi"),
            pod("three", "15s", "1m", "1Mi"),
        );
        let parsed = parse_pods(list.as_bytes(), |_, name| name != "three").unwrap();
        assert_eq!(parsed.items.len(), 1);
        assert_eq!((parsed.faults, parsed.next.as_deref()), (2, Some("abc")));
    }

    #[test]
    fn half_a_list_is_an_error() {
        let list = format!(r#"{{"items":[{}"#, pod("one", "15s", "1m", "1Mi"));
        assert!(parse_pods(list.as_bytes(), |_, _| true).is_err());
    }

    #[test]
    fn nodes() {
        let text = br#"{"items":[{"metadata":{"name":"n1"},"timestamp":"2026-11-21T00:55:00Z","window":"10.5s",
            "usage":{"cpu":"196382978n","memory":"1848836Ki"}},
            {"metadata":{"name":"n2"},"timestamp":"2026-11-21T00:55:00Z","window":"10s","usage":{"cpu":"","memory":"1"}}]}"#;
        let parsed = parse_nodes(text).unwrap();
        assert_eq!((parsed.items.len(), parsed.faults), (1, 1));
        assert_eq!(
            (parsed.items[0].cpu_nanocores, parsed.items[0].memory_bytes),
            (196_382_978, 1_893_208_064)
        );
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            let _parsed = parse_pods(text.as_bytes(), |_, _| true);
            let _parsed = parse_node(text.as_bytes());
        }
    }
}
