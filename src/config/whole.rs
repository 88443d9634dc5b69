//! The composed configuration. A new part is one line in [`Config`] and one in [`Config::validate`].

use serde::Deserialize;

use crate::config::agent::Agent;
use crate::config::paths::Paths;
use crate::config::sidecar::Sidecar;
use crate::config::sinks::Sinks;
use crate::identity;
use crate::model::bounds::OutOfRange;
use crate::reconcile;
use crate::sampler;
use crate::server;
use crate::sink::spool;
use crate::source::{api_server, inventory, kubelet, lease, metrics_api, procfs, scrape};

/// The file that documents every key with its default; printed by `podometer config default`.
pub const DEFAULT_FILE: &str = include_str!("../../config/podometer.yaml");

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub agent: Agent,
    pub paths: Paths,
    pub sampler: sampler::config::Config,
    pub identity: identity::config::Config,
    pub api_server: api_server::Config,
    pub kubelet: kubelet::Config,
    pub metrics_api: metrics_api::Config,
    pub inventory: inventory::Config,
    pub cluster: lease::Config,
    pub procfs: procfs::Config,
    pub sidecar: Sidecar,
    pub scrape: scrape::Config,
    pub reconcile: reconcile::Config,
    pub server: server::Config,
    pub spool: spool::Config,
    pub sinks: Sinks,
}

impl Config {
    /// The section `procfs` with the paths of the section `paths`.
    pub fn procfs(&self) -> procfs::Config {
        procfs::Config {
            procfs: self.paths.procfs.clone(),
            sysfs: self.paths.sysfs.clone(),
            rootfs: self.paths.rootfs.clone(),
            ..self.procfs.clone()
        }
    }

    /// Every setting that a part cannot work with, under its whole key.
    pub(super) fn validate(&self) -> Vec<OutOfRange> {
        let parts = [
            ("paths", self.paths.validate()),
            ("sampler", self.sampler.validate()),
            ("identity", self.identity.validate()),
            ("api_server", self.api_server.validate()),
            ("kubelet", self.kubelet.validate()),
            ("metrics_api", self.metrics_api.validate()),
            ("inventory", self.inventory.validate()),
            ("cluster", self.cluster.validate()),
            ("sidecar", self.sidecar.validate()),
            ("scrape", self.scrape.validate()),
            ("reconcile", self.reconcile.validate()),
            ("server", self.server.validate()),
            ("spool", self.spool.validate()),
        ];
        let below = |(section, problems): (&str, Vec<OutOfRange>)| {
            let section = section.to_owned();
            problems.into_iter().map(move |mut problem| {
                problem.key = format!("{section}.{}", problem.key);
                problem
            })
        };
        parts.into_iter().flat_map(below).collect()
    }
}
