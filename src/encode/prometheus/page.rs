//! Which tables make which page, and the formats that a page comes in.

use crate::encode::cluster::Cluster;
use crate::encode::schema::family::UnitFamily;
use crate::encode::schema::{
    SmallFamily, cadvisor, drift, kube_state, node, own, pods, resource, scraped, selfmetrics, short,
    summary, top, workload,
};
use crate::model::node::Node;
use crate::model::report::AgentReport;
use crate::model::snapshot::{SamplerStats, Snapshot};

use super::labels::Syntax;

/// The documents that can be scraped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    /// Everything but node_exporter's families, without explicit timestamps.
    Metrics,
    /// cAdvisor's families with the time of each reading, as far as they have one.
    Cadvisor,
    /// The node in node_exporter's names, whose mixed case linters of metrics complain about.
    Node,
    /// The kubelet's resource families with the time of each reading.
    Resource,
}

impl Page {
    pub const ALL: [Page; 4] = [Page::Metrics, Page::Cadvisor, Page::Node, Page::Resource];

    pub const fn path(self) -> &'static str {
        match self {
            Page::Metrics => "/metrics",
            Page::Cadvisor => "/metrics/cadvisor",
            Page::Node => "/metrics/node",
            Page::Resource => "/metrics/resource",
        }
    }

    /// The tables of the page, in the order in which they are written.
    pub fn tables(self) -> &'static [Table] {
        match self {
            Page::Metrics => METRICS,
            Page::Cadvisor => CADVISOR,
            Page::Node => NODE,
            Page::Resource => RESOURCE,
        }
    }

    /// Whether rows carry the time of their reading, as the kubelet's do.
    pub(super) const fn is_stamped(self) -> bool {
        !matches!(self, Page::Metrics | Page::Node)
    }

    /// Whether label sets end before the UID, as the kubelet's do.
    pub(super) const fn has_short_labels(self) -> bool {
        !matches!(self, Page::Metrics | Page::Node)
    }
}

/// A run of families, by what their rows are.
#[derive(Clone, Copy, Debug)]
pub enum Table {
    Units(&'static [UnitFamily]),
    /// Pods as Kubernetes sees them, and what other sources say.
    Cluster(&'static [SmallFamily<Cluster>]),
    /// Under kube-state-metrics' names, by option.
    KubeState(&'static [SmallFamily<Cluster>]),
    /// Under the bare names of some stacks' own exporters, by option.
    Short(&'static [SmallFamily<Cluster>]),
    Snapshot(&'static [SmallFamily<Snapshot>]),
    Node(&'static [SmallFamily<Node>]),
    Sampler(&'static [SmallFamily<SamplerStats>]),
    Agent(&'static [SmallFamily<AgentReport>]),
}

static METRICS: &[Table] = &[
    Table::Units(cadvisor::FAMILIES),
    Table::Units(resource::CONTAINER_SWAP),
    Table::Units(resource::SHARED),
    Table::Units(pods::PODS),
    Table::Units(pods::POD_USE),
    Table::Units(pods::CONTAINER_USE),
    Table::Units(pods::UNIT_USE),
    Table::Units(own::OWN_CONTAINER),
    Table::Cluster(workload::FAMILIES),
    Table::Cluster(top::FAMILIES),
    Table::Cluster(drift::FAMILIES),
    Table::Cluster(summary::FAMILIES),
    Table::KubeState(kube_state::FAMILIES),
    Table::Short(short::FAMILIES),
    Table::Node(node::MACHINE),
    Table::Sampler(selfmetrics::SAMPLER),
    Table::Agent(selfmetrics::AGENT),
    Table::Agent(scraped::FAMILIES),
];

static CADVISOR: &[Table] = &[Table::Units(cadvisor::FAMILIES), Table::Node(node::MACHINE)];

static NODE: &[Table] = &[Table::Node(node::FAMILIES)];

static RESOURCE: &[Table] =
    &[Table::Units(resource::CONTAINERS), Table::Units(resource::SHARED), Table::Snapshot(resource::SCRAPE)];

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Text,
    OpenMetrics,
    Protobuf,
}

impl Format {
    pub const ALL: [Format; 3] = [Format::Text, Format::OpenMetrics, Format::Protobuf];

    pub const fn content_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }

    pub(super) const fn syntax(self) -> Syntax {
        match self {
            Format::Text | Format::OpenMetrics => Syntax::Text,
            Format::Protobuf => Syntax::Protobuf,
        }
    }
}
