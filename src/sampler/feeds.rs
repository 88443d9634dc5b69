//! What other threads hand to the sampler and take from it: immutable values behind atomic pointers, so that
//! nobody ever waits for anybody.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::identity::Directory;
use crate::model::identity::PodUid;
use crate::model::inventory::Inventory;
use crate::model::node::Node;
use crate::model::reconciled::Reconciled;
use crate::model::scraped::Scraped;
use crate::model::snapshot::Snapshot;
use crate::model::unit::Interface;

/// Interfaces of each pod's network namespace.
pub type Networks = HashMap<PodUid, Arc<Vec<Interface>>>;

/// The values that flow in and the one that flows out.
#[derive(Clone, Debug, Default)]
pub struct Feeds {
    /// In: names.
    pub directory: Arc<ArcSwap<Directory>>,
    /// In: pod networks.
    pub networks: Arc<ArcSwap<Networks>>,
    /// In: the node's own reading.
    pub node: Arc<ArcSwapOption<Node>>,
    /// In: what was concluded from the snapshots before and from the other sources.
    pub reconciled: Arc<ArcSwapOption<Reconciled>>,
    /// Past the sampler: what the cluster has, for the sinks.
    pub inventory: Arc<ArcSwapOption<Inventory>>,
    /// Past the sampler: what is read beside an application, for the sinks and the server.
    pub scraped: Arc<ArcSwap<Scraped>>,
    /// Out: the newest snapshot.
    pub snapshot: Arc<ArcSwapOption<Snapshot>>,
}
