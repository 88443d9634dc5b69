//! The composed configuration. A new part is one line in [`Config`] and one in [`Config::validate`].

use serde::Deserialize;

use crate::config::agent::Agent;
use crate::config::paths::Paths;
use crate::identity;
use crate::model::bounds::OutOfRange;
use crate::sampler;

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
}

impl Config {
    /// Every setting that a part cannot work with, under its whole key.
    pub(super) fn validate(&self) -> Vec<OutOfRange> {
        let parts = [
            ("paths", self.paths.validate()),
            ("sampler", self.sampler.validate()),
            ("identity", self.identity.validate()),
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
