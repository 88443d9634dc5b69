//! What keeps the webhook from serving, or from being trusted.

use std::io;
use std::net::SocketAddr;

use crate::source::api_server::ApiError;

/// Each names what is at fault and what mends it.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{address}: cannot be listened on: {source}; free it, or give another by --listen")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the program's signals or threads cannot be had: {source}")]
    Runtime { source: io::Error },
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("{place}: {problem}; delete the object, and another is made")]
    Unusable { place: String, problem: String },
    #[error("{place}: has no webhook of the service {service}; give it one, or name another by --webhook")]
    NoWebhook { place: String, service: String },
    #[error("a certificate cannot be made: {problem}")]
    Certificate { problem: String },
}

impl ServeError {
    /// One of a closed list of words, for metrics.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            ServeError::Api(error) => error.reason(),
            ServeError::Listen { .. } | ServeError::Runtime { .. } => "runtime",
            ServeError::Unusable { .. } => "unusable",
            ServeError::NoWebhook { .. } => "no_webhook",
            ServeError::Certificate { .. } => "making",
        }
    }
}
