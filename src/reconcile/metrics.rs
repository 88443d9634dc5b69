//! metrics-server's newest page, put by pod.

use std::collections::HashMap;
use std::sync::Arc;

use super::kubelet::Key;
use crate::model::metrics_api::{ContainerUsage, MetricsPage, NodeUsage, PodUsage};
use crate::model::reconciled::{ContainerTop, Usage};

#[derive(Debug, Default)]
pub(super) struct MetricsView {
    pub(super) page: Option<Arc<MetricsPage>>,
    places: HashMap<Key, usize>,
    /// Counts pages.
    pub(super) number: u64,
}

impl MetricsView {
    pub(super) fn take(&mut self, page: Arc<MetricsPage>) {
        self.number += 1;
        self.places.clear();
        for (place, pod) in page.pods.iter().enumerate() {
            self.places.insert((pod.namespace.clone(), pod.name.clone()), place);
        }
        self.page = Some(page);
    }

    pub(super) fn forget(&mut self) {
        self.number += 1;
        self.page = None;
        self.places.clear();
    }

    pub(super) fn pod(&self, key: &Key) -> Option<&PodUsage> {
        self.page.as_ref()?.pods.get(*self.places.get(key)?)
    }

    pub(super) fn node(&self, name: &str) -> Option<&NodeUsage> {
        self.page.as_ref()?.nodes.iter().find(|node| &*node.name == name)
    }
}

/// A pod's containers as metrics-server has them.
pub(super) fn as_said(pod: &PodUsage) -> Vec<ContainerTop> {
    let said = |container: &ContainerUsage| {
        let (cpu_nanocores, memory_bytes) = (Some(container.cpu_nanocores), Some(container.memory_bytes));
        let usage = Usage { cpu_nanocores, memory_bytes, at_ms: pod.at_ms, window_ns: pod.window_ns };
        ContainerTop { name: container.name.clone(), usage }
    };
    pod.containers.iter().map(said).collect()
}
