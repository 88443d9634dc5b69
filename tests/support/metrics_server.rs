//! What metrics-server makes of `/metrics/resource`, as an independent model: pages in, pod and node usage out.
//!
//! Source: contracts/kubectl-top.md section 5, read from metrics-server `pkg/scraper` and `pkg/storage`. It shares
//! no code with the agent, so that the two can be held against each other.
#![allow(dead_code, reason = "each test target uses its own part")]

use std::collections::BTreeMap;
use std::time::Duration;

use podometer::model::metrics_api::{ContainerUsage, NodeUsage, PodUsage};

/// A container younger than this gets no value from its start time.
const FRESH_NS: i64 = 10_000_000_000;

/// Namespace and name.
type PodKey = (String, String);
type Containers = BTreeMap<String, Point>;

/// The newest sample of a container or the node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Point {
    start_ns: i64,
    at_ns: i64,
    cpu_ns: u64,
    memory: u64,
}

/// A pod as the API serves it, and the time that the API cuts to a second.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Served {
    pub(crate) usage: PodUsage,
    pub(crate) exact_ns: i64,
}

/// The two newest samples of everything, and what follows from them.
#[derive(Clone, Debug)]
pub(crate) struct MetricsServer {
    resolution: Duration,
    last: BTreeMap<PodKey, Containers>,
    previous: BTreeMap<PodKey, Containers>,
    last_nodes: BTreeMap<String, Point>,
    previous_nodes: BTreeMap<String, Point>,
}

impl MetricsServer {
    pub(crate) fn new(resolution: Duration) -> MetricsServer {
        MetricsServer {
            resolution,
            last: BTreeMap::new(),
            previous: BTreeMap::new(),
            last_nodes: BTreeMap::new(),
            previous_nodes: BTreeMap::new(),
        }
    }

    /// One scrape of one node.
    pub(crate) fn scrape(&mut self, node: &str, page: &str) {
        self.scrape_all(&[(node, page)]);
    }

    /// One scrape of all nodes: what is on no page is forgotten.
    pub(crate) fn scrape_all(&mut self, pages: &[(&str, &str)]) {
        let (mut pods, mut nodes) = (BTreeMap::new(), BTreeMap::new());
        for (name, page) in pages {
            let (node, found) = read(page);
            // A node without CPU or memory has none of both.
            if node.cpu_ns != 0 && node.memory != 0 {
                nodes.insert((*name).to_owned(), node);
            }
            pods.extend(found);
        }
        self.store(pods);
        self.store_nodes(nodes);
    }

    /// The pods that have a value, by namespace and name.
    pub(crate) fn pods(&self) -> Vec<Served> {
        self.last.iter().filter_map(|(key, last)| self.pod(key, last)).collect()
    }

    pub(crate) fn nodes(&self) -> Vec<NodeUsage> {
        let node = |(name, last): (&String, &Point)| {
            let (cpu_nanocores, window_ns) = rate(last, self.previous_nodes.get(name)?)?;
            let (at_ms, name) = (cut(last.at_ns), name.as_str().into());
            Some(NodeUsage { name, at_ms, window_ns, cpu_nanocores, memory_bytes: last.memory })
        };
        self.last_nodes.iter().filter_map(node).collect()
    }

    fn pod(&self, key: &PodKey, last: &Containers) -> Option<Served> {
        let previous = self.previous.get(key)?;
        // One container without a pair, and the pod is not served.
        if last.keys().any(|name| !previous.contains_key(name)) {
            return None;
        }
        let mut usage =
            PodUsage { namespace: key.0.as_str().into(), name: key.1.as_str().into(), ..PodUsage::default() };
        let mut exact_ns = 0;
        for (name, point) in last {
            // A counter or start time that fell: this container is skipped in silence.
            let Some((cpu_nanocores, window_ns)) = rate(point, &previous[name]) else { continue };
            let name = name.as_str().into();
            usage.containers.push(ContainerUsage { name, cpu_nanocores, memory_bytes: point.memory });
            if exact_ns == 0 || point.at_ns < exact_ns {
                (exact_ns, usage.window_ns) = (point.at_ns, window_ns);
            }
        }
        usage.at_ms = cut(exact_ns);
        Some(Served { usage, exact_ns })
    }

