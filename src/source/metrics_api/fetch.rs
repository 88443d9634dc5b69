//! One reading of metrics.k8s.io: of the own node and its pods, or of the whole cluster.
//!
//! The API has no selector by node. So where a namespace has few local pods each is asked for by name, and where
//! it has many its list is read and the pods of other nodes are dropped as they are parsed.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Config;
use super::parse::{Parsed, parse_node, parse_nodes, parse_pod, parse_pods};
use crate::model::metrics_api::{MetricsPage, NodeUsage, PodUsage};
use crate::source::api_server::{ApiError, ApiServer, query_value};

const BASE: &str = "/apis/metrics.k8s.io/v1beta1";

/// With more local pods in a namespace than this, its whole list is cheaper.
const FEW: usize = 8;
/// Objects of one page of a list; metrics-server itself does not cut its lists.
const PAGE: usize = 500;
/// A server that never ends its list is left.
const MAX_PAGES: usize = 1000;

/// What a reading is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// One node and these pods of it, by namespace and name.
    Node {
        node: String,
        pods: BTreeSet<(String, String)>,
    },
    Cluster,
}

/// What came of it. The page's time is the caller's to set: a source reads no clock.
#[derive(Debug, Default)]
pub struct Reading {
    pub page: MetricsPage,
    /// Objects and containers that could not be read.
    pub faults: u64,
    /// Why a part is missing, where not everything came in.
    pub partial: Option<ApiError>,
}

impl Reading {
    /// Keeps the first reason, and says whether asking on is of use.
    fn miss(&mut self, error: ApiError) -> bool {
        let goes_on = !error.is_of_the_server() && !error.is_not_served();
        self.partial.get_or_insert(error);
        goes_on
    }
}

/// Reads what is wanted. What came in before a failure is passed on with the reason of the rest; a reading that
/// holds nothing at all is the failure itself.
pub async fn fetch(server: &ApiServer, config: &Config, wanted: &Wanted) -> Result<Reading, ApiError> {
    let server = ApiServer { timeout: config.timeout, ..server.clone() };
    let api = Api { server, limit: config.max_body_bytes };
    let mut reading = Reading::default();
    match wanted {
        Wanted::Node { node, pods } => {
            if api.node(node, &mut reading).await {
                api.pods(pods, &mut reading).await;
            }
        }
        Wanted::Cluster => {
            if api.all_nodes(&mut reading).await {
                let path = format!("{BASE}/pods");
                api.list(&path, &|_, _| true, &mut reading).await;
            }
        }
    }
    match reading.partial.take_if(|_| reading.page.pods.is_empty() && reading.page.nodes.is_empty()) {
        Some(error) => Err(error),
        None => Ok(reading),
    }
}

struct Api {
    server: ApiServer,
    limit: usize,
}

impl Api {
    /// False where asking on is of no use; likewise below.
    async fn node(&self, name: &str, reading: &mut Reading) -> bool {
        let path = format!("{BASE}/nodes/{name}");
        match self.one(&path, parse_node).await {
            Ok(found) => {
                reading.faults += u64::from(found == Some(None));
                reading.page.nodes.extend(found.flatten());
                true
            }
            Err(error) => reading.miss(error),
        }
    }

    async fn all_nodes(&self, reading: &mut Reading) -> bool {
        let path = format!("{BASE}/nodes");
        let found: Result<Option<Parsed<NodeUsage>>, ApiError> = self.one(&path, parse_nodes).await;
        match found {
            Ok(found) => {
                let found = found.unwrap_or_default();
                reading.faults += found.faults;
                reading.page.nodes = found.items;
                true
            }
            Err(error) => reading.miss(error),
        }
    }

    async fn pods(&self, pods: &BTreeSet<(String, String)>, reading: &mut Reading) {
        let mut namespaces: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (namespace, name) in pods {
            namespaces.entry(namespace).or_default().insert(name);
        }
        for (namespace, names) in namespaces {
            let path = format!("{BASE}/namespaces/{namespace}/pods");
            let goes_on = if names.len() > FEW {
                self.list(&path, &|_, name| names.contains(name), reading).await
            } else {
                self.each(&path, &names, reading).await
            };
            if !goes_on {
                return;
            }
        }
    }

    async fn each(&self, path: &str, names: &BTreeSet<&str>, reading: &mut Reading) -> bool {
        for name in names {
            let path = format!("{path}/{name}");
            match self.one(&path, parse_pod).await {
                Ok(found) => {
                    let (pods, faults): (Vec<PodUsage>, Vec<u64>) = found.into_iter().unzip();
                    reading.page.pods.extend(pods);
                    reading.faults += faults.iter().sum::<u64>();
                }
                // What is refused for one pod of a namespace is refused for all of it.
                Err(error) => return reading.miss(error),
            }
        }
        true
    }

    async fn list(
        &self,
        path: &str,
        wanted: &(dyn Fn(&str, &str) -> bool + Send + Sync),
        reading: &mut Reading,
    ) -> bool {
        let mut url = format!("{path}?limit={PAGE}");
        for _ in 0..MAX_PAGES {
            let found = self.one(&url, |body| parse_pods(body, wanted)).await;
            let found: Parsed<PodUsage> = match found {
                Ok(found) => found.unwrap_or_default(),
                Err(error) => return reading.miss(error),
            };
            reading.page.pods.extend(found.items);
            reading.faults += found.faults;
            let Some(next) = found.next else { return true };
            url = format!("{path}?limit={PAGE}&continue={}", query_value(&next));
        }
        true
    }

    /// `None` where metrics-server has no such object (yet).
    async fn one<T>(
        &self,
        path: &str,
        parse: impl FnOnce(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<Option<T>, ApiError> {
        let mut body = Vec::new();
        match self.server.get(path, self.limit, &mut body).await {
            Ok(()) => parse(&body).map(Some).map_err(|error| self.server.unreadable(path, &error)),
            Err(error) if error.is_object_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
