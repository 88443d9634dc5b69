//! What can keep the target from serving.

use std::net::SocketAddr;

/// Why the target did not start or ended early.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error(
        "{address}: cannot be listened on: {source}; is a target running here? choose another with --listen"
    )]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("starting thread {thread} of the target: {source}")]
    Thread { thread: usize, source: std::io::Error },
    #[error("waiting for signals: {source}")]
    Signals { source: std::io::Error },
}
