//! `/stats/summary`, read in one pass and without copies: names point into the document, containers and volumes of
//! all pods lie in two lists.
//!
//! Every field may be absent. A value of another type than documented loses itself alone and is counted; a pod
//! without UID and a container or volume without name are left out. Half a document is an error.
//!
//! Source: kubelet `stats/v1alpha1/types.go`.

use std::borrow::Cow;
use std::ops::Range;

use super::lenient::{Bounded, Elements, Fields, Value, read_object};
use super::scanner::{Broken, Scanner};
use crate::model::kubelet::{CpuStats, FsStats, MemoryStats};

/// Far above a full node (250 pods by default, a few thousand at most).
const MAX_PODS: usize = 10_000;
const MAX_CONTAINERS: usize = 50_000;
const MAX_VOLUMES: usize = 50_000;
const MAX_SYSTEM_CONTAINERS: usize = 64;

/// The document as it stands in its bytes.
#[derive(Debug, Default)]
pub struct Summary<'a> {
    pub node: Node<'a>,
    pub pods: Vec<Pod<'a>>,
    pub containers: Vec<Container<'a>>,
    pub volumes: Vec<Volume<'a>>,
    /// Values that are not what is documented.
    pub faults: u32,
}

#[derive(Debug, Default)]
pub struct Node<'a> {
    pub name: Cow<'a, str>,
    pub cpu: CpuStats,
    pub memory: MemoryStats,
    pub swap: Swap,
    pub network: Network<'a>,
    pub fs: FsStats,
    pub runtime: Runtime,
    pub rlimit: Rlimit,
    pub system_containers: Vec<Container<'a>>,
}

#[derive(Debug, Default)]
pub struct Pod<'a> {
    pub reference: PodRef<'a>,
    pub start_time_s: Option<i64>,
    pub cpu: CpuStats,
    pub memory: MemoryStats,
    pub swap: Swap,
    pub network: Network<'a>,
    pub ephemeral_storage: FsStats,
    pub processes: Processes,
    pub containers: Range<u32>,
    pub volumes: Range<u32>,
}

#[derive(Debug, Default)]
pub struct PodRef<'a> {
    pub uid: Cow<'a, str>,
    pub namespace: Cow<'a, str>,
    pub name: Cow<'a, str>,
}

#[derive(Debug, Default)]
pub struct Container<'a> {
    pub name: Cow<'a, str>,
    pub start_time_s: Option<i64>,
    pub cpu: CpuStats,
    pub memory: MemoryStats,
    pub swap: Swap,
    pub rootfs: FsStats,
    pub logs: FsStats,
}

#[derive(Debug, Default)]
pub struct Network<'a> {
    pub time_s: Option<i64>,
    pub name: Cow<'a, str>,
    pub rx_bytes: Option<u64>,
    pub rx_errors: Option<u64>,
    pub tx_bytes: Option<u64>,
    pub tx_errors: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Volume<'a> {
    pub name: Cow<'a, str>,
    pub fs: FsStats,
    pub claim: Claim<'a>,
}

#[derive(Debug, Default)]
pub struct Claim<'a> {
    pub namespace: Cow<'a, str>,
    pub name: Cow<'a, str>,
}