    fn store(&mut self, pods: BTreeMap<PodKey, Containers>) {
        let resolution = self.resolution.as_nanos() as i64;
        let mut previous = BTreeMap::new();
        for (key, containers) in &pods {
            let mut pairs = Containers::new();
            for (name, point) in containers {
                let age = point.at_ns - point.start_ns;
                let stored = |points: &BTreeMap<PodKey, Containers>| points.get(key)?.get(name).copied();
                let pair = if (FRESH_NS..resolution).contains(&age) {
                    Some(Point { at_ns: point.start_ns, cpu_ns: 0, ..*point })
                } else {
                    stored(&self.last).filter(|last| point.start_ns < last.at_ns).and_then(|last| {
                        if point.at_ns > last.at_ns {
                            return Some(last);
                        }
                        // Nothing new: the pair before stays.
                        stored(&self.previous).filter(|older| older.at_ns < point.at_ns)
                    })
                };
                pairs.extend(pair.map(|pair| (name.clone(), pair)));
            }
            if !pairs.is_empty() {
                previous.insert(key.clone(), pairs);
            }
        }
        self.last = pods;
        self.previous = previous;
    }

    fn store_nodes(&mut self, nodes: BTreeMap<String, Point>) {
        let mut previous = BTreeMap::new();
        for (name, point) in &nodes {
            let last = self.last_nodes.get(name).copied();
            let older = self.previous_nodes.get(name).copied();
            let pair = last.and_then(|last| {
                if point.at_ns > last.at_ns {
                    Some(last)
                } else {
                    older.filter(|older| older.at_ns < point.at_ns)
                }
            });
            previous.extend(pair.map(|pair| (name.clone(), pair)));
        }
        self.last_nodes = nodes;
        self.previous_nodes = previous;
    }
}

/// Nanocores, truncated, and the window in nanoseconds; `None` where something fell.
fn rate(last: &Point, previous: &Point) -> Option<(u64, u64)> {
    if last.start_ns < previous.start_ns {
        return None;
    }
    let used = last.cpu_ns.checked_sub(previous.cpu_ns)?;
    let window_ns = u64::try_from(last.at_ns - previous.at_ns).ok()?;
    let seconds = window_ns as f64 / 1e9;
    Some(((used as f64 / seconds) as u64, window_ns))
}

/// Cut to the second, as RFC 3339 without a fraction is, in milliseconds.
fn cut(at_ns: i64) -> i64 {
    at_ns.div_euclid(1_000_000_000) * 1000
}

