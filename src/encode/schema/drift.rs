//! How our values differ from those of the kubelet and of metrics-server, and why.
//!
//! Counts are over all pods. Rows for single differences stand for the pods that differ most, as many as
//! `server.drift_pods` says: at most 12 differences a pod, each with four rows. `/api/v1/drift` has all of them.

use crate::encode::cluster::{Cluster, Pod};
use crate::model::reconciled::{Cause, Difference, Resource, SourceKind, View};

use super::top::pod_labels;
use super::{EmitRow, SmallFamily, gauge};

/// Sorted by name.
#[rustfmt::skip]
pub static FAMILIES: &[SmallFamily<Cluster>] = &[
    gauge("podometer_drift_cause_info", "Always 1; why one of our values differs from another source's. The pods that differ most.", causes),
    gauge("podometer_drift_compared_pods", "Pods of which we and another source both have a value.", |c, emit| of_sources(c, emit, |_| true, true)),
    gauge("podometer_drift_cpu_cores", "CPU use by us minus that by another source. The pods that differ most.", |c, emit| signed(c, emit, Resource::Cpu)),
    gauge("podometer_drift_differences", "Differences of all pods from another source, by cause.", differences),
    gauge("podometer_drift_max_ratio", "Largest share by which a pod's value differs from another source's; what agrees counts as 0.", max_ratio),
    gauge("podometer_drift_memory_bytes", "Working set by us minus that by another source. The pods that differ most.", |c, emit| signed(c, emit, Resource::Memory)),
    gauge("podometer_drift_ratio", "Our value over another source's, minus one. The pods that differ most.", ratios),
    gauge("podometer_drift_unexplained", "Differences of all pods from another source whose cause is not known.", |c, emit| of_sources(c, emit, |each| each.cause == Some(Cause::Unexplained), false)),
];

/// Those that are compared with us.
const OTHERS: [SourceKind; 2] = [SourceKind::Kubelet, SourceKind::MetricsApi];
const VIEWS: [View; 3] = [View::Top, View::Pod, View::Live];
const RESOURCES: [Resource; 2] = [Resource::Cpu, Resource::Memory];

fn all(cluster: &Cluster) -> impl Iterator<Item = (&Pod, &[Difference])> {
    let values = |pod| Some((pod, cluster.values_of(pod)?.differences.as_slice()));
    cluster.pods.iter().filter_map(values)
}

fn is_compared(difference: &Difference) -> bool {
    difference.ours.is_some() && difference.theirs.is_some()
}

/// The differences of the pods that are shown, no two of one view, source and resource.
fn shown(cluster: &Cluster, mut row: impl FnMut(&Pod, &Difference)) {
    for pod in cluster.shown_drift.iter().filter_map(|&place| cluster.pods.get(place)) {
        let differences =
            cluster.values_of(pod).map(|values| values.differences.as_slice()).unwrap_or_default();
        for (at, each) in differences.iter().enumerate() {
            let key = |each: &Difference| (each.view, each.against, each.resource);
            if !differences[..at].iter().any(|before| key(before) == key(each)) {
                row(pod, each);
            }
        }
    }
}

fn causes(cluster: &Cluster, emit: &mut EmitRow<'_>) {
    shown(cluster, |pod, each| {
        let Some(cause) = each.cause else { return };
        let [namespace, name, uid] = pod_labels(pod);
        let (against, view) = (("against", each.against.name()), ("view", each.view.name()));
        let (cause, resource) = (("cause", cause.name()), ("resource", each.resource.name()));
        emit(&[against, cause, namespace, name, resource, uid, view], 1.0);
    });
}

fn signed(cluster: &Cluster, emit: &mut EmitRow<'_>, resource: Resource) {
    shown(cluster, |pod, each| {
        if let Some(value) = each.signed().filter(|_| each.resource == resource) {
            let [namespace, name, uid] = pod_labels(pod);
            let (against, view) = (("against", each.against.name()), ("view", each.view.name()));
            emit(&[against, namespace, name, uid, view], value);
        }
    });
}

fn ratios(cluster: &Cluster, emit: &mut EmitRow<'_>) {
    shown(cluster, |pod, each| {
        if let Some(value) = each.ratio() {
            let [namespace, name, uid] = pod_labels(pod);
            let (against, view) = (("against", each.against.name()), ("view", each.view.name()));
            emit(&[against, namespace, name, ("resource", each.resource.name()), uid, view], value);
        }
    });
}

/// A count for each source that anything was compared with, so that 0 is measured. Pods or differences.
fn of_sources(cluster: &Cluster, emit: &mut EmitRow<'_>, takes: fn(&Difference) -> bool, pods: bool) {
    for against in OTHERS {
        let (mut compared, mut count) = (0u32, 0u32);
        for (_, differences) in all(cluster) {
            let mut of_source = differences.iter().filter(|each| each.against == against);
            compared += u32::from(of_source.clone().any(is_compared));
            count += of_source.by_ref().filter(|each| takes(each)).count() as u32;
        }
        if compared + count > 0 {
            emit(&[("against", against.name())], f64::from(if pods { compared } else { count }));
        }
    }
}

fn differences(cluster: &Cluster, emit: &mut EmitRow<'_>) {
    for against in OTHERS {
        let mut counts = [0u32; Cause::ALL.len()];
        let mut any = false;
        for each in all(cluster).flat_map(|(_, all)| all).filter(|each| each.against == against) {
            any = true;
            if let Some(at) = Cause::ALL.iter().position(|&cause| Some(cause) == each.cause) {
                counts[at] += 1;
            }
        }
        if any {
            for (cause, count) in Cause::ALL.iter().zip(counts) {
                emit(&[("against", against.name()), ("cause", cause.name())], f64::from(count));
            }
        }
    }
}

fn max_ratio(cluster: &Cluster, emit: &mut EmitRow<'_>) {
    for (against, resource, view) in combinations() {
        let mut largest: Option<f64> = None;
        for each in all(cluster).flat_map(|(_, all)| all) {
            if (each.against, each.resource, each.view) == (against, resource, view) && is_compared(each) {
                let ratio = if each.cause.is_some() { each.ratio().map_or(0.0, f64::abs) } else { 0.0 };
                largest = Some(largest.map_or(ratio, |before| before.max(ratio)));
            }
        }
        if let Some(largest) = largest {
            let labels = [("against", against.name()), ("resource", resource.name()), ("view", view.name())];
            emit(&labels, largest);
        }
    }
}

fn combinations() -> impl Iterator<Item = (SourceKind, Resource, View)> {
    let views = |against, resource| VIEWS.into_iter().map(move |view| (against, resource, view));
    let resources = move |against| RESOURCES.into_iter().flat_map(move |resource| views(against, resource));
    OTHERS.into_iter().flat_map(resources)
}
