//! A task for each document: it fills the feed, and writes one line for each change of state.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::task::JoinHandle;

use super::endpoint::{Endpoint, resolve};
use super::joint::Joint;
use crate::agent::health::Health;
use crate::agent::kubernetes::ClusterFeeds;
use crate::config::Config;
use crate::model::stamp::Stamp;
use crate::sampler::clock::{Clock, KernelClock};
use crate::source::http::Http;
use crate::source::kubelet::{Document, Pace, Poller, Resource, SummaryPage};

/// Starts the tasks; `None` where the kubelet is not asked.
pub(in crate::agent) fn start(
    config: &Config,
    feeds: &ClusterFeeds,
    tasks: &mut Vec<JoinHandle<()>>,
) -> Option<Health> {
    let Endpoint { base, named_by, http } = match resolve(config) {
        Ok(endpoint) => endpoint,
        Err(reason) => {
            tracing::debug!(reason, "the kubelet is not asked");
            return None;
        }
    };
    let health = Health::new("kubelet");
    let http = match Http::new(&http) {
        Ok(http) => Arc::new(http),
        Err(error) => {
            tracing::error!(%error, "the kubelet cannot be asked");
            health.bad(error.reason());
            return Some(health);
        }
    };
    tracing::info!(url = base, named_by, "asking the kubelet");
    let kubelet = &config.kubelet;
    let joint = Joint::new(health.clone());
    let seed = KernelClock.wall_ns() as u64;
    let pace = |interval, seed| Pace::new(interval, kubelet.backoff_max, seed);
    let resource =
        Poller::<Resource>::new(Arc::clone(&http), &base, pace(kubelet.resource_interval, seed), now);
    let summary = Poller::<SummaryPage>::new(http, &base, pace(kubelet.summary_interval, seed ^ 1), now);
    tasks.push(tokio::spawn(watch(resource, feeds.resource.clone(), joint.clone(), 0)));
    tasks.push(tokio::spawn(watch(summary, feeds.summary.clone(), joint, 1)));
    Some(health)
}

fn now() -> Stamp {
    Stamp { boot_ns: KernelClock.boot_ns(), wall_ns: KernelClock.wall_ns() }
}

/// Polls until the task is dropped. A failure leaves the last reading, with its age, where it is.
async fn watch<D: Document>(
    mut poller: Poller<D>,
    feed: Arc<ArcSwapOption<D::Reading>>,
    joint: Joint,
    which: usize,
) {
    let document = D::PATH;
    loop {
        match poller.next().await {
            Ok(reading) => {
                let complaint = D::complaint(&reading.value);
                feed.store(Some(reading.value));
                if !joint.good(which, reading.took, complaint, reading.faults) {
                    continue;
                }
                let (bytes, faults) = (reading.bytes, reading.faults);
                match complaint {
                    None => tracing::info!(document, bytes, faults, "the kubelet answers"),
                    Some(reason) => {
                        tracing::warn!(document, reason, "the kubelet could not read all of its containers");
                    }
                }
            }
            Err(error) => {
                if joint.bad(which, error.reason()) {
                    let reason = error.reason();
                    tracing::warn!(document, reason, %error, "no answer from the kubelet; the last reading stays");
                }
            }
        }
    }
}
