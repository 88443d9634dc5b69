//! Line protocol of pods, containers, the node and plain units: Telegraf's `inputs.kubernetes` measurements
//! as far as cgroups know their fields, and our own `kubernetes_pod` and `podometer_unit`.
//!
//! A field that is not known is left out, where Telegraf writes 0. All points of a snapshot carry its time,
//! as Telegraf's carry the gather time. Source: contracts, inputs.kubernetes; formulas: kubelet's summary.

use std::sync::Arc;
use std::time::Duration;

use crate::encode::influx::{Key, LineWriter, Precision, PrefixCache, Prefixes, append_tag, escape};
use crate::model::field::{Field, Limit};
use crate::model::identity::{Identity, PodInfo, UnitKind};
use crate::model::node::Node;
use crate::model::snapshot::Snapshot;
use crate::model::unit::{Interface, IoDevice, Unit, memory_usage_bytes};

/// What `kubernetes_node` holds that no cgroup knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// MemTotal.
    pub memory_total_bytes: Option<u64>,
    /// The node's default interface.
    pub network: Option<Interface>,
}

pub const POD_CONTAINER: &str = "kubernetes_pod_container";
pub const POD_NETWORK: &str = "kubernetes_pod_network";
pub const SYSTEM_CONTAINER: &str = "kubernetes_system_container";
pub const NODE: &str = "kubernetes_node";
/// Ours: Telegraf has no measurement of the pod's own cgroup.
pub const POD: &str = "kubernetes_pod";
/// Ours: every cgroup that is neither a pod nor in one.
pub const UNIT: &str = "podometer_unit";

/// Tags of these measurements; a pod label or a configured tag of the same name is left out.
pub const TAGS: &[&str] = &[
    "container_id",
    "container_name",
    "host",
    "image",
    "kind",
    "namespace",
    "node_name",
    "pod_name",
    "pod_uid",
    "qos_class",
    "uid",
    "unit",
    "version",
];

type Row = (Key, fn(&Unit) -> Option<u64>);
type FloatRow = (Key, fn(&Unit) -> Option<f64>);

/// Telegraf's fields, in the order in which Telegraf builds them.
const TELEGRAF: &[Row] = &[
    (Key::new("cpu_usage_nanocores"), live_nanocores),
    (Key::new("cpu_usage_core_nanoseconds"), |unit| nanoseconds(unit, Field::UsageUsec)),
    (Key::new("memory_usage_bytes"), |unit| memory_usage_bytes(&unit.values)),
    (Key::new("memory_working_set_bytes"), |unit| unit.memory.working_set_bytes),
    (Key::new("memory_rss_bytes"), |unit| unit.values.get(Field::Anon)),
    (Key::new("memory_page_faults"), |unit| unit.values.get(Field::Pgfault)),
    (Key::new("memory_major_page_faults"), |unit| unit.values.get(Field::Pgmajfault)),
];

