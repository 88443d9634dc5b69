//! What a snapshot says of pods as Kubernetes sees them: units and reconciled values brought together by UID,
//! once for each document, so that no table has to search.

use std::sync::Arc;

use crate::encode::uids::UidMap;
use crate::model::identity::{PodInfo, PodUid, UnitKind};
use crate::model::kubelet::PodStats;
use crate::model::reconciled::{Reconciled, Reconciliation, SourceKind, Usage, View};
use crate::model::snapshot::Snapshot;
use crate::model::unit::Unit;

/// `kubectl top`'s numbers where no other source gives its window: our own counters over our first window.
mod own_top;
/// Use over requests and limits.
mod utilization;

pub use utilization::{Coverage, Share, Utilization};

/// All pods of a snapshot.
#[derive(Debug, Default)]
pub struct Cluster {
    pub pods: Vec<Pod>,
    pub reconciled: Option<Arc<Reconciled>>,
    /// The pods with the largest differences, as places in `pods`: see [`Cluster::show_drift`].
    pub shown_drift: Vec<usize>,
    pub node_name: Arc<str>,
    /// The node's own `top`.
    pub node_top: Option<Top>,
    /// When all of it was put together, milliseconds since the epoch.
    pub taken_ms: i64,
    places: UidMap<PodUid, usize>,
    /// Places of the kubelet's pods, in the order of their UIDs.
    said: Vec<usize>,
}

/// A value in the sense of `kubectl top`, and whose time and window it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Top {
    pub usage: Usage,
    pub of: SourceKind,
}

/// A pod: one with a cgroup, or one that only another source knows.
#[derive(Debug, Default)]
pub struct Pod {
    pub uid: PodUid,
    pub info: Option<Arc<PodInfo>>,
    /// Where its series come from.
    pub source: SourceKind,
    pub top: Option<Top>,
    /// Running containers by name, the pause container left out.
    pub containers: Vec<Container>,
    pub utilization: Utilization,
    pub coverage: Coverage,
    /// Its place in [`Reconciled::pods`].
    reconciled: Option<usize>,
    /// Whether the pod's own cgroup is known: only then are its containers known to be all.
    is_whole: bool,
}

/// A running container.
#[derive(Debug, Default)]
pub struct Container {
    pub name: Arc<str>,
    pub top: Option<Top>,
    pub utilization: Utilization,
    own: Option<Usage>,
}

impl Cluster {
    pub fn of(snapshot: &Snapshot) -> Cluster {
        let mut cluster = Cluster {
            reconciled: snapshot.reconciled.clone(),
            node_name: snapshot.node_name.clone(),
            taken_ms: snapshot.taken.wall_ms(),
            // A pod has its own cgroup, its pause container's and one or more of what it runs.
            pods: Vec::with_capacity(snapshot.units.len() / 3),
            ..Cluster::default()
        };
        cluster.places.reserve(snapshot.units.len() / 3);
        for unit in snapshot.units.iter().filter(|unit| !unit.gone) {
            cluster.add_unit(unit, snapshot);
        }
        for pod in &mut cluster.pods {
            pod.finish();
        }
        let root = snapshot.units.iter().find(|unit| unit.cgroup.kind == UnitKind::Root);
        let own = root.and_then(|root| own_top::of_unit(root, snapshot));
        cluster.node_top = own.map(|usage| Top { usage, of: SourceKind::Cgroup });
        cluster.add_reconciled();
        cluster
    }

    pub fn pod(&self, uid: &PodUid) -> Option<&Pod> {
        self.pods.get(*self.places.get(uid)?)
    }

    /// What the kubelet's summary says of a pod, be it one without a unit.
    pub fn said(&self, uid: &PodUid) -> Option<&PodStats> {
        let pods = &self.reconciled.as_deref()?.summary.as_deref()?.pods;
        let place = self.said.partition_point(|&at| pods.get(at).is_some_and(|pod| pod.uid < *uid));
        pods.get(*self.said.get(place)?).filter(|pod| pod.uid == *uid)
    }

    /// What was concluded about this pod.
    pub fn values_of(&self, pod: &Pod) -> Option<&Reconciliation> {
        Some(&self.reconciled.as_deref()?.pods.get(pod.reconciled?)?.values)
    }

