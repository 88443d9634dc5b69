//! Lists the cluster's objects until dropped.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use super::access::{Access, Leadership};
use super::health::Health;
use crate::model::inventory::Inventory;
use crate::model::stamp::Stamp;
use crate::sampler::clock::{Clock, KernelClock};
use crate::source::inventory::{Config, Reading, Whose, fetch};

/// Keeps `inventory` fresh. A reading that holds nothing leaves the last one, which is written no second time.
pub(super) async fn keep_fresh(
    config: Config,
    access: Access,
    whose: Whose,
    inventory: Arc<ArcSwapOption<Inventory>>,
    health: Health,
    mut leadership: Leadership,
) {
    let mut ticks = tokio::time::interval(config.interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        if !leadership.is_held() {
            health.rests("follower");
            inventory.store(None);
            leadership.held().await;
        }
        ticks.tick().await;
        let begun = Instant::now();
        let reading = match access.server().await {
            Ok(server) => fetch(&server, &config, &whose).await,
            Err(error) => Reading { partial: Some(error), ..Reading::default() },
        };
        if let Some(error) = &reading.partial {
            access.learn_from(error).await;
        }
        // What was asked for as the leader is not published by one that no longer is.
        if leadership.is_held() {
            publish(reading, begun, &inventory, &health);
        }
    }
}

fn publish(reading: Reading, begun: Instant, inventory: &ArcSwapOption<Inventory>, health: &Health) {
    let empty = Inventory { has_all_nodes: reading.inventory.has_all_nodes, ..Inventory::default() };
    if reading.inventory != empty {
        let taken = Stamp { boot_ns: KernelClock.boot_ns(), wall_ns: KernelClock.wall_ns() };
        inventory.store(Some(Arc::new(Inventory { taken, ..reading.inventory })));
    }
    if let Some(error) = reading.partial {
        if health.bad(error.reason()) {
            tracing::warn!(%error, "the inventory cannot be read, or not all of it");
        }
    } else if health.good(begun.elapsed()) {
        tracing::info!("the inventory is known");
    }
}