/// The fields that only our own measurements have, beside [`TELEGRAF`]'s.
const OWN: &[Row] = &[
    (MEMORY_AVAILABLE, available_bytes),
    (Key::new("cpu_user_core_nanoseconds"), |unit| nanoseconds(unit, Field::UserUsec)),
    (Key::new("cpu_system_core_nanoseconds"), |unit| nanoseconds(unit, Field::SystemUsec)),
    (Key::new("cpu_limit_nanocores"), cpu_limit_nanocores),
    (Key::new("cpu_nr_periods"), |unit| unit.values.get(Field::NrPeriods)),
    (Key::new("cpu_nr_throttled"), |unit| unit.values.get(Field::NrThrottled)),
    (Key::new("cpu_throttled_usec"), |unit| unit.values.get(Field::ThrottledUsec)),
    (Key::new("cpu_nr_bursts"), |unit| unit.values.get(Field::NrBursts)),
    (Key::new("cpu_burst_usec"), |unit| unit.values.get(Field::BurstUsec)),
    (Key::new("cpu_some_usec"), |unit| unit.values.get(Field::CpuSomeTotal)),
    (Key::new("cpu_full_usec"), |unit| unit.values.get(Field::CpuFullTotal)),
    (Key::new("memory_cache_bytes"), |unit| unit.values.get(Field::FileCache)),
    (Key::new("memory_kernel_bytes"), |unit| unit.values.get(Field::Kernel)),
    (Key::new("memory_shmem_bytes"), |unit| unit.values.get(Field::Shmem)),
    (Key::new("memory_inactive_file_bytes"), |unit| unit.values.get(Field::InactiveFile)),
    (Key::new("memory_peak_bytes"), |unit| unit.values.get(Field::MemoryPeak)),
    (Key::new("memory_limit_bytes"), |unit| unit.values.get(Field::MemoryMax)),
    (Key::new("memory_swap_bytes"), |unit| unit.values.get(Field::SwapCurrent)),
    (Key::new("memory_some_usec"), |unit| unit.values.get(Field::MemorySomeTotal)),
    (Key::new("memory_full_usec"), |unit| unit.values.get(Field::MemoryFullTotal)),
    (Key::new("oom_kills"), |unit| unit.oom_kills),
    (Key::new("pids_current"), |unit| unit.values.get(Field::PidsCurrent)),
    (Key::new("pids_limit"), |unit| unit.values.get(Field::PidsMax)),
    (Key::new("io_read_bytes"), |unit| io_sum(unit, |device| device.rbytes)),
    (Key::new("io_write_bytes"), |unit| io_sum(unit, |device| device.wbytes)),
    (Key::new("io_reads"), |unit| io_sum(unit, |device| device.rios)),
    (Key::new("io_writes"), |unit| io_sum(unit, |device| device.wios)),
    (Key::new("io_some_usec"), |unit| unit.values.get(Field::IoSomeTotal)),
    (Key::new("io_full_usec"), |unit| unit.values.get(Field::IoFullTotal)),
];

/// Percent of time, as the kernel averages it over ten seconds.
const OWN_FLOATS: &[FloatRow] = &[
    (Key::new("cpu_some_avg10"), |unit| percent(unit, Field::CpuSomeAvg10)),
    (Key::new("cpu_full_avg10"), |unit| percent(unit, Field::CpuFullAvg10)),
    (Key::new("memory_some_avg10"), |unit| percent(unit, Field::MemorySomeAvg10)),
    (Key::new("memory_full_avg10"), |unit| percent(unit, Field::MemoryFullAvg10)),
    (Key::new("io_some_avg10"), |unit| percent(unit, Field::IoSomeAvg10)),
    (Key::new("io_full_avg10"), |unit| percent(unit, Field::IoFullAvg10)),
];

const MEMORY_AVAILABLE: Key = Key::new("memory_available_bytes");
type NetworkRow = (Key, fn(&Interface) -> u64);
const POD_NETWORK_FIELDS: &[NetworkRow] = &[
    (Key::new("rx_bytes"), |interface| interface.rx_bytes),
    (Key::new("rx_errors"), |interface| interface.rx_errors),
    (Key::new("tx_bytes"), |interface| interface.tx_bytes),
    (Key::new("tx_errors"), |interface| interface.tx_errors),
];
const NODE_NETWORK_FIELDS: &[NetworkRow] = &[
    (Key::new("network_rx_bytes"), |interface| interface.rx_bytes),
    (Key::new("network_rx_errors"), |interface| interface.rx_errors),
    (Key::new("network_tx_bytes"), |interface| interface.tx_bytes),
    (Key::new("network_tx_errors"), |interface| interface.tx_errors),
];

/// The kubelet's names of system containers and the services that may carry them, the likeliest first. The
/// kubelet's `misc` exists only where it is told which cgroup that is, so nothing here claims it.
const SYSTEM_SERVICES: &[(&str, &[&str])] = &[
    ("kubelet", &["kubelet.service"]),
    ("runtime", &["containerd.service", "crio.service", "docker.service"]),
];

