//! What a sidecar adds to what its cgroups show: the node agent's word on its pod, and the pod's network.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::health::Health;
use super::kubelet;
use super::own_pod::{OwnPod, environment};
use super::sampling::node_name;
use crate::config::Config;
use crate::model::identity::{Cgroup, ContainerId, Identity, PodUid, UnitKind};
use crate::model::peer::PeerReading;
use crate::model::reconciled::{Choice, Reconciled, SourceKind};
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::model::stamp::Stamp;
use crate::model::unit::{Unit, UnitId};
use crate::sampler::Feeds;
use crate::sampler::clock::{Clock, KernelClock};
use crate::source::node_agent::NodeAgent;

/// An answer that is older than this many of its intervals says nothing any more.
const STALE_INTERVALS: u32 = 3;
/// Longest pause between two questions to an agent that does not answer.
const MAX_PAUSE: Duration = Duration::from_mins(1);
/// No unit of ours and none of another source has it.
const NETWORK_ID: UnitId = UnitId(u64::MAX);

/// Namespace and name.
type PodName = (Box<str>, Box<str>);

/// True when something else than cgroups can tell of our pod, or of the node.
pub(super) fn has_other_sources(config: &Config, own: &OwnPod) -> bool {
    is_node_agent_asked(config, own) || kubelet::endpoint::resolve(config).is_ok()
}

/// True when the node's agent can be asked for our pod.
pub(super) fn is_node_agent_asked(config: &Config, own: &OwnPod) -> bool {
    own.uid.is_some() && node_agent_address(config).is_some()
}

/// Where the node's agent is to be asked; `None` where it is not.
pub(super) fn node_agent_address(config: &Config) -> Option<String> {
    config.sidecar.node_agent.address(environment("HOST_IP").as_deref())
}

/// Asks the node's agent until dropped. What our own tree shows in whole is not asked for.
pub(super) async fn ask_node_agent(
    config: Config,
    own: OwnPod,
    feeds: Feeds,
    peer: Arc<ArcSwapOption<PeerReading>>,
    health: Health,
) {
    let (Some(address), Some(uid)) = (node_agent_address(&config), own.uid) else { return };
    let settings = &config.sidecar.node_agent;
    let mut agent = match NodeAgent::new(settings, &address, uid, &config.sampler.windows) {
        Ok(agent) => agent,
        Err(error) => {
            health.bad(error.reason());
            tracing::error!(%error, "the node's agent cannot be asked");
            return;
        }
    };
    let mut failures = 0;
    loop {
        if !sees_its_pod(&feeds) {
            let started = tokio::time::Instant::now();
            match agent.fetch(now).await {
                Ok(reading) => {
                    failures = 0;
                    peer.store(Some(Arc::new(reading)));
                    if health.good(started.elapsed()) {
                        tracing::info!(url = address, "the node's agent tells of this pod");
                    }
                }
                Err(error) => {
                    failures += 1;
                    if health.bad(error.reason()) {
                        tracing::warn!(%error, "the node's agent tells nothing of this pod");
                    }
                }
            }
        }
        tokio::time::sleep(pause(settings.interval, failures)).await;
    }
}

/// Doubles with each failure in a row.
fn pause(interval: Duration, failures: u32) -> Duration {
    let most = MAX_PAUSE.max(interval);
    interval.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(most)
}

fn sees_its_pod(feeds: &Feeds) -> bool {
    feeds
        .snapshot
        .load()
        .as_ref()
        .is_some_and(|snapshot| matches!(snapshot.scope, Scope::Node | Scope::Pod(_)))
}

fn now() -> Stamp {
    Stamp { boot_ns: KernelClock.boot_ns(), wall_ns: KernelClock.wall_ns() }
}

/// Brings in what no cgroup here stands for.
#[derive(Debug)]
pub(super) struct Completer {
    own: OwnPod,
    /// The own pod's network, where its name is known.
    network: Option<Unit>,
    stale_after: Duration,
    peer: Arc<ArcSwapOption<PeerReading>>,
}

impl Completer {
    pub(super) fn new(config: &Config, own: &OwnPod, peer: Arc<ArcSwapOption<PeerReading>>) -> Completer {
        let network = network_unit(config, own).filter(|_| !own.host_network);
        let node_agent = &config.sidecar.node_agent;
        let stale_after = node_agent.interval * STALE_INTERVALS + node_agent.timeout;
        Completer { own: own.clone(), network, stale_after, peer }
    }

    /// The pod that others may be asked for: its UID, and namespace and name where they are known.
    pub(super) fn own(&self) -> Option<(PodUid, Option<PodName>)> {
        let name = self.own.namespace.clone().zip(self.own.name.clone());
        Some((self.own.uid.clone()?, name))
    }

    /// Puts the units of other places behind those that are there, and says whose they are.
    pub(super) fn complete(&self, mut reconciled: Reconciled, snapshot: &Snapshot, now: Stamp) -> Reconciled {
        if matches!(snapshot.scope, Scope::Node | Scope::Pod(_)) {
            return reconciled;
        }
        let mut foreign = (*reconciled.foreign).clone();
        let has_pod = |foreign: &[Unit]| foreign.iter().any(Unit::is_pod);
        if let Some(peer) = self.peer.load_full().filter(|peer| self.is_fresh(peer, now)) {
            // It reads ten times a second, the kubelet every ten to twenty: it comes first.
            foreign.clear();
            append(&mut foreign, &peer.units, snapshot);
            reconciled.choices.retain(|choice| !matches!(choice.value, "cpu" | "memory"));
            let chosen = |value| Choice { value, source: SourceKind::NodeAgent, reason: "cgroup_missing" };
            reconciled.choices.extend(["cpu", "memory"].map(chosen));
        }
        // A pod's own row takes its network along.
        if !has_pod(&foreign) {
            foreign.extend(self.network.clone());
        }
        reconciled.foreign = Arc::new(foreign);
        reconciled
    }

    fn is_fresh(&self, peer: &PeerReading, now: Stamp) -> bool {
        let age = Duration::from_nanos(now.boot_ns.saturating_sub(peer.fetched.boot_ns));
        age <= self.stale_after
    }
}

/// Appends the units of a pod, but no container that we read ourselves: a series has one source.
fn append(foreign: &mut Vec<Unit>, units: &[Unit], snapshot: &Snapshot) {
    let own: Vec<&ContainerId> = snapshot
        .units
        .iter()
        .filter(|unit| unit.source == SourceKind::Cgroup && !unit.gone)
        .filter_map(container_id)
        .collect();
    let start = foreign.len() as u32;
    // A pod comes first and no container holds another unit, so that no place shifts under its children.
    for unit in units {
        if container_id(unit).is_some_and(|id| own.contains(&id)) {
            continue;
        }
        let parent = unit.parent.map(|parent| parent + start);
        foreign.push(Unit { parent, ..unit.clone() });
    }
}

fn container_id(unit: &Unit) -> Option<&ContainerId> {
    match &unit.cgroup.kind {
        UnitKind::Container { id, .. } => Some(id),
        _ => None,
    }
}

fn network_unit(config: &Config, own: &OwnPod) -> Option<Unit> {
    let uid = own.uid.clone()?;
    let pod = Arc::new(own.info(&node_name(config))?);
    let cgroup = Cgroup { path: "".into(), kind: UnitKind::PodNetwork { uid } };
    let identity = Some(Arc::new(Identity { pod: Some(pod), container: None }));
    Some(Unit { id: NETWORK_ID, identity, ..Unit::new(cgroup) })
}

#[cfg(test)]
#[path = "sidecar_tests.rs"]
mod tests;
