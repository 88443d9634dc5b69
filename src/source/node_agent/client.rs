//! One question to the node's agent.

use std::time::Duration;

use thiserror::Error;

use super::config::Config;
use super::units::{NoUnits, units_from};
use crate::encode::document::PodsDocument;
use crate::model::identity::PodUid;
use crate::model::peer::PeerReading;
use crate::model::stamp::Stamp;
use crate::source::http::{Http, HttpError, Kind};

/// Why the node's agent told nothing.
#[derive(Debug, Error)]
pub enum PeerError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(
        "{url}: the node's agent does not know this pod; is HOST_IP the address of the node that this pod runs on?"
    )]
    UnknownPod { url: String },
    #[error(
        "{url}: 401 Unauthorized: the node's agent wants another token; set sidecar.node_agent.token_file to a file that holds its server.bearer_token_file"
    )]
    Token { url: String },
    #[error("{url}: is no document of a podometer agent: {error}")]
    NoDocument { url: String, error: serde_json::Error },
    #[error("{url}: {error}")]
    NoUnits { url: String, error: NoUnits },
}

impl PeerError {
    /// One of a closed list of words, for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            PeerError::Http(error) => error.reason(),
            PeerError::UnknownPod { .. } => "unknown_pod",
            PeerError::Token { .. } => "unauthorized",
            PeerError::NoDocument { .. } => "no_document",
            PeerError::NoUnits { .. } => "no_values",
        }
    }
}

/// The node's agent, asked for one pod.
#[derive(Debug)]
pub struct NodeAgent {
    http: Http,
    url: String,
    uid: PodUid,
    windows: Vec<Duration>,
    body: Vec<u8>,
}

impl NodeAgent {
    /// `address` as [`Config::address`] gives it; `windows` are ours, in our order.
    pub fn new(
        config: &Config,
        address: &str,
        uid: PodUid,
        windows: &[Duration],
    ) -> Result<NodeAgent, PeerError> {
        // A UID holds nothing that a URL would not take: the configuration sees to that.
        let url = format!("{address}/api/v1/pods?uid={uid}");
        let http = Http::new(&config.http())?;
        Ok(NodeAgent { http, url, uid, windows: windows.to_vec(), body: Vec::new() })
    }

    /// Asks once. `now` is read after the answer has come.
    pub async fn fetch(&mut self, now: impl Fn() -> Stamp) -> Result<PeerReading, PeerError> {
        let url = || self.url.clone();
        self.http.get(&self.url, &mut self.body).await.map_err(|error| match error.kind {
            Kind::NotFound => PeerError::UnknownPod { url: url() },
            Kind::Unauthorized { .. } => PeerError::Token { url: url() },
            _ => PeerError::Http(error),
        })?;
        let document: PodsDocument = serde_json::from_slice(&self.body)
            .map_err(|error| PeerError::NoDocument { url: url(), error })?;
        let fetched = now();
        let units = units_from(&document, &self.uid, fetched, &self.windows)
            .map_err(|error| PeerError::NoUnits { url: url(), error })?;
        Ok(PeerReading { fetched, units: units.into() })
    }
}
