use super::*;
use crate::model::identity::{PodUid, QosClass, Runtime};

const UID: &str = "18451618-ada8-4b1c-a71e-5d336ca178d6";

fn unit(kind: UnitKind, source: SourceKind, parent: Option<u32>) -> Unit {
    Unit { id: UnitId(7), source, parent, ..Unit::new(Cgroup { path: "/x".into(), kind }) }
}

fn pod() -> UnitKind {
    UnitKind::Pod { uid: PodUid(UID.into()), qos: QosClass::Burstable }
}

fn container(id: &str) -> UnitKind {
    let pod = Some(PodUid(UID.into()));
    UnitKind::Container { id: ContainerId(id.into()), pod, runtime: Runtime::Unnamed }
}

fn own() -> OwnPod {
    OwnPod {
        uid: Some(PodUid(UID.into())),
        namespace: Some("shop".into()),
        name: Some("web-0".into()),
        ..OwnPod::default()
    }
}

fn at(seconds: u64) -> Stamp {
    Stamp { boot_ns: seconds * 1_000_000_000, wall_ns: 0 }
}

fn completer(own: &OwnPod) -> Completer {
    let units = vec![
        unit(pod(), SourceKind::NodeAgent, None),
        unit(container("a"), SourceKind::NodeAgent, Some(0)),
        unit(container("b"), SourceKind::NodeAgent, Some(0)),
    ];
    let reading = PeerReading { fetched: at(100), units: Arc::new(units) };
    let peer = Arc::new(ArcSwapOption::from_pointee(reading));
    Completer::new(&Config::default(), own, peer)
}

fn kinds(reconciled: &Reconciled) -> Vec<(&'static str, Option<u32>)> {
    reconciled.foreign.iter().map(|unit| (unit.cgroup.kind.name(), unit.parent)).collect()
}

#[test]
fn the_node_agents_word_fills_what_a_blind_sidecar_lacks() {
    let completer = completer(&own());
    let of = |scope, seconds| {
        let snapshot = Snapshot { scope, ..Snapshot::default() };
        completer.complete(Reconciled::default(), &snapshot, at(seconds))
    };
    let whole = of(Scope::OwnContainer, 101);
    assert_eq!(kinds(&whole), [("pod", None), ("container", Some(0)), ("container", Some(0))]);
    let sources: Vec<_> = whole.choices.iter().map(|choice| (choice.value, choice.source)).collect();
    assert_eq!(sources, [("cpu", SourceKind::NodeAgent), ("memory", SourceKind::NodeAgent)]);
    assert_eq!(kinds(&of(Scope::Remote, 101)).len(), 3);
    // What is too old is not told on; the network is still ours.
    let stale = of(Scope::OwnContainer, 200);
    assert_eq!((kinds(&stale), stale.choices.len()), (vec![("pod_network", None)], 0));
    // A pod that we see ourselves is nobody else's.
    for scope in [Scope::Node, Scope::Pod(PodUid(UID.into()))] {
        assert_eq!(kinds(&of(scope, 101)), []);
    }
}

#[test]
fn a_container_that_we_read_ourselves_keeps_its_one_source() {
    let completer = completer(&own());
    let units = vec![
        unit(UnitKind::OwnContainer, SourceKind::Cgroup, None),
        unit(container("a"), SourceKind::Cgroup, None),
    ];
    let snapshot = Snapshot { scope: Scope::Siblings(None), units, ..Snapshot::default() };
    let foreign = completer.complete(Reconciled::default(), &snapshot, at(101)).foreign;
    let ids: Vec<_> = foreign.iter().filter_map(container_id).map(|id| &*id.0).collect();
    assert_eq!((foreign.len(), ids), (2, vec!["b"]));
}

#[test]
fn the_node_agent_comes_before_the_kubelet_and_the_kubelet_after_it() {
    let completer = completer(&own());
    let foreign = Arc::new(vec![unit(pod(), SourceKind::Kubelet, None)]);
    let of = |seconds| {
        let there = Reconciled { foreign: foreign.clone(), ..Reconciled::default() };
        let snapshot = Snapshot { scope: Scope::OwnContainer, ..Snapshot::default() };
        let foreign = completer.complete(there, &snapshot, at(seconds)).foreign;
        foreign.iter().map(|unit| (unit.cgroup.kind.name(), unit.source)).collect::<Vec<_>>()
    };
    let fresh = of(101);
    assert_eq!(fresh.len(), 3);
    assert!(fresh.iter().all(|(_, source)| *source == SourceKind::NodeAgent), "{fresh:?}");
    assert_eq!(of(200), [("pod", SourceKind::Kubelet)], "a pod's row takes its network along");
}

#[test]
fn a_nameless_or_host_network_pod_has_no_network_row() {
    let snapshot = Snapshot { scope: Scope::OwnContainer, ..Snapshot::default() };
    for own in [OwnPod { host_network: true, ..own() }, OwnPod { name: None, ..own() }] {
        assert_eq!(kinds(&completer(&own).complete(Reconciled::default(), &snapshot, at(200))), []);
    }
}

#[test]
fn pauses_double_up_to_a_minute() {
    let of = |failures| pause(Duration::from_secs(5), failures).as_secs();
    assert_eq!([0, 1, 2, 3, 4, 5, 40].map(of), [5, 5, 10, 20, 40, 60, 60]);
}
