//! Walks a snapshot: which resources there are, and what is known of each.

use opentelemetry_proto::tonic::common::v1::KeyValue;

use super::resource::{of_agent, of_node, of_unit, of_volume};
use crate::encode::cluster::Cluster;
use crate::encode::schema::kubernetes::NodeFacts;
use crate::encode::schema::otel::{
    AGENT, CONTAINER, NODE, OWN_CONTAINER, POD, Row, Shared, Subject, VOLUME, memory_limit,
};
use crate::model::identity::UnitKind;
use crate::model::kubelet::{ContainerStats, PodStats, Summary};
use crate::model::reconciled::SourceKind;
use crate::model::unit::Unit;

/// Receives a resource: its attributes, the rows that it may have, and what they read.
type Take<'a> = dyn FnMut(Vec<KeyValue>, &'static [Row], &Subject<'_>) + 'a;

pub(super) fn walk(
    shared: Shared<'_>,
    cluster: &Cluster,
    summary: Option<&Summary>,
    facts: &NodeFacts,
    take: &mut Take<'_>,
) {
    let node = &*shared.snapshot.node_name;
    let process = shared.report.process.start_time_seconds.and_then(nanoseconds);
    let agent = Subject { started_ns: process, ..Subject::new(shared) };
    take(of_agent(shared.report, node), AGENT, &agent);
    take(of_node(node), NODE, &node_subject(shared, summary, facts));
    for unit in &shared.snapshot.units {
        match &unit.cgroup.kind {
            UnitKind::Pod { .. } | UnitKind::PodNetwork { .. } => {
                take(of_unit(unit, node), POD, &pod_subject(shared, cluster, unit));
            }
            UnitKind::Container { .. } if !unit.is_sandbox() => {
                let files = unit.pod_uid().and_then(|uid| cluster.said(uid));
                let files = files.zip(summary).and_then(|(pod, summary)| files_of(unit, pod, summary));
                take(of_unit(unit, node), CONTAINER, &container_subject(shared, cluster, unit, files));
            }
            UnitKind::OwnContainer => {
                take(of_agent(shared.report, node), OWN_CONTAINER, &unit_subject(shared, unit));
            }
            _ => {}
        }
    }
    for (summary, pod) in summary.into_iter().flat_map(|all| all.pods.iter().map(move |pod| (all, pod))) {
        let info = cluster.pod(&pod.uid).and_then(|pod| pod.info.as_deref());
        for volume in summary.volumes_of(pod) {
            let subject = Subject { fs: Some(&volume.fs), ..Subject::new(shared) };
            take(of_volume(volume, pod, info, node), VOLUME, &subject);
        }
    }
}

fn unit_subject<'a>(shared: Shared<'a>, unit: &'a Unit) -> Subject<'a> {
    Subject {
        unit: Some(unit),
        source: unit.source,
        memory_limit_bytes: memory_limit(unit),
        started_ns: unit.created_wall_s.and_then(nanoseconds),
        ..Subject::new(shared)
    }
}

/// The root cgroup; where there is none, what the kubelet says of the node.
fn node_subject<'a>(shared: Shared<'a>, summary: Option<&'a Summary>, facts: &'a NodeFacts) -> Subject<'a> {
    let said = summary.map(|summary| &summary.node);
    let snapshot = shared.snapshot;
    let root = snapshot.units.iter().find(|unit| unit.cgroup.kind == UnitKind::Root);
    let booted = snapshot.node.as_deref().and_then(|node| node.kernel.boot_time);
    let interfaces = facts.network.as_slice();
    Subject {
        unit: root,
        said: said.filter(|_| root.is_none()).map(|said| (&said.cpu, &said.memory)),
        source: if root.is_none() && said.is_some() { SourceKind::Kubelet } else { SourceKind::Cgroup },
        fs: said.map(|said| &said.fs),
        interfaces,
        said_network: said.map(|said| &said.network).filter(|_| interfaces.is_empty()),
        node: said,
        allocatable: snapshot.reconciled.as_deref().and_then(|reconciled| reconciled.node_allocatable),
        memory_limit_bytes: facts.memory_total_bytes,
        started_ns: booted.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1_000_000_000)),
        ..Subject::new(shared)
    }
}

fn pod_subject<'a>(shared: Shared<'a>, cluster: &'a Cluster, unit: &'a Unit) -> Subject<'a> {
    let mut subject = unit_subject(shared, unit);
    let interfaces = unit.network.as_deref();
    subject.interfaces = interfaces.map_or(&[][..], Vec::as_slice);
    subject.pod = unit.identity.as_deref().and_then(|identity| identity.pod.as_deref());
    // What is gone has its last reading and nothing else: the others speak of now.
    let Some(uid) = unit.pod_uid().filter(|_| !unit.gone) else { return subject };
    let said = cluster.said(uid);
    subject.said_network = said.map(|pod| &pod.network).filter(|_| interfaces.is_none());
    if unit.is_pod() {
        subject.fs = said.map(|pod| &pod.ephemeral_storage);
        subject.utilization = cluster.pod(uid).map(|pod| pod.utilization).unwrap_or_default();
    }
    subject
}

fn container_subject<'a>(
    shared: Shared<'a>,
    cluster: &'a Cluster,
    unit: &'a Unit,
    files: Option<&'a ContainerStats>,
) -> Subject<'a> {
    let mut subject = unit_subject(shared, unit);
    if unit.gone {
        return subject;
    }
    subject.files = files;
    subject.fs = files.map(|files| &files.rootfs);
    subject.container = unit.identity.as_deref().and_then(|identity| identity.container.as_deref());
    let pod = unit.pod_uid().and_then(|uid| cluster.pod(uid));
    let name = subject.container.map(|container| &*container.name);
    let found = pod.and_then(|pod| pod.containers.iter().find(|each| Some(&*each.name) == name));
    subject.utilization = found.map(|found| found.utilization).unwrap_or_default();
    subject
}

fn files_of<'a>(unit: &Unit, pod: &PodStats, summary: &'a Summary) -> Option<&'a ContainerStats> {
    let name = &unit.identity.as_deref()?.container.as_deref()?.name;
    summary.containers_of(pod).iter().find(|container| *container.name == **name)
}

/// Seconds since the epoch, which as a float hold no more than microseconds; `None` where they are no time that
/// nanoseconds can hold.
fn nanoseconds(seconds: f64) -> Option<i64> {
    let microseconds = (seconds * 1e6).round();
    (0.0..9.2e15).contains(&microseconds).then_some(microseconds as i64 * 1000)
}