/// Escaped names of the fields that carry a window's length.
#[derive(Debug)]
struct WindowNames {
    windows: Arc<[Duration]>,
    /// mean, max, p95, p99 of CPU and the maximum of memory, by window.
    names: Vec<[Box<[u8]>; 5]>,
}

/// Writes the rows of one snapshot after the other.
#[derive(Debug)]
pub struct Rows {
    /// Escaped `,tag=value` pairs on every point.
    common: Vec<u8>,
    cache: PrefixCache,
    windows: WindowNames,
    /// By index of unit: it is a pod, a pod's container, or inside of one.
    in_pod: Vec<bool>,
}

impl Rows {
    pub fn new(common: Vec<u8>) -> Rows {
        let windows = WindowNames { windows: Arc::new([]), names: Vec::new() };
        Rows { common, cache: PrefixCache::default(), windows, in_pod: Vec::new() }
    }

    /// Appends every point of `snapshot`.
    pub fn write(
        &mut self,
        snapshot: &Snapshot,
        node_facts: fn(&Node) -> NodeFacts,
        precision: Precision,
        out: &mut Vec<u8>,
    ) {
        if self.windows.windows != snapshot.windows {
            self.windows = WindowNames::new(&snapshot.windows);
        }
        self.cache.begin(&snapshot.node_name);
        self.in_pod.clear();
        let time = snapshot.taken.wall_ns;
        let tags = Tags { node: &snapshot.node_name, common: &self.common };
        let mut writer = LineWriter::with(out, &self.common, precision);
        for unit in &snapshot.units {
            let above = unit.parent.and_then(|at| self.in_pod.get(at as usize).copied()).unwrap_or(false);
            self.in_pod.push(above || unit.pod_uid().is_some());
            if (above && !unit.is_container()) || unit.is_sandbox() {
                continue;
            }
            let prefixes = self.cache.get(unit, |unit| tags.prefixes(unit));
            let Some(usage) = &prefixes.usage else { continue };
            writer.prefix(usage);
            integers(&mut writer, TELEGRAF, unit);
            if !(unit.is_container() && unit.pod_uid().is_some()) {
                own(&mut writer, &self.windows, unit);
            }
            writer.end(time);
            if let (Some(prefix), Some(interface)) = (&prefixes.network, default_interface(unit)) {
                writer.prefix(prefix);
                network(&mut writer, POD_NETWORK_FIELDS, interface);
                writer.end(time);
            }
        }
        self.cache.end();
        cluster_rows(&mut writer, snapshot, node_facts);
        writer.finish();
    }
}

/// `kubernetes_system_container` and `kubernetes_node`, where there is a kubelet's tree.
fn cluster_rows(writer: &mut LineWriter<'_>, snapshot: &Snapshot, node_facts: fn(&Node) -> NodeFacts) {
    let Some(pods) = snapshot.units.iter().find(|unit| unit.cgroup.kind == UnitKind::AllPods) else { return };
    let time = snapshot.taken.wall_ns;
    let mut system = |name: &str, unit: &Unit| {
        writer.measurement(SYSTEM_CONTAINER);
        writer.tag("node_name", &snapshot.node_name);
        writer.tag("container_name", name);
        integers(writer, TELEGRAF, unit);
        writer.end(time);
    };
    system("pods", pods);
    for (name, services) in SYSTEM_SERVICES {
        let service = |service: &&str| {
            snapshot.units.iter().find(|unit| {
                unit.cgroup.kind == UnitKind::Service && unit.cgroup.path.rsplit('/').next() == Some(*service)
            })
        };
        if let Some(unit) = services.iter().find_map(service) {
            system(name, unit);
        }
    }
    let Some(root) = snapshot.units.iter().find(|unit| unit.cgroup.kind == UnitKind::Root) else { return };
    let facts = snapshot.node.as_deref().map(node_facts).unwrap_or_default();
    writer.measurement(NODE);
    writer.tag("node_name", &snapshot.node_name);
    integers(writer, TELEGRAF, root);
    if let (Some(total), Some(used)) = (facts.memory_total_bytes, root.memory.working_set_bytes) {
        writer.plain_integer(MEMORY_AVAILABLE, total.saturating_sub(used));
    }
    if let Some(interface) = &facts.network {
        network(writer, NODE_NETWORK_FIELDS, interface);
    }
    writer.end(time);
}

