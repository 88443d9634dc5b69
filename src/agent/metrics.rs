//! Asks metrics-server until dropped.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use super::access::{Access, Leadership, jitter};
use super::health::Health;
use crate::identity::Directory;
use crate::model::metrics_api::MetricsPage;
use crate::model::stamp::Stamp;
use crate::model::workload::Phase;
use crate::sampler::Feeds;
use crate::sampler::clock::{Clock, KernelClock};
use crate::source::api_server::ApiError;
use crate::source::metrics_api::{Config, Pace, Reading, Wanted, fetch};

/// How often is looked whether the first names have come, and how long they are waited for.
const NAMES_LOOK: Duration = Duration::from_millis(500);
const NAMES_PATIENCE: Duration = Duration::from_secs(10);

/// Whose usage is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The pods of this node that have names.
    Node(String),
    Cluster,
}

/// Keeps `pages` fresh. A failure keeps the last page, whose age its readers see.
pub(super) async fn keep_fresh(
    config: Config,
    access: Access,
    whose: Whose,
    feeds: Feeds,
    pages: Arc<ArcSwapOption<MetricsPage>>,
    health: Health,
    mut leadership: Leadership,
) {
    let mut pace = Pace::new(config.interval);
    if whose != Whose::Cluster {
        wait_for_names(&feeds).await;
    }
    loop {
        if !leadership.is_held() {
            health.rests("follower");
            pages.store(None);
            leadership.held().await;
        }
        let begun = Instant::now();
        let outcome = match access.server().await {
            Ok(server) => fetch(&server, &config, &wanted(&whose, &feeds.directory.load())).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &outcome {
            access.learn_from(error).await;
        }
        let pause = pace.after(&outcome, jitter(KernelClock.wall_ns()));
        // What was asked for as the leader is not published by one that no longer is.
        if leadership.is_held() {
            publish(outcome, begun.elapsed(), &pages, &health);
        }
        tokio::time::sleep_until(begun + pause).await;
    }
}

fn publish(
    outcome: Result<Reading, ApiError>,
    took: Duration,
    pages: &ArcSwapOption<MetricsPage>,
    health: &Health,
) {
    match outcome {
        Ok(reading) => {
            let fetched = Stamp { boot_ns: KernelClock.boot_ns(), wall_ns: KernelClock.wall_ns() };
            let (pods, nodes) = (reading.page.pods.len(), reading.page.nodes.len());
            pages.store(Some(Arc::new(MetricsPage { fetched, ..reading.page })));
            if let Some(error) = reading.partial {
                if health.bad(error.reason()) {
                    tracing::warn!(%error, pods, nodes, "metrics-server answers in part");
                }
            } else if health.good(took) {
                tracing::info!(pods, nodes, "metrics-server answers");
            }
        }
        // A cluster may do without metrics-server: that is no fault.
        Err(error) if error.is_not_served() => {
            pages.store(None);
            if health.rests("absent") {
                tracing::info!("there is no metrics-server here");
            }
        }
        Err(error) => {
            if health.bad(error.reason()) {
                tracing::warn!(%error, "metrics-server tells nothing");
            }
        }
    }
}

/// The first reading without names would hold no pod, and the next comes late.
async fn wait_for_names(feeds: &Feeds) {
    let begun = Instant::now();
    while feeds.directory.load().is_empty() && begun.elapsed() < NAMES_PATIENCE {
        tokio::time::sleep(NAMES_LOOK).await;
    }
}

fn wanted(whose: &Whose, directory: &Directory) -> Wanted {
    let Whose::Node(node) = whose else { return Wanted::Cluster };
    let runs_here = directory.pods().filter(|pod| pod.node.is_empty() || *pod.node == **node);
    // What has ended has no usage, and would be asked for in vain for as long as it is kept.
    let is_alive = |phase| !matches!(phase, Phase::Succeeded | Phase::Failed);
    let pods: BTreeSet<(String, String)> = runs_here
        .filter(|pod| is_alive(pod.phase) && !pod.name.is_empty() && !pod.namespace.is_empty())
        .map(|pod| (pod.namespace.to_string(), pod.name.to_string()))
        .collect();
    Wanted::Node { node: node.clone(), pods }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pods_that_run_here_are_wanted() {
        let list = br#"{"items":[
            {"metadata":{"name":"a","namespace":"s","uid":"1"},"spec":{"nodeName":"n1"},"status":{"phase":"Running"}},
            {"metadata":{"name":"b","namespace":"s","uid":"2"},"spec":{"nodeName":"n2"},"status":{"phase":"Running"}},
            {"metadata":{"name":"c","namespace":"s","uid":"3"},"spec":{"nodeName":"n1"},"status":{"phase":"Succeeded"}},
            {"metadata":{"name":"d","namespace":"s","uid":"4"},"spec":{"nodeName":"n1"},"status":{"phase":"Pending"}}]}"#;
        let directory = Directory::parse("list", list, &[], 1).unwrap();
        let Wanted::Node { pods, .. } = wanted(&Whose::Node("n1".to_owned()), &directory) else { panic!() };
        let names: Vec<&str> = pods.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["a", "d"]);
        assert_eq!(wanted(&Whose::Cluster, &directory), Wanted::Cluster);
    }
}
