//! What pods may use of this node, asked of the API server now and then until dropped: the base of the percentages
//! that `kubectl top nodes` prints.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::access::Access;
use crate::model::workload::Amounts;
use crate::source::api_server::ApiError;
use crate::source::inventory::own_node;

/// A node is resized by hand or never.
const INTERVAL: Duration = Duration::from_mins(10);
/// After a failure; a refusal lasts until somebody gives the right.
const RETRY: Duration = Duration::from_mins(1);

/// Keeps `out` as the API server has it. A failure keeps the last word.
pub(super) async fn keep_fresh(access: Access, node: String, out: Arc<ArcSwapOption<Amounts>>) {
    let mut was_refused = false;
    loop {
        let outcome = fetch(&access, &node).await;
        let pause = if outcome.is_ok() { INTERVAL } else { RETRY };
        match outcome {
            Ok(amounts) => {
                was_refused = false;
                out.store(amounts.map(Arc::new));
            }
            Err(error) => {
                if !std::mem::replace(&mut was_refused, true) {
                    tracing::info!(%error, "what the node may give is not known; top nodes has no percentages");
                }
                access.learn_from(&error).await;
            }
        }
        tokio::time::sleep(pause).await;
    }
}

async fn fetch(access: &Access, node: &str) -> Result<Option<Amounts>, ApiError> {
    let found = own_node(&access.server().await?, node).await?.allocatable;
    let amounts = Amounts { cpu_millicores: found.cpu_millicores, memory_bytes: found.memory_bytes };
    Ok((amounts != Amounts::default()).then_some(amounts))
}