#[derive(Debug, Default)]
pub struct Swap {
    pub usage_bytes: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Processes {
    pub count: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Rlimit {
    pub max_pid: Option<u64>,
    pub running: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Runtime {
    pub image_fs: FsStats,
    pub container_fs: FsStats,
}

/// A document that is no summary, or half of one.
#[derive(Debug, thiserror::Error)]
pub enum SummaryError {
    #[error("is not UTF-8 after {0} bytes")]
    NotText(usize),
    #[error("is no whole JSON document: {0}")]
    NotJson(#[from] Broken),
    #[error("is no /stats/summary: it has neither node nor pods")]
    NotSummary,
}

/// Reads the whole document.
pub fn parse_summary(document: &[u8]) -> Result<Summary<'_>, SummaryError> {
    // Checked once for all: each name and key would be checked again by itself.
    let text = std::str::from_utf8(document).map_err(|error| SummaryError::NotText(error.valid_up_to()))?;
    let mut root = Root::default();
    let mut scanner = Scanner::new(text);
    read_object(&mut scanner, &mut root)?;
    scanner.end()?;
    if !root.has_node && !root.has_pods {
        return Err(SummaryError::NotSummary);
    }
    Ok(Summary { faults: scanner.faults, ..root.summary })
}

#[derive(Default)]
struct Root<'a> {
    summary: Summary<'a>,
    has_node: bool,
    has_pods: bool,
}

impl<'de> Fields<'de> for Root<'de> {
    fn field(&mut self, key: &str, value: Value<'_, 'de>) -> Result<(), Broken> {
        match key {
            "node" => {
                self.has_node = true;
                value.object(&mut self.summary.node)
            }
            "pods" => {
                self.has_pods = true;
                value.list(Pods(&mut self.summary))
            }
            _ => value.skip(),
        }
    }
}

struct Pods<'x, 'de>(&'x mut Summary<'de>);

impl<'de> Elements<'de> for Pods<'_, 'de> {
    fn element(&mut self, scanner: &mut Scanner<'de>) -> Result<(), Broken> {
        let Summary { pods, containers, volumes, .. } = &mut *self.0;
        let before = (containers.len(), volumes.len());
        let mut filling = Filling { pod: Pod::default(), containers, volumes };
        read_object(scanner, &mut filling)?;
        let Filling { mut pod, containers, volumes } = filling;
        if pod.reference.uid.is_empty() || pods.len() >= MAX_PODS {
            scanner.fault();
            containers.truncate(before.0);
            volumes.truncate(before.1);
        } else {
            pod.containers = before.0 as u32..containers.len() as u32;
            pod.volumes = before.1 as u32..volumes.len() as u32;
            pods.push(pod);
        }
        Ok(())
    }
}

/// A pod whose containers and volumes go into the lists of all.
struct Filling<'x, 'de> {
    pod: Pod<'de>,
    containers: &'x mut Vec<Container<'de>>,
    volumes: &'x mut Vec<Volume<'de>>,
}

impl<'de> Fields<'de> for Filling<'_, 'de> {
    fn field(&mut self, key: &str, value: Value<'_, 'de>) -> Result<(), Broken> {
        let pod = &mut self.pod;
        match key {
            "podRef" => value.object(&mut pod.reference),
            "startTime" => value.time(&mut pod.start_time_s),
            "containers" => value.list(Bounded { list: self.containers, limit: MAX_CONTAINERS }),
            "cpu" => value.object(&mut pod.cpu),
            "memory" => value.object(&mut pod.memory),
            "swap" => value.object(&mut pod.swap),
            "network" => value.object(&mut pod.network),
            "volume" => value.list(Bounded { list: self.volumes, limit: MAX_VOLUMES }),
            "ephemeral-storage" => value.object(&mut pod.ephemeral_storage),
            "process_stats" => value.object(&mut pod.processes),
            _ => value.skip(),
        }
    }
}

impl<'de> Fields<'de> for Node<'de> {
    fn field(&mut self, key: &str, value: Value<'_, 'de>) -> Result<(), Broken> {
        match key {
            "nodeName" => value.text(&mut self.name),
            "systemContainers" => {
                value.list(Bounded { list: &mut self.system_containers, limit: MAX_SYSTEM_CONTAINERS })
            }
            "cpu" => value.object(&mut self.cpu),
            "memory" => value.object(&mut self.memory),
            "swap" => value.object(&mut self.swap),
            "network" => value.object(&mut self.network),
            "fs" => value.object(&mut self.fs),
            "runtime" => value.object(&mut self.runtime),
            "rlimit" => value.object(&mut self.rlimit),
            _ => value.skip(),
        }
    }
}

impl<'de> Fields<'de> for Container<'de> {
    fn field(&mut self, key: &str, value: Value<'_, 'de>) -> Result<(), Broken> {
        match key {
            "name" => value.text(&mut self.name),
            "startTime" => value.time(&mut self.start_time_s),
            "cpu" => value.object(&mut self.cpu),
            "memory" => value.object(&mut self.memory),
            "swap" => value.object(&mut self.swap),
            "rootfs" => value.object(&mut self.rootfs),
            "logs" => value.object(&mut self.logs),
            _ => value.skip(),
        }
    }

    fn is_named(&self) -> bool {
        !self.name.is_empty()
    }
}

impl<'de> Fields<'de> for Volume<'de> {
    fn field(&mut self, key: &str, value: Value<'_, 'de>) -> Result<(), Broken> {
        match key {
            "name" => value.text(&mut self.name),
            "pvcRef" => value.object(&mut self.claim),
            _ => self.fs.field(key, value),
        }
    }

    fn is_named(&self) -> bool {
        !self.name.is_empty()
    }
}

/// A table of keys, one row each: where the value of a key goes, and how it is read.
macro_rules! fields {
    ($($of:ty { $($key:literal => $read:ident $into:ident,)* })*) => {$(
        impl<'de> Fields<'de> for $of {
            fn field(&mut self, key: &str, value: Value<'_, 'de>) -> Result<(), Broken> {
                match key {
                    $($key => value.$read(&mut self.$into),)*
                    _ => value.skip(),
                }
            }
        }
    )*};
}

fields! {
    PodRef<'de> {
        "name" => text name,
        "namespace" => text namespace,
        "uid" => text uid,
    }
    CpuStats {
        "time" => time time_s,
        "usageNanoCores" => number usage_nano_cores,
        "usageCoreNanoSeconds" => number usage_core_nano_seconds,
    }
    MemoryStats {
        "time" => time time_s,
        "availableBytes" => number available_bytes,
        "usageBytes" => number usage_bytes,
        "workingSetBytes" => number working_set_bytes,
        "rssBytes" => number rss_bytes,
        "pageFaults" => number page_faults,
        "majorPageFaults" => number major_page_faults,
    }
    FsStats {
        "time" => time time_s,
        "availableBytes" => number available_bytes,
        "capacityBytes" => number capacity_bytes,
        "usedBytes" => number used_bytes,
        "inodes" => number inodes,
        "inodesFree" => number inodes_free,
        "inodesUsed" => number inodes_used,
    }
    Network<'de> {
        "time" => time time_s,
        "name" => text name,
        "rxBytes" => number rx_bytes,
        "rxErrors" => number rx_errors,
        "txBytes" => number tx_bytes,
        "txErrors" => number tx_errors,
    }
    Claim<'de> {
        "name" => text name,
        "namespace" => text namespace,
    }
    Swap {
        "swapUsageBytes" => number usage_bytes,
    }
    Processes {
        "process_count" => number count,
    }
    Rlimit {
        "maxpid" => number max_pid,
        "curproc" => number running,
    }
    Runtime {
        "imageFs" => object image_fs,
        "containerFs" => object container_fs,
    }
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
