//! The sources that Kubernetes has beside the kernel: their tasks, and what they hand to `reconcile`.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::task::JoinHandle;

use super::health::Health;
use super::own_pod::OwnPod;
use super::sidecar::{self, Completer};
use super::{kubelet, names, reconcile};
use crate::config::Config;
use crate::model::kubelet::{ResourcePage, Summary};
use crate::model::metrics_api::MetricsPage;
use crate::model::peer::PeerReading;
use crate::model::report::SourceReport;
use crate::sampler::Feeds;

/// The newest answer of each source; `None` before the first. Each carries when it was fetched: who reads it
/// decides when it is too old.
#[derive(Clone, Debug, Default)]
pub(super) struct ClusterFeeds {
    pub(super) resource: Arc<ArcSwapOption<ResourcePage>>,
    pub(super) summary: Arc<ArcSwapOption<Summary>>,
    pub(super) metrics: Arc<ArcSwapOption<MetricsPage>>,
    pub(super) peer: Arc<ArcSwapOption<PeerReading>>,
}

/// The running tasks; dropping it stops them.
#[derive(Debug)]
pub(super) struct Kubernetes {
    tasks: Vec<JoinHandle<()>>,
    healths: Vec<Health>,
    pub(super) feeds: ClusterFeeds,
}

impl Kubernetes {
    /// Starts a task for each source that the configuration or the environment offers.
    /// `own` is the pod that the agent is a sidecar of.
    pub(super) fn start(config: &Config, feeds: &Feeds, own: Option<&OwnPod>) -> Kubernetes {
        let cluster = ClusterFeeds::default();
        let names = names::keep_fresh(config.identity.clone(), feeds.clone());
        let mut all =
            Kubernetes { tasks: vec![tokio::spawn(names)], healths: Vec::new(), feeds: cluster.clone() };
        let healths = kubelet::start(config, &all.feeds, &mut all.tasks);
        all.healths.extend(healths);
        let completer = own.map(|own| all.start_sidecar(config, feeds, own));
        let compare = reconcile::run(config.reconcile.clone(), feeds.clone(), cluster, completer);
        all.tasks.push(tokio::spawn(compare));
        all
    }

    fn start_sidecar(&mut self, config: &Config, feeds: &Feeds, own: &OwnPod) -> Completer {
        let peer = &self.feeds.peer;
        if sidecar::is_node_agent_asked(config, own) {
            let health = Health::new("node_agent");
            self.healths.push(health.clone());
            let asking =
                sidecar::ask_node_agent(config.clone(), own.clone(), feeds.clone(), peer.clone(), health);
            self.tasks.push(tokio::spawn(asking));
        }
        Completer::new(config, own, peer.clone())
    }

    pub(super) fn reports(&self) -> Vec<SourceReport> {
        self.healths.iter().map(Health::report).collect()
    }
}

impl Drop for Kubernetes {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
