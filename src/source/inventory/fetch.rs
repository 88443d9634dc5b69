//! One reading: list after list, page after page. A page is parsed and dropped before the next is asked for.

use serde::de::DeserializeOwned;

use super::config::{Config, Resource};
use super::nodes_and_pods::{node, pod};
use super::objects::Object;
use super::selectors::SelectorFilter;
use super::workloads::{claim, daemon_set, deployment, stateful_set};
use crate::model::inventory::{Inventory, NodeRecord};
use crate::source::api_server::{ApiError, ApiServer, Page, query_value};

/// Objects of one page.
const PAGE: usize = 500;
/// A page of pods at 30 kB each.
const PAGE_BYTES: usize = 16 << 20;

/// One node, with its list of images.
const NODE_BYTES: usize = 4 << 20;

/// Whose objects are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One node and its pods.
    Node(String),
    Cluster,
}

/// What came of it. Its time is the caller's to set: a source reads no clock.
#[derive(Debug, Default)]
pub struct Reading {
    pub inventory: Inventory,
    /// Objects that could not be read, and those beyond the bound.
    pub faults: u64,
    /// Why a kind is missing, for the first that is.
    pub partial: Option<ApiError>,
}

/// Lists everything that the configuration asks for. A kind that is refused costs itself; an API server that does
/// not answer ends the reading.
pub async fn fetch(server: &ApiServer, config: &Config, whose: &Whose) -> Reading {
    let mut reading = Reading::default();
    reading.inventory.has_all_nodes = *whose == Whose::Cluster;
    let mut lister =
        Lister { server: ApiServer { timeout: config.timeout, ..server.clone() }, config, whose, faults: 0 };
    let filter = SelectorFilter::new(&config.selector_include, &config.selector_exclude);
    let mut wanted = config.resources.clone();
    wanted.sort_unstable();
    wanted.dedup();
    for resource in wanted {
        if *whose != Whose::Cluster && !resource.is_of_a_node() {
            continue;
        }
        let found = lister.list_into(resource, &filter, &mut reading.inventory).await;
        if let Err(error) = found {
            let is_over = error.is_of_the_server();
            reading.partial.get_or_insert(error);
            if is_over {
                break;
            }
        }
    }
    reading.faults = lister.faults;
    reading
}

/// The one node of this name.
pub async fn own_node(server: &ApiServer, name: &str) -> Result<NodeRecord, ApiError> {
    let path = format!("/api/v1/nodes/{}", query_value(name));
    let mut body = Vec::new();
    server.get(&path, NODE_BYTES, &mut body).await?;
    serde_json::from_slice(&body).map(node).map_err(|error| server.unreadable(&path, &error))
}

struct Lister<'a> {
    server: ApiServer,
    config: &'a Config,
    whose: &'a Whose,
    faults: u64,
}

impl Lister<'_> {
    async fn list_into(
        &mut self,
        resource: Resource,
        filter: &SelectorFilter,
        into: &mut Inventory,
    ) -> Result<(), ApiError> {
        match resource {
            Resource::Nodes => into.nodes = Some(self.list(resource, node).await?),
            Resource::Pods => into.pods = Some(self.list(resource, |object| pod(object, filter)).await?),
            Resource::Deployments => {
                into.deployments = Some(self.list(resource, |object| deployment(&object, filter)).await?);
            }
            Resource::StatefulSets => {
                into.stateful_sets = Some(self.list(resource, |object| stateful_set(&object, filter)).await?);
            }
            Resource::DaemonSets => {
                into.daemon_sets = Some(self.list(resource, |object| daemon_set(&object, filter)).await?);
            }
            Resource::PersistentVolumeClaims => {
                into.claims = Some(self.list(resource, |object| claim(object, filter)).await?);
            }
        }
        Ok(())
    }

    async fn list<Spec: DeserializeOwned, Status: DeserializeOwned, T>(
        &mut self,
        resource: Resource,
        record: impl Fn(Object<Spec, Status>) -> T,
    ) -> Result<Vec<T>, ApiError> {
        let mut found = Vec::new();
        for path in self.paths(resource) {
            let mut next = String::new();
            let mut body = Vec::new();
            loop {
                let url = format!("{path}{next}");
                self.server.get(&url, PAGE_BYTES, &mut body).await?;
                let page = Page::parse(&body).map_err(|error| self.server.unreadable(&url, &error))?;
                for raw in &page.items {
                    match serde_json::from_str(raw.get()) {
                        Ok(object) if found.len() < self.config.max_objects => found.push(record(object)),
                        _ => self.faults += 1,
                    }
                }
                let Some(token) = page.next().filter(|_| found.len() < self.config.max_objects) else {
                    break;
                };
                next = format!("&continue={}", query_value(token));
            }
        }
        Ok(found)
    }

    /// The first page of each list that makes up the whole.
    fn paths(&self, resource: Resource) -> Vec<String> {
        let (base, name) = (resource.base(), resource.name());
        let selector = match (self.whose, resource) {
            (Whose::Node(node), Resource::Nodes) => {
                format!("&fieldSelector={}", query_value(&format!("metadata.name={node}")))
            }
            (Whose::Node(node), _) => {
                format!("&fieldSelector={}", query_value(&format!("spec.nodeName={node}")))
            }
            (Whose::Cluster, _) => String::new(),
        };
        if resource == Resource::Nodes || self.config.namespaces.is_empty() {
            return vec![format!("{base}/{name}?limit={PAGE}{selector}")];
        }
        let inside =
            |namespace: &String| format!("{base}/namespaces/{namespace}/{name}?limit={PAGE}{selector}");
        self.config.namespaces.iter().map(inside).collect()
    }
}
