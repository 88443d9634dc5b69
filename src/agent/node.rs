//! The node's own reading and the pods' networks, on a thread of their own: their files are many and slow, and
//! the sampler waits for nobody.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use arc_swap::ArcSwap;

use super::own_pod::OwnPod;
use crate::model::identity::PodUid;
use crate::model::stamp::Stamp;
use crate::sampler::Feeds;
use crate::sampler::clock::{Clock, KernelClock};
use crate::sampler::feeds::Networks;
use crate::source::cgroup::grammar;
use crate::source::procfs::{self, NodeReader};

/// How the last reading of /proc went.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeHealth {
    pub(super) faults: u64,
    pub(super) duration: Duration,
    pub(super) read_boot_ns: Option<u64>,
    /// Nothing is read, and that is meant.
    pub(super) is_off: bool,
}

/// The running thread; dropping it stops the thread.
#[derive(Debug)]
pub(super) struct NodeThread {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    pub(super) health: Arc<ArcSwap<NodeHealth>>,
}

impl NodeThread {
    /// Reads nothing: a replica that speaks for a cluster is no better a witness of its node than any other pod.
    pub(super) fn off() -> NodeThread {
        let health = NodeHealth { is_off: true, ..NodeHealth::default() };
        NodeThread { stop: None, thread: None, health: Arc::new(ArcSwap::from_pointee(health)) }
    }

    pub(super) fn start(
        config: procfs::Config,
        interval: Duration,
        feeds: Feeds,
        own: Option<OwnPod>,
    ) -> anyhow::Result<NodeThread> {
        let (stop, stopped) = channel();
        let health = Arc::new(ArcSwap::default());
        let shared = health.clone();
        let run = move || {
            let mut watcher = Watcher::new(config, feeds, shared, own);
            let mut next = Instant::now();
            loop {
                watcher.read();
                next += interval;
                // After a long stall the rhythm starts anew.
                next = next.max(Instant::now());
                let wait = next.saturating_duration_since(Instant::now());
                match stopped.recv_timeout(wait) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("node".to_owned())
            .spawn(run)
            .context("starting the node thread")?;
        Ok(NodeThread { stop: Some(stop), thread: Some(thread), health })
    }
}

impl Drop for NodeThread {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

struct Watcher {
    procfs: PathBuf,
    reader: NodeReader,
    feeds: Feeds,
    processes: HashMap<PodUid, u32>,
    /// The pod that the agent is a sidecar of: the one whose network it shares.
    own: Option<OwnPod>,
    health: Arc<ArcSwap<NodeHealth>>,
    faults: u64,
    was_faulty: bool,
}

impl Watcher {
    fn new(
        mut config: procfs::Config,
        feeds: Feeds,
        health: Arc<ArcSwap<NodeHealth>>,
        own: Option<OwnPod>,
    ) -> Watcher {
        config.is_a_pods = own.as_ref().is_some_and(|own| !own.host_network) && is_own_proc(&config.procfs);
        Watcher {
            procfs: config.procfs.clone(),
            reader: NodeReader::new(config),
            feeds,
            processes: HashMap::new(),
            own,
            health,
            faults: 0,
            was_faulty: false,
        }
    }

    fn read(&mut self) {
        let started = Instant::now();
        let now = Stamp { boot_ns: KernelClock.boot_ns(), wall_ns: KernelClock.wall_ns() };
        let (node, faults) = self.reader.read(now);
        self.faults += faults.len() as u64;
        if faults.is_empty() == self.was_faulty {
            self.was_faulty = !faults.is_empty();
            if let Some(fault) = faults.first() {
                tracing::warn!(%fault, count = faults.len(), "a node file cannot be read");
            } else {
                tracing::info!("all node files can be read again");
            }
        }
        self.feeds.node.store(Some(Arc::new(node)));
        self.read_networks();
        let (faults, duration) = (self.faults, started.elapsed());
        self.health.store(Arc::new(NodeHealth {
            faults,
            duration,
            read_boot_ns: Some(now.boot_ns),
            is_off: false,
        }));
    }

    /// All containers of a pod share one network namespace: a sidecar's is its pod's.
    fn read_own_network(&self, own: &OwnPod) {
        let Some(uid) = own.uid.clone().filter(|_| !own.host_network) else { return };
        let interfaces = procfs::read_own_interfaces(&self.procfs).ok().flatten();
        let networks = interfaces.map(|interfaces| (uid, Arc::new(interfaces))).into_iter().collect();
        self.feeds.networks.store(Arc::new(networks));
    }

    fn read_networks(&mut self) {
        if let Some(own) = &self.own {
            self.read_own_network(own);
            return;
        }
        let Some(snapshot) = self.feeds.snapshot.load_full() else { return };
        let pods: Vec<&PodUid> = snapshot
            .units
            .iter()
            .filter(|unit| unit.is_pod() && !unit.gone)
            .filter_map(|unit| unit.pod_uid())
            .collect();
        if pods.is_empty() {
            return;
        }
        let mut networks = read_all(&self.procfs, &self.processes, &pods);
        if networks.len() < pods.len() {
            // New pods, or a process that stood for its pod has exited.
            self.processes = procfs::find_pod_processes(&self.procfs, &grammar::pod_in);
            networks = read_all(&self.procfs, &self.processes, &pods);
        }
        self.feeds.networks.store(Arc::new(networks));
    }
}

/// True where the first process is no init of the machine: a container's own /proc, whose network and processes
/// are the pod's. The machine's init stands outside of our own cgroup namespace, or has none above it.
fn is_own_proc(procfs: &Path) -> bool {
    let text = std::fs::read_to_string(procfs.join("1/cgroup")).unwrap_or_default();
    let path = text.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    // Our own container's first process, or the pod's sandbox one step beside us.
    path == "/" || grammar::sibling(path).is_some()
}

fn read_all(proc_root: &Path, processes: &HashMap<PodUid, u32>, pods: &[&PodUid]) -> Networks {
    let read = |pod: &&PodUid| {
        let interfaces = procfs::read_interfaces(proc_root, *processes.get(*pod)?).ok()?;
        Some(((*pod).clone(), Arc::new(interfaces)))
    };
    pods.iter().filter_map(read).collect()
}
