//! What the agent of our node says about our own pod.

use std::sync::Arc;

use super::stamp::Stamp;
use super::unit::Unit;

/// One answer. The units keep the times at which the node's agent read them.
#[derive(Clone, Debug, Default)]
pub struct PeerReading {
    /// When the answer had come in, by our clocks.
    pub fetched: Stamp,
    /// The pod, then its containers; `parent` counts within this list.
    pub units: Arc<Vec<Unit>>,
}
