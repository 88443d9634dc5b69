//! Hands each new snapshot and each new answer of the other sources to the reconciler, and what it concludes to
//! the sampler's feeds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::kubernetes::ClusterFeeds;
use super::sidecar::Completer;
use crate::model::field::Values;
use crate::model::inventory::Inventory;
use crate::model::reconciled::Reconciled;
use crate::model::snapshot::Snapshot;
use crate::model::stamp::Stamp;
use crate::model::workload::Amounts;
use crate::reconcile::{Config, Reconciler};
use crate::sampler::Feeds;
use crate::sampler::clock::{Clock, KernelClock};

/// How often the feeds are looked at for something new. A snapshot comes once a second.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// While no other source has answered yet there is nothing to compare.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);

/// Conclusions that are watched for their last reader: the newest, its snapshot's, and slow readers'.
const SERVED: usize = 4;

/// Runs until the task is dropped. On a host where no source answers it looks at three pointers a second and
/// does nothing else. In a sidecar `completer` brings in what only a sidecar has.
pub(super) async fn run(config: Config, feeds: Feeds, cluster: ClusterFeeds, completer: Option<Completer>) {
    while completer.is_none()
        && cluster.resource.load().is_none()
        && cluster.summary.load().is_none()
        && cluster.metrics.load().is_none()
    {
        tokio::time::sleep(IDLE_INTERVAL).await;
    }
    let mut comparison = Comparison::new(config, feeds, cluster, completer);
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        comparison.look(&KernelClock);
    }
}

/// The reconciler and what it was told last.
struct Comparison {
    reconciler: Reconciler,
    feeds: Feeds,
    cluster: ClusterFeeds,
    completer: Option<Completer>,
    seen: u64,
    told: [u64; 3],
    was_unexplained: bool,
    /// The conclusions that somebody may still read, oldest first.
    served: VecDeque<Arc<Reconciled>>,
}

impl Comparison {
    fn new(config: Config, feeds: Feeds, cluster: ClusterFeeds, completer: Option<Completer>) -> Comparison {
        let reconciler = Reconciler::new(config);
        let own = completer.as_ref().and_then(Completer::own);
        let reconciler = match own {
            Some((uid, name)) => reconciler.sidecar_of(uid, name),
            None => reconciler,
        };
        Comparison {
            reconciler,
            feeds,
            cluster,
            completer,
            seen: 0,
            told: [0; 3],
            was_unexplained: false,
            served: VecDeque::with_capacity(SERVED),
        }
    }

    /// Concludes where there is a new snapshot.
    fn look(&mut self, clock: &impl Clock) {
        let Some(snapshot) = self.feeds.snapshot.load_full() else { return };
        if snapshot.seq == self.seen {
            return;
        }
        self.seen = snapshot.seq;
        self.reconciler.observe(&snapshot);
        self.tell();
        let now = Stamp { boot_ns: clock.boot_ns(), wall_ns: clock.wall_ns() };
        let directory = self.feeds.directory.load();
        let reconciled =
            self.reconciler.conclude(now, &|cgroup| directory.resolve(cgroup, &Values::default()));
        let mut reconciled = match &self.completer {
            Some(completer) => completer.complete(reconciled, &snapshot, now),
            None => reconciled,
        };
        let inventory = self.feeds.inventory.load();
        let listed = inventory.as_deref().and_then(|inventory| allocatable(inventory, &snapshot.node_name));
        reconciled.node_allocatable = listed.or_else(|| self.cluster.allocatable.load().as_deref().copied());
        let reconciled = Arc::new(reconciled);
        self.feeds.reconciled.store(Some(reconciled.clone()));
        if let Some(old) = reuse(&mut self.served, reconciled) {
            self.reconciler.recycle(old);
        }
        self.log(&snapshot);
    }

    fn tell(&mut self) {
        if let Some(page) = news(&self.cluster.resource, &mut self.told[0], |page| page.fetched) {
            self.reconciler.resource(&page);
        }
        if let Some(summary) = news(&self.cluster.summary, &mut self.told[1], |summary| summary.fetched) {
            self.reconciler.summary(summary);
        }
        if let Some(page) = news(&self.cluster.metrics, &mut self.told[2], |page| page.fetched) {
            self.reconciler.metrics(page);
        }
    }

    /// One line when differences without a cause come, and one when the last has gone.
    fn log(&mut self, snapshot: &Snapshot) {
        let unexplained = self.reconciler.unexplained();
        if (unexplained > 0) != self.was_unexplained {
            self.was_unexplained = unexplained > 0;
            if self.was_unexplained {
                tracing::warn!(
                    differences = unexplained,
                    seq = snapshot.seq,
                    "figures differ for no known cause"
                );
            } else {
                tracing::info!("every difference has a cause again");
            }
        }
    }
}

/// Remembers what is served now, and gives the oldest that nobody holds any more.
fn reuse(served: &mut VecDeque<Arc<Reconciled>>, newest: Arc<Reconciled>) -> Option<Reconciled> {
    served.push_back(newest);
    let free = served.iter().position(|old| Arc::strong_count(old) == 1);
    let old = free.and_then(|place| served.remove(place));
    if served.len() >= SERVED {
        // A slow reader keeps it; it is freed when that one is done.
        served.pop_front();
    }
    old.and_then(Arc::into_inner)
}

/// What pods may use of this node, where the inventory lists it.
fn allocatable(inventory: &Inventory, node: &str) -> Option<Amounts> {
    let found = inventory.nodes.as_ref()?.iter().find(|record| *record.name.name == *node)?.allocatable;
    let amounts = Amounts { cpu_millicores: found.cpu_millicores, memory_bytes: found.memory_bytes };
    (amounts != Amounts::default()).then_some(amounts)
}

/// The newest value, when it is another than the one told last.
fn news<T>(feed: &ArcSwapOption<T>, told: &mut u64, fetched: impl Fn(&T) -> Stamp) -> Option<Arc<T>> {
    let value = feed.load_full()?;
    let at = fetched(&value).boot_ns;
    (std::mem::replace(told, at) != at).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::{NodeAmounts, NodeRecord, ObjectName};

    #[test]
    fn a_conclusion_is_used_again_once_nobody_holds_it() {
        let mut served = VecDeque::new();
        let conclusions: Vec<Arc<Reconciled>> = (0..9).map(|_| Arc::default()).collect();
        for one in &conclusions {
            assert!(reuse(&mut served, one.clone()).is_none(), "all of them are held");
            assert!(served.len() < SERVED, "what is watched is bounded");
        }
        drop(conclusions);
        assert!(reuse(&mut served, Arc::default()).is_some());
        let held = served.clone();
        assert!(reuse(&mut served, held[0].clone()).is_none());
    }

    #[test]
    fn only_the_own_node_says_what_pods_may_use_of_it() {
        let node = |name: &str, cpu_millicores| NodeRecord {
            name: ObjectName { name: name.into(), ..ObjectName::default() },
            allocatable: NodeAmounts { cpu_millicores, ..NodeAmounts::default() },
            ..NodeRecord::default()
        };
        let nodes = Some(vec![node("n1", Some(2000)), node("n2", Some(9000)), node("n3", None)]);
        let inventory = Inventory { nodes, ..Inventory::default() };
        let said = Amounts { cpu_millicores: Some(2000), memory_bytes: None };
        assert_eq!(allocatable(&inventory, "n1"), Some(said));
        assert_eq!(allocatable(&inventory, "n3"), None, "absent is not zero");
        assert_eq!(allocatable(&inventory, "n4"), None);
        assert_eq!(allocatable(&Inventory::default(), "n1"), None);
    }
}
