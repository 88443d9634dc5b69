//! The sources that Kubernetes has beside the kernel: their tasks, and what they hand to `reconcile`.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::task::JoinHandle;

use super::health::Health;
use super::kubelet;
use super::names;
use crate::config::Config;
use crate::model::kubelet::{ResourcePage, Summary};
use crate::model::metrics_api::MetricsPage;
use crate::model::report::SourceReport;
use crate::sampler::Feeds;

/// The newest answer of each source; `None` before the first. Each carries when it was fetched: who reads it
/// decides when it is too old.
#[derive(Clone, Debug, Default)]
pub(super) struct ClusterFeeds {
    pub(super) resource: Arc<ArcSwapOption<ResourcePage>>,
    pub(super) summary: Arc<ArcSwapOption<Summary>>,
    pub(super) metrics: Arc<ArcSwapOption<MetricsPage>>,
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
    pub(super) fn start(config: &Config, feeds: &Feeds) -> Kubernetes {
        let mut running =
            Kubernetes { tasks: Vec::new(), healths: Vec::new(), feeds: ClusterFeeds::default() };
        if let Some((names, health)) = names::follow(config, feeds) {
            running.tasks.push(tokio::spawn(names.run()));
            running.healths.push(health);
        }
        running.healths.extend(kubelet::start(config, &running.feeds, &mut running.tasks));
        running
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