/// The node's sample and those of the containers; a pod with a container that lacks CPU or memory is left out.
fn read(page: &str) -> (Point, BTreeMap<PodKey, Containers>) {
    let mut node = Point::default();
    let mut pods: BTreeMap<PodKey, Containers> = BTreeMap::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        let values =
            line.rsplit_once('}').map_or(line.split_once(' ').map(|(_, rest)| rest), |(_, rest)| Some(rest));
        let mut values = values.unwrap_or_default().split_whitespace();
        let Some(value) = values.next().and_then(|value| value.parse::<f64>().ok()) else { continue };
        let at_ns = values.next().and_then(|at| at.parse::<i64>().ok()).map(|ms| ms * 1_000_000);
        match name {
            "node_cpu_usage_seconds_total" => {
                (node.cpu_ns, node.at_ns) = ((value * 1e9) as u64, at_ns.unwrap());
            }
            "node_memory_working_set_bytes" => (node.memory, node.at_ns) = (value as u64, at_ns.unwrap()),
            _ => {}
        }
        let label = |key: &str| {
            let start = line.find(&format!("{key}=\""))? + key.len() + 2;
            Some(line[start..].split('"').next().unwrap_or_default().to_owned())
        };
        let (Some(container), Some(pod), Some(namespace)) =
            (label("container"), label("pod"), label("namespace"))
        else {
            continue;
        };
        let is_container = name.starts_with("container_cpu_usage_seconds_total")
            || name.starts_with("container_memory_working_set_bytes")
            || name.starts_with("container_start_time_seconds");
        if !is_container {
            continue;
        }
        let point = pods.entry((namespace, pod)).or_default().entry(container).or_default();
        match name {
            "container_cpu_usage_seconds_total" => {
                (point.cpu_ns, point.at_ns) = ((value * 1e9) as u64, at_ns.unwrap());
            }
            "container_memory_working_set_bytes" => {
                (point.memory, point.at_ns) = (value as u64, at_ns.unwrap());
            }
            "container_start_time_seconds" => point.start_ns = (value * 1e9) as i64,
            _ => {}
        }
    }
    pods.retain(|_, containers| containers.values().all(|point| point.cpu_ns != 0 && point.memory != 0));
    (node, pods)
}

/// A pod as the API server answers it, with the quantities' suffixes and the window as Go prints it.
pub(crate) fn pod_json(pod: &PodUsage) -> serde_json::Value {
    let containers: Vec<serde_json::Value> = pod
        .containers
        .iter()
        .map(|container| {
            serde_json::json!({"name": &*container.name, "usage": usage(container.cpu_nanocores, container.memory_bytes)})
        })
        .collect();
    serde_json::json!({
        "kind": "PodMetrics",
        "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": {
            "name": &*pod.name, "namespace": &*pod.namespace, "creationTimestamp": rfc3339(pod.at_ms),
            "labels": {"app": &*pod.name},
        },
        "timestamp": rfc3339(pod.at_ms),
        "window": go_duration(pod.window_ns),
        "containers": containers,
    })
}

/// A node as the API server answers it.
pub(crate) fn node_json(node: &NodeUsage) -> serde_json::Value {
    serde_json::json!({
        "kind": "NodeMetrics",
        "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": {"name": &*node.name, "creationTimestamp": rfc3339(node.at_ms)},
        "timestamp": rfc3339(node.at_ms),
        "window": go_duration(node.window_ns),
        "usage": usage(node.cpu_nanocores, node.memory_bytes),
    })
}

fn usage(nanocores: u64, bytes: u64) -> serde_json::Value {
    let cpu = if nanocores == 0 { "0".to_owned() } else { format!("{nanocores}n") };
    let memory = if bytes != 0 && bytes.is_multiple_of(1024) {
        format!("{}Ki", bytes / 1024)
    } else {
        bytes.to_string()
    };
    serde_json::json!({"cpu": cpu, "memory": memory})
}

fn rfc3339(at_ms: i64) -> String {
    let at = std::time::UNIX_EPOCH + Duration::from_millis(at_ms as u64);
    humantime::format_rfc3339_seconds(at).to_string()
}

/// `15.023s`, `1m0.5s`, `800ms` as Go's `Duration.String` writes them.
pub(crate) fn go_duration(ns: u64) -> String {
    let fraction = |ns: u64, unit: u64| {
        let text = format!("{}.{:09}", ns / unit, (ns % unit) * (1_000_000_000 / unit));
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let (hours, minutes) = (ns / 3_600_000_000_000, ns / 60_000_000_000 % 60);
    match ns {
        0 => "0s".to_owned(),
        1..1_000 => format!("{ns}ns"),
        1_000..1_000_000 => format!("{}\u{b5}s", fraction(ns, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", fraction(ns, 1_000_000)),
        _ => {
            let seconds = fraction(ns % 60_000_000_000, 1_000_000_000);
            match (hours, minutes) {
                (0, 0) => format!("{seconds}s"),
                (0, _) => format!("{minutes}m{seconds}s"),
                _ => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}
