//! The sources that Kubernetes has beside the kernel: their tasks, and what they hand to `reconcile`.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::task::JoinHandle;

use super::access::{Access, Leadership};
use super::election::Election;
use super::health::Health;
use super::own_pod::OwnPod;
use super::sampling::node_name;
use super::sidecar::{self, Completer};
use super::{allocatable, inventory, kubelet, metrics, names, reconcile};
use crate::config::Config;
use crate::config::agent::Mode;
use crate::model::kubelet::{ResourcePage, Summary};
use crate::model::metrics_api::MetricsPage;
use crate::model::peer::PeerReading;
use crate::model::report::SourceReport;
use crate::model::workload::Amounts;
use crate::sampler::Feeds;
use crate::source::{api_server, inventory as source_inventory, metrics_api};

/// The newest answer of each source; `None` before the first. Each carries when it was fetched: who reads it
/// decides when it is too old.
#[derive(Clone, Debug, Default)]
pub(super) struct ClusterFeeds {
    pub(super) resource: Arc<ArcSwapOption<ResourcePage>>,
    pub(super) summary: Arc<ArcSwapOption<Summary>>,
    pub(super) metrics: Arc<ArcSwapOption<MetricsPage>>,
    pub(super) allocatable: Arc<ArcSwapOption<Amounts>>,
    pub(super) peer: Arc<ArcSwapOption<PeerReading>>,
}

/// The running tasks; dropping it stops them.
#[derive(Debug)]
pub(super) struct Kubernetes {
    tasks: Vec<JoinHandle<()>>,
    healths: Vec<Health>,
    pub(super) feeds: ClusterFeeds,
    /// In mode cluster: who leads.
    election: Option<Election>,
}

impl Kubernetes {
    /// Starts a task for each source that the configuration or the environment offers.
    /// `own` is the pod that the agent is a sidecar of.
    pub(super) fn start(config: &Config, feeds: &Feeds, own: Option<&OwnPod>) -> Kubernetes {
        let cluster = ClusterFeeds::default();
        let mut all =
            Kubernetes { tasks: Vec::new(), healths: Vec::new(), feeds: cluster.clone(), election: None };
        // A sidecar knows its own pod, and a cluster's replica has no pods of its own, unless told otherwise.
        let is_of_node = own.is_none() && config.agent.mode != Mode::Cluster;
        if (is_of_node || config.identity.is_told())
            && let Some((names, health)) = names::follow(config, feeds)
        {
            all.tasks.push(tokio::spawn(names.run()));
            all.healths.push(health);
        }
        // The kubelets of a cluster are their own nodes' agents' to ask.
        if config.agent.mode != Mode::Cluster {
            let healths = kubelet::start(config, &all.feeds, &mut all.tasks);
            all.healths.extend(healths);
        }
        all.start_api_sources(config, feeds);
        let completer = own.map(|own| all.start_sidecar(config, feeds, own));
        let compare = reconcile::run(config.reconcile.clone(), feeds.clone(), cluster, completer);
        all.tasks.push(tokio::spawn(compare));
        all
    }

    /// What the API server serves: metrics and inventory, in mode cluster by the leader alone.
    fn start_api_sources(&mut self, config: &Config, feeds: &Feeds) {
        let is_offered = api_server::is_offered(&config.api_server);
        let asks_metrics = match config.metrics_api.enabled {
            metrics_api::Enabled::Auto => is_offered,
            metrics_api::Enabled::Always => true,
            metrics_api::Enabled::Never => false,
        };
        let is_cluster = config.agent.mode == Mode::Cluster;
        let access = Access::new(&config.api_server);
        let mut leadership = Leadership::Alone;
        if is_cluster {
            let (election, elected) = Election::start(&config.cluster, access.clone(), self.health("lease"));
            (self.election, leadership) = (Some(election), elected);
        }
        let node = node_name(config).to_string();
        if is_offered && !is_cluster {
            let asking =
                allocatable::keep_fresh(access.clone(), node.clone(), self.feeds.allocatable.clone());
            self.tasks.push(tokio::spawn(asking));
        }
        if asks_metrics {
            let whose = match config.metrics_api.scope {
                metrics_api::Scope::Cluster => metrics::Whose::Cluster,
                metrics_api::Scope::Auto if is_cluster => metrics::Whose::Cluster,
                _ => metrics::Whose::Node(node.clone()),
            };
            let (settings, pages) = (config.metrics_api.clone(), self.feeds.metrics.clone());
            let health = self.health("metrics_api");
            let (access, leadership) = (access.clone(), leadership.clone());
            let asking =
                metrics::keep_fresh(settings, access, whose, feeds.clone(), pages, health, leadership);
            self.tasks.push(tokio::spawn(asking));
        }
        if config.inventory.enabled {
            let whose = match config.inventory.scope {
                source_inventory::Scope::Cluster => source_inventory::Whose::Cluster,
                source_inventory::Scope::Auto if is_cluster => source_inventory::Whose::Cluster,
                _ => source_inventory::Whose::Node(node),
            };
            let (settings, found) = (config.inventory.clone(), feeds.inventory.clone());
            let health = self.health("inventory");
            let listing = inventory::keep_fresh(settings, access, whose, found, health, leadership);
            self.tasks.push(tokio::spawn(listing));
        }
    }

    fn health(&mut self, name: &'static str) -> Health {
        let health = Health::new(name);
        self.healths.push(health.clone());
        health
    }

    /// The election, to be left at shutdown.
    pub(super) fn take_election(&mut self) -> Option<Election> {
        self.election.take()
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
        if let Some(election) = &self.election {
            election.abort();
        }
    }
}
