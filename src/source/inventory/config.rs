//! Whether, how often and what of the cluster is listed.

use std::time::Duration;

use serde::Deserialize;

use crate::model::bounds::OutOfRange;

/// A kind of object that can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    Pods,
    Nodes,
    Deployments,
    StatefulSets,
    DaemonSets,
    PersistentVolumeClaims,
}

impl Resource {
    pub const ALL: [Resource; 6] = [
        Resource::Pods,
        Resource::Nodes,
        Resource::Deployments,
        Resource::StatefulSets,
        Resource::DaemonSets,
        Resource::PersistentVolumeClaims,
    ];

    /// The plural in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Resource::Pods => "pods",
            Resource::Nodes => "nodes",
            Resource::Deployments => "deployments",
            Resource::StatefulSets => "statefulsets",
            Resource::DaemonSets => "daemonsets",
            Resource::PersistentVolumeClaims => "persistentvolumeclaims",
        }
    }

    /// Where its API group begins.
    pub(super) const fn base(self) -> &'static str {
        match self {
            Resource::Pods | Resource::Nodes | Resource::PersistentVolumeClaims => "/api/v1",
            Resource::Deployments | Resource::StatefulSets | Resource::DaemonSets => "/apis/apps/v1",
        }
    }

    /// It belongs to a node, so that the node's agent can tell it alone.
    pub const fn is_of_a_node(self) -> bool {
        matches!(self, Resource::Pods | Resource::Nodes)
    }
}

/// Whose objects are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The whole cluster for the leader of mode cluster, else the own node.
    #[default]
    Auto,
    /// The own node and its pods; workloads and claims, which belong to no node, are left out.
    Node,
    Cluster,
}

/// The section `inventory`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether Telegraf's kube_inventory measurements are written.
    pub enabled: bool,
    /// Time between two readings.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// The longest that one page may take, connecting and answer included.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Whose objects are listed: node, cluster or auto.
    pub scope: Scope,
    /// What is listed.
    pub resources: Vec<Resource>,
    /// Namespaces to list; without any, all.
    pub namespaces: Vec<String>,
    /// Selector keys that become tags, `*` standing for any end.
    pub selector_include: Vec<String>,
    /// Selector keys that do not, although they are included.
    pub selector_exclude: Vec<String>,
    /// Most objects of one kind.
    pub max_objects: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            enabled: false,
            interval: Duration::from_mins(1),
            timeout: Duration::from_secs(10),
            scope: Scope::Auto,
            resources: Resource::ALL.to_vec(),
            namespaces: Vec::new(),
            selector_include: Vec::new(),
            selector_exclude: Vec::new(),
            max_objects: 20_000,
        }
    }
}

impl Config {
    /// Every setting that nothing can be listed with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let show = |value| humantime::format_duration(value).to_string();
        let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
        let bounds = [
            OutOfRange::check("interval", self.interval, (second, 24 * hour), show),
            OutOfRange::check("timeout", self.timeout, (Duration::from_millis(100), hour / 12), show),
            OutOfRange::check("max_objects", self.max_objects, (1, 1_000_000), |n| n.to_string()),
        ];
        let is_name = |name: &str| {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !name.is_empty() && name.len() <= 63 && name.chars().all(plain)
        };
        let namespaces = self.namespaces.iter().filter(|name| !is_name(name)).map(|name| {
            OutOfRange::new("namespaces", name, "is no namespace", "lower-case letters, digits and -")
        });
        let nothing = self.enabled && self.resources.is_empty();
        let nothing = nothing.then(|| {
            let allowed =
                "some of pods, nodes, deployments, statefulsets, daemonsets, persistentvolumeclaims";
            OutOfRange::new("resources", "[]", "lists nothing, though inventory.enabled is true", allowed)
        });
        bounds.into_iter().flatten().chain(namespaces).chain(nothing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_listed_is_refused() {
        assert_eq!(Config::default().validate(), []);
        let config = Config {
            enabled: true,
            interval: Duration::ZERO,
            namespaces: vec!["shop".to_owned(), "../secrets".to_owned()],
            resources: Vec::new(),
            ..Config::default()
        };
        let keys: Vec<String> = config.validate().into_iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["interval", "namespaces", "resources"]);
    }
}