fn integers(writer: &mut LineWriter<'_>, rows: &[Row], unit: &Unit) {
    for (key, value) in rows {
        if let Some(value) = value(unit) {
            writer.plain_integer(*key, value);
        }
    }
}

fn network(writer: &mut LineWriter<'_>, rows: &[NetworkRow], interface: &Interface) {
    for (key, value) in rows {
        writer.plain_integer(*key, value(interface));
    }
}

/// The fields of `kubernetes_pod` and `podometer_unit` that Telegraf does not have.
fn own(writer: &mut LineWriter<'_>, windows: &WindowNames, unit: &Unit) {
    integers(writer, OWN, unit);
    for (at, [mean, max, p95, p99, memory]) in windows.names.iter().enumerate() {
        if let Some(window) = unit.cpu.windows.get(at).copied().flatten() {
            writer.escaped_integer(mean, nanocores(window.mean));
            writer.escaped_integer(max, nanocores(window.max));
            writer.escaped_integer(p95, nanocores(window.p95));
            writer.escaped_integer(p99, nanocores(window.p99));
        }
        if let Some(bytes) = unit.memory.window_max_bytes.get(at).copied().flatten() {
            writer.escaped_integer(memory, bytes);
        }
    }
    for (key, value) in OWN_FLOATS {
        if let Some(value) = value(unit) {
            writer.plain_float(*key, value);
        }
    }
}

impl WindowNames {
    fn new(windows: &Arc<[Duration]>) -> WindowNames {
        let names = windows.iter().map(|window| {
            let length = match (window.as_secs(), window.subsec_millis()) {
                (seconds, 0) => format!("{seconds}s"),
                _ => format!("{}ms", window.as_millis()),
            };
            let name = |stem: &str| format!("{stem}_{length}").into_bytes().into_boxed_slice();
            [
                name("cpu_usage_nanocores_mean"),
                name("cpu_usage_nanocores_max"),
                name("cpu_usage_nanocores_p95"),
                name("cpu_usage_nanocores_p99"),
                name("memory_usage_bytes_max"),
            ]
        });
        WindowNames { windows: Arc::clone(windows), names: names.collect() }
    }
}

/// Writes measurement and tags.
struct Tags<'a> {
    node: &'a str,
    common: &'a [u8],
}

impl Tags<'_> {
    fn prefixes(&self, unit: &Unit) -> Prefixes {
        let identity = unit.identity.as_deref();
        match &unit.cgroup.kind {
            UnitKind::Pod { uid, qos } => {
                let mut usage = self.start(POD);
                pod(&mut usage, identity, &uid.0, "");
                append_tag(&mut usage, "uid", &uid.0);
                append_tag(&mut usage, "qos_class", qos.name());
                labels(&mut usage, identity);
                let mut network = self.start(POD_NETWORK);
                pod(&mut network, identity, &uid.0, "pod_uid");
                labels(&mut network, identity);
                Prefixes { usage: Some(usage.into()), network: Some(network.into()) }
            }
            UnitKind::Container { id, pod: Some(uid), .. } => {
                let mut usage = self.start(POD_CONTAINER);
                pod(&mut usage, identity, &uid.0, "pod_uid");
                match identity.and_then(|identity| identity.container.as_deref()) {
                    Some(container) => {
                        append_tag(&mut usage, "container_name", &container.name);
                        append_tag(&mut usage, "image", &container.image);
                        append_tag(&mut usage, "version", version(&container.image).unwrap_or_default());
                    }
                    None => append_tag(&mut usage, "container_id", &id.0),
                }
                labels(&mut usage, identity);
                Prefixes { usage: Some(usage.into()), network: None }
            }
            kind => {
                let mut usage = Vec::new();
                escape(&mut usage, UNIT, b", ");
                usage.extend_from_slice(self.common);
                append_tag(&mut usage, "unit", &unit.cgroup.path);
                append_tag(&mut usage, "kind", kind_name(kind));
                if let UnitKind::Container { id, .. } = kind {
                    append_tag(&mut usage, "container_id", &id.0);
                }
                Prefixes { usage: Some(usage.into()), network: None }
            }
        }
    }

    fn start(&self, measurement: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        escape(&mut out, measurement, b", ");
        out.extend_from_slice(self.common);
        append_tag(&mut out, "node_name", self.node);
        out
    }
}

