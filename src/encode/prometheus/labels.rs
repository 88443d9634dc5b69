//! The labels of each unit, serialised once and kept while the unit lives under the same name.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::encode::schema::devices::Devices;
use crate::encode::schema::family::Who;
use crate::model::identity::{Identity, PodInfo, UnitKind};
use crate::model::reconciled::SourceKind;
use crate::model::snapshot::Snapshot;
use crate::model::unit::{Unit, UnitId};

use super::page::{Format, Page};
use super::protobuf;
use super::text;

/// How labels are serialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::encode) enum Syntax {
    /// `name="value",` each, without braces.
    Text,
    /// `label` fields of `io.prometheus.client.Metric`, which are `labels` fields of `prometheus.TimeSeries`, too.
    Protobuf,
}

impl Syntax {
    pub(in crate::encode) fn push(self, out: &mut Vec<u8>, name: &str, value: &str) {
        match self {
            Syntax::Text => text::push_label(out, name, value),
            Syntax::Protobuf => protobuf::push_label(out, name, value),
        }
    }
}

/// What a unit is to the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Root,
    Pod,
    /// A pod of which the network is known and nothing else.
    PodNetwork,
    Container,
    Sandbox,
    /// Our own container in a private cgroup namespace: in no family of pods, containers or units.
    OwnContainer,
    /// Belongs to no pod.
    Plain,
}

/// Labels whose last part is left out on some pages.
#[derive(Debug, Default)]
struct LabelSet {
    bytes: Box<[u8]>,
    short: usize,
}

impl LabelSet {
    /// What is not read here is a series of its own, so that no counter mixes sources.
    fn new(syntax: Syntax, short: &[(&str, &str)], rest: &[(&str, &str)], source: SourceKind) -> LabelSet {
        let mut bytes = Vec::new();
        for (name, value) in short {
            syntax.push(&mut bytes, name, value);
        }
        let short = bytes.len();
        for (name, value) in rest {
            syntax.push(&mut bytes, name, value);
        }
        if source != SourceKind::Cgroup {
            syntax.push(&mut bytes, "source", source.name());
        }
        LabelSet { bytes: bytes.into(), short }
    }

    fn of(&self, page: Page) -> &[u8] {
        if page.has_short_labels() { &self.bytes[..self.short] } else { &self.bytes }
    }
}

/// The labels of one unit.
#[derive(Debug)]
struct UnitLabels {
    /// Kept alive here, so that its address cannot come to mean another identity.
    identity: Option<Arc<Identity>>,
    source: SourceKind,
    class: Class,
    /// No pod name is known: the pages of the kubelet's own form leave it out.
    unnamed: bool,
    cadvisor: LabelSet,
    own: LabelSet,
}

/// Serialised labels of all live units, in one syntax.
#[derive(Debug)]
pub struct LabelCache {
    syntax: Syntax,
    units: HashMap<UnitId, Arc<UnitLabels>>,
}

impl LabelCache {
    /// A cache for documents of this format; text and OpenMetrics share one.
    pub fn new(format: Format) -> LabelCache {
        LabelCache { syntax: format.syntax(), units: HashMap::new() }
    }

    /// How many units are kept.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The labels of every unit of a snapshot as one page shows them. Units that are gone are forgotten.
    pub fn plan(&mut self, snapshot: Arc<Snapshot>, page: Page) -> Plan {
        let mut labels: Vec<Option<Arc<UnitLabels>>> = Vec::with_capacity(snapshot.units.len());
        for unit in &snapshot.units {
            labels.push(Some(self.labels_of(unit)));
        }
        if self.units.len() > snapshot.units.len() {
            let live: HashSet<UnitId> = snapshot.units.iter().map(|unit| unit.id).collect();
            self.units.retain(|id, _| live.contains(id));
        }
        hide_replaced_paths(&snapshot, &mut labels);
        if page == Page::Resource {
            hide_replaced_names(&snapshot, &mut labels);
        }
        let windows = snapshot.windows.iter().map(|&window| window_label(window)).collect();
        let devices = Devices::of(snapshot.node.as_deref());
        Plan { snapshot, page, is_stamped: page.is_stamped(), labels, windows, devices }
    }

    fn labels_of(&mut self, unit: &Unit) -> Arc<UnitLabels> {
        let same_name = |kept: &UnitLabels| match (&kept.identity, &unit.identity) {
            (Some(kept), Some(new)) => Arc::ptr_eq(kept, new),
            (None, None) => true,
            _ => false,
        };
        match self.units.get(&unit.id) {
            Some(kept) if same_name(kept) && kept.source == unit.source => Arc::clone(kept),
            _ => {
                let made = Arc::new(UnitLabels::new(unit, self.syntax));
                self.units.insert(unit.id, Arc::clone(&made));
                made
            }
        }
    }
}

/// One snapshot with the labels of its units.
#[derive(Debug)]
pub struct Plan {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) page: Page,
    /// Whether rows carry the times of their readings.
    pub(super) is_stamped: bool,
    labels: Vec<Option<Arc<UnitLabels>>>,
    pub(super) windows: Vec<Box<str>>,
    pub(super) devices: Devices,
}

impl Plan {
    /// The same page without any timestamp.
    pub(super) fn untimed(self) -> Plan {
        Plan { is_stamped: false, ..self }
    }

