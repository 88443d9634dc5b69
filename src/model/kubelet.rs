//! What the kubelet says, at the kubelet's own times. Every number may be absent, and absent is not zero.
//!
//! Source: kubelet `stats/v1alpha1/types.go` and `metrics/collectors/resource_metrics.go`.

use std::ops::Range;

use super::identity::PodUid;
use super::stamp::Stamp;

/// One reading of `/stats/summary`. Containers and volumes of all pods lie in two lists, each pod holding its
/// part of them, so that a pod costs no list of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// When the answer had come in, by our clocks.
    pub fetched: Stamp,
    pub node: NodeStats,
    pub pods: Vec<PodStats>,
    pub containers: Vec<ContainerStats>,
    pub volumes: Vec<VolumeStats>,
}

impl Summary {
    pub fn containers_of(&self, pod: &PodStats) -> &[ContainerStats] {
        slice(&self.containers, &pod.containers)
    }

    pub fn volumes_of(&self, pod: &PodStats) -> &[VolumeStats] {
        slice(&self.volumes, &pod.volumes)
    }

    pub fn pod(&self, uid: &str) -> Option<&PodStats> {
        self.pods.iter().find(|pod| &*pod.uid.0 == uid)
    }
}

fn slice<'a, T>(all: &'a [T], range: &Range<u32>) -> &'a [T] {
    all.get(range.start as usize..range.end as usize).unwrap_or_default()
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeStats {
    pub name: Box<str>,
    pub cpu: CpuStats,
    pub memory: MemoryStats,
    pub swap_usage_bytes: Option<u64>,
    pub network: NetworkStats,
    /// The kubelet's root file system.
    pub fs: FsStats,
    pub image_fs: FsStats,
    pub container_fs: FsStats,
    pub max_pid: Option<u64>,
    pub running_processes: Option<u64>,
    /// kubelet, runtime, misc and pods, as far as the kubelet is told where they are.
    pub system_containers: Vec<ContainerStats>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodStats {
    /// As the pod's cgroup carries it (a static pod's hash).
    pub uid: PodUid,
    pub namespace: Box<str>,
    pub name: Box<str>,
    pub start_time_s: Option<i64>,
    pub cpu: CpuStats,
    pub memory: MemoryStats,
    pub swap_usage_bytes: Option<u64>,
    pub network: NetworkStats,
    pub ephemeral_storage: FsStats,
    pub process_count: Option<u64>,
    /// Where its containers lie in [`Summary::containers`].
    pub containers: Range<u32>,
    /// Where its volumes lie in [`Summary::volumes`].
    pub volumes: Range<u32>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerStats {
    pub name: Box<str>,
    pub start_time_s: Option<i64>,
    pub cpu: CpuStats,
    pub memory: MemoryStats,
    pub swap_usage_bytes: Option<u64>,
    pub rootfs: FsStats,
    pub logs: FsStats,
}

/// Times are cut to whole seconds: the true time is up to a second later.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CpuStats {
    pub time_s: Option<i64>,
    /// Mean between the kubelet's two newest samples.
    pub usage_nano_cores: Option<u64>,
    pub usage_core_nano_seconds: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MemoryStats {
    pub time_s: Option<i64>,
    pub available_bytes: Option<u64>,
    pub usage_bytes: Option<u64>,
    pub working_set_bytes: Option<u64>,
    pub rss_bytes: Option<u64>,
    pub page_faults: Option<u64>,
    pub major_page_faults: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FsStats {
    pub time_s: Option<i64>,
    pub available_bytes: Option<u64>,
    pub capacity_bytes: Option<u64>,
    pub used_bytes: Option<u64>,
    pub inodes: Option<u64>,
    pub inodes_free: Option<u64>,
    pub inodes_used: Option<u64>,
}

/// The default interface's counters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkStats {
    pub time_s: Option<i64>,
    /// The default interface's name; empty where there is none.
    pub name: Box<str>,
    pub rx_bytes: Option<u64>,
    pub rx_errors: Option<u64>,
    pub tx_bytes: Option<u64>,
    pub tx_errors: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeStats {
    pub name: Box<str>,
    pub fs: FsStats,
    /// The claim behind it, as namespace and name.
    pub claim: Option<(Box<str>, Box<str>)>,
}

/// A value of `/metrics/resource` with the kubelet's own time of the sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed {
    /// Nanoseconds of CPU time, or bytes.
    pub value: u64,
    /// Milliseconds since the epoch.
    pub at_ms: i64,
}

/// One reading of `/metrics/resource`: the numbers that metrics-server sees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourcePage {
    /// When the answer had come in, by our clocks.
    pub fetched: Stamp,
    pub node: ResourceSample,
    pub pods: Vec<ResourcePod>,
    pub containers: Vec<ResourceContainer>,
    /// `resource_scrape_error`: true when the kubelet itself could not read all.
    pub scrape_error: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ResourceSample {
    pub cpu_usage_ns: Option<Timed>,
    pub working_set_bytes: Option<Timed>,
    pub swap_usage_bytes: Option<Timed>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourcePod {
    pub namespace: Box<str>,
    pub pod: Box<str>,
    pub sample: ResourceSample,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceContainer {
    pub namespace: Box<str>,
    pub pod: Box<str>,
    pub container: Box<str>,
    pub sample: ResourceSample,
    /// Seconds since the epoch.
    pub start_time_s: Option<f64>,
}