/// Namespace and name of the pod, or its UID under `uid_tag` while they are not known.
fn pod(out: &mut Vec<u8>, identity: Option<&Identity>, uid: &str, uid_tag: &str) {
    match pod_info(identity) {
        Some(pod) => {
            append_tag(out, "namespace", &pod.namespace);
            append_tag(out, "pod_name", &pod.name);
        }
        None => append_tag(out, uid_tag, uid),
    }
}

/// The allowed labels under their own keys; a tag of ours wins over a label of the same name.
fn labels(out: &mut Vec<u8>, identity: Option<&Identity>) {
    for (key, value) in pod_info(identity).map(|pod| pod.labels.as_slice()).unwrap_or_default() {
        if !TAGS.contains(&&**key) {
            append_tag(out, key, value);
        }
    }
}

fn pod_info(identity: Option<&Identity>) -> Option<&PodInfo> {
    identity.and_then(|identity| identity.pod.as_deref())
}

/// Telegraf's rule: the part behind the colon, where there is exactly one colon.
fn version(image: &str) -> Option<&str> {
    image.split_once(':').map(|(_, version)| version).filter(|version| !version.contains(':'))
}

fn kind_name(kind: &UnitKind) -> &'static str {
    match kind {
        UnitKind::Root => "root",
        UnitKind::AllPods => "pods",
        UnitKind::Qos(_) => "qos",
        UnitKind::Pod { .. } => "pod",
        UnitKind::Container { .. } => "container",
        UnitKind::Slice => "slice",
        UnitKind::Service => "service",
        UnitKind::Scope => "scope",
        UnitKind::Other => "other",
    }
}

/// `eth0`, as for the kubelet; a pod whose one interface has another name is served by that one.
fn default_interface(unit: &Unit) -> Option<&Interface> {
    let interfaces = unit.network.as_deref()?;
    let mut outside = interfaces.iter().filter(|interface| &*interface.name != "lo");
    interfaces.iter().find(|interface| &*interface.name == "eth0").or_else(|| {
        let only = outside.next()?;
        outside.next().is_none().then_some(only)
    })
}

fn live_nanocores(unit: &Unit) -> Option<u64> {
    unit.cpu.live.map(|rate| nanocores(rate.cores))
}

fn nanocores(cores: f64) -> u64 {
    (cores * 1e9).round() as u64
}

fn nanoseconds(unit: &Unit, field: Field) -> Option<u64> {
    unit.values.get(field).map(|usec| usec.saturating_mul(1000))
}

/// memory.max minus working set; absent without a limit. Source: kubelet `cadvisorInfoToMemoryStats`.
fn available_bytes(unit: &Unit) -> Option<u64> {
    Some(unit.values.get(Field::MemoryMax)?.saturating_sub(unit.memory.working_set_bytes?))
}

fn cpu_limit_nanocores(unit: &Unit) -> Option<u64> {
    let Some(Limit::At(quota)) = unit.values.limit(Field::CpuQuotaUsec) else { return None };
    let period = unit.values.get(Field::CpuPeriodUsec).filter(|&period| period > 0)?;
    Some(nanocores(quota as f64 / period as f64))
}

fn io_sum(unit: &Unit, value: fn(&IoDevice) -> Option<u64>) -> Option<u64> {
    unit.io.iter().filter_map(value).reduce(u64::saturating_add)
}

fn percent(unit: &Unit, field: Field) -> Option<f64> {
    unit.values.get(field).map(|hundredths| hundredths as f64 / 100.0)
}