    /// The labels of the unit at this place, when families of `who` have a row for it.
    pub(super) fn labels(&self, place: usize, who: Who, pod_rows: bool) -> Option<&[u8]> {
        let unit = self.labels.get(place)?.as_deref()?;
        let set = match (who, unit.class) {
            (Who::Node, Class::Root) | (Who::OwnContainer, Class::OwnContainer) => return Some(&[]),
            (Who::Pods, Class::Pod)
            | (Who::Containers, Class::Container)
            | (Who::PlainUnits, Class::Plain | Class::Root) => &unit.own,
            (Who::Cadvisor, Class::Pod) if !pod_rows => return None,
            (Who::Cadvisor, Class::Container | Class::Root | Class::Plain | Class::Pod)
            | (Who::CadvisorPods, Class::Pod | Class::PodNetwork) => &unit.cadvisor,
            _ => return None,
        };
        Some(set.of(self.page))
    }
}

impl UnitLabels {
    fn new(unit: &Unit, syntax: Syntax) -> UnitLabels {
        let class = match &unit.cgroup.kind {
            UnitKind::Root => Class::Root,
            UnitKind::Pod { .. } => Class::Pod,
            UnitKind::PodNetwork { .. } => Class::PodNetwork,
            UnitKind::OwnContainer => Class::OwnContainer,
            UnitKind::Container { pod: Some(_), .. } if unit.is_sandbox() => Class::Sandbox,
            UnitKind::Container { pod: Some(_), .. } => Class::Container,
            _ => Class::Plain,
        };
        let (identity, source) = (unit.identity.as_deref(), unit.source);
        let pod: Option<&PodInfo> = identity.and_then(|identity| identity.pod.as_deref());
        let container = identity.and_then(|identity| identity.container.as_deref());
        let namespace = pod.map_or("", |pod| &*pod.namespace);
        let pod_name = pod.map_or("", |pod| &*pod.name);
        let uid = unit.pod_uid().map_or("", |uid| &*uid.0);
        let container_name = container.map_or("", |container| &*container.name);
        let image = container.map_or("", |container| &*container.image);
        let id = match &unit.cgroup.kind {
            UnitKind::Container { id, .. } => &*id.0,
            _ => "",
        };
        let cadvisor = LabelSet::new(
            syntax,
            &[
                ("container", container_name),
                ("id", &unit.cgroup.path),
                ("image", image),
                ("name", id),
                ("namespace", namespace),
                ("pod", pod_name),
            ],
            &[("uid", uid)],
            source,
        );
        let own = match class {
            Class::Pod => {
                LabelSet::new(syntax, &[("namespace", namespace), ("pod", pod_name)], &[("uid", uid)], source)
            }
            // The runtime's ID tells a restarted container from the one before it.
            Class::Container => LabelSet::new(
                syntax,
                &[("container", container_name), ("namespace", namespace), ("pod", pod_name)],
                &[("name", id), ("uid", uid)],
                source,
            ),
            Class::Root | Class::Plain => LabelSet::new(
                syntax,
                &[("kind", unit.cgroup.kind.name()), ("unit", &unit.cgroup.path)],
                &[],
                source,
            ),
            Class::Sandbox | Class::PodNetwork | Class::OwnContainer => LabelSet::default(),
        };
        UnitLabels { identity: unit.identity.clone(), source, class, unnamed: pod.is_none(), cadvisor, own }
    }
}

/// A cgroup made again at the path of one that is published for the last time would give each row twice.
fn hide_replaced_paths(snapshot: &Snapshot, labels: &mut [Option<Arc<UnitLabels>>]) {
    if !snapshot.units.iter().any(|unit| unit.gone) {
        return;
    }
    let mut paths = HashSet::new();
    for unit in snapshot.units.iter().filter(|unit| !unit.gone) {
        paths.insert(&*unit.cgroup.path);
    }
    // Newest first, so that of two that are gone the later one stays.
    for (unit, label) in snapshot.units.iter().zip(labels).rev() {
        if unit.gone && !paths.insert(&*unit.cgroup.path) {
            *label = None;
        }
    }
}

/// The kubelet's resource page has no UID: it shows the newest of two pods or containers of one name.
fn hide_replaced_names(snapshot: &Snapshot, labels: &mut [Option<Arc<UnitLabels>>]) {
    let mut newest: HashMap<(bool, Box<[u8]>), usize> = HashMap::new();
    for (place, unit) in snapshot.units.iter().enumerate() {
        let Some(label) = labels[place].as_ref() else { continue };
        if !matches!(label.class, Class::Pod | Class::Container) {
            continue;
        }
        if label.unnamed || unit.gone {
            labels[place] = None;
            continue;
        }
        let key = (unit.is_pod(), Box::from(label.own.of(Page::Resource)));
        let older = match newest.get(&key) {
            None => None,
            Some(&other) if age(unit) < age(&snapshot.units[other]) => Some(place),
            Some(&other) => Some(other),
        };
        if older != Some(place) {
            newest.insert(key, place);
        }
        if let Some(older) = older {
            labels[older] = None;
        }
    }
}

/// Orders units by when they were made; those that do not know it, by when they were found.
fn age(unit: &Unit) -> (u64, UnitId) {
    (unit.created_wall_s.map_or(0, |seconds| (seconds * 1e6) as u64), unit.id)
}

/// A window as Prometheus writes durations: `15s`, `500ms`.
pub(in crate::encode) fn window_label(window: Duration) -> Box<str> {
    let milliseconds = window.as_millis();
    if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000).into()
    } else {
        format!("{milliseconds}ms").into()
    }
}