    /// Chooses the pods whose differences are shown one by one: the largest first, at most `limit`.
    pub fn show_drift(&mut self, limit: usize) {
        let largest = |pod: &Pod| {
            let differences = self.values_of(pod)?.differences.iter();
            // One second differs from a longer window all the time: which pods those are says nothing.
            let ratios = differences.filter(|each| each.cause.is_some() && each.view != View::Live);
            // A value that one side lacks is the largest difference of all.
            ratios.map(|each| each.ratio().map_or(f64::INFINITY, f64::abs)).max_by(f64::total_cmp)
        };
        let places = self.pods.iter().enumerate();
        let mut found: Vec<(f64, usize)> =
            places.filter_map(|(place, pod)| Some((largest(pod)?, place))).collect();
        found.sort_by(|(a, left), (b, right)| b.total_cmp(a).then(left.cmp(right)));
        self.shown_drift = found.into_iter().take(limit).map(|(_, place)| place).collect();
    }

    fn add_unit(&mut self, unit: &Unit, snapshot: &Snapshot) {
        // A pod's network alone, and a container's own leaf, say nothing of a pod.
        let Some(uid) = unit.pod_uid().filter(|_| unit.is_pod() || unit.is_container()) else { return };
        let place = self.place(uid);
        let pod = &mut self.pods[place];
        let identity = unit.identity.as_deref();
        if let Some(info) = identity.and_then(|identity| identity.pod.as_ref())
            && !pod.info.as_ref().is_some_and(|known| Arc::ptr_eq(known, info))
        {
            pod.info = Some(info.clone());
        }
        pod.source = unit.source;
        if unit.is_pod() {
            pod.is_whole = true;
        } else if !unit.is_sandbox() {
            let info = identity.and_then(|identity| identity.container.as_deref());
            let own = own_top::of_unit(unit, snapshot);
            let container = Container {
                name: info.map_or_else(|| id_of(unit).into(), |info| info.name.clone()),
                top: None,
                utilization: info.map(|info| Utilization::of(unit, &info.resources)).unwrap_or_default(),
                own,
            };
            // Of two of one name the later one runs.
            match pod.containers.iter_mut().find(|known| known.name == container.name) {
                Some(known) => *known = container,
                None => pod.containers.push(container),
            }
        }
    }

    fn add_reconciled(&mut self) {
        let Some(reconciled) = self.reconciled.clone() else { return };
        for (at, found) in reconciled.pods.iter().enumerate() {
            let place = self.place(&found.uid);
            let pod = &mut self.pods[place];
            pod.reconciled = Some(at);
            pod.source = found.values.source;
            if pod.info.is_none() {
                pod.info.clone_from(&found.info);
                pod.coverage = Coverage::of(pod.info.as_deref());
            }
            let of = found.values.top_of;
            pod.top = found.values.top.map(|usage| Top { usage, of });
            for container in &mut pod.containers {
                container.top = None;
            }
            for said in &found.values.containers {
                let top = Some(Top { usage: said.usage, of });
                match pod.containers.iter_mut().find(|known| *known.name == *said.name) {
                    Some(known) => known.top = top,
                    None => {
                        pod.containers.push(Container {
                            name: Arc::from(&*said.name),
                            top,
                            ..Container::default()
                        });
                    }
                }
            }
        }
        if let Some(summary) = &reconciled.summary {
            self.said = (0..summary.pods.len()).collect();
            self.said.sort_by_key(|&at| &summary.pods[at].uid);
        }
        if let Some(node) = &reconciled.node {
            self.node_top = node.top.map(|usage| Top { usage, of: node.top_of });
        }
    }

    fn place(&mut self, uid: &PodUid) -> usize {
        // The units of a pod stand together: most often it is the last one.
        if self.pods.last().is_some_and(|last| last.uid == *uid) {
            return self.pods.len() - 1;
        }
        if let Some(&place) = self.places.get(uid) {
            return place;
        }
        let place = self.pods.len();
        self.places.insert(uid.clone(), place);
        self.pods.push(Pod { uid: uid.clone(), ..Pod::default() });
        place
    }
}

impl Pod {
    pub fn namespace(&self) -> &str {
        self.info.as_ref().map_or("", |info| &*info.namespace)
    }

    pub fn name(&self) -> &str {
        self.info.as_ref().map_or("", |info| &*info.name)
    }

    /// What follows from its own units, once all of them were seen.
    fn finish(&mut self) {
        self.coverage = Coverage::of(self.info.as_deref());
        for container in &mut self.containers {
            container.top = container.own.map(|usage| Top { usage, of: SourceKind::Cgroup });
        }
        if self.is_whole {
            self.utilization = Utilization::sum(&self.containers);
            let sum = own_top::sum(self.containers.iter().map(|each| each.own));
            self.top = sum.map(|usage| Top { usage, of: SourceKind::Cgroup });
        }
    }
}

/// What stands for a container's name until that is known.
fn id_of(unit: &Unit) -> Box<str> {
    match &unit.cgroup.kind {
        UnitKind::Container { id, .. } => id.0.clone(),
        _ => unit.cgroup.path.clone(),
    }
}

#[cfg(test)]
mod tests;
