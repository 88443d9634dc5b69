//! From a pod as Kubernetes writes it to what the agent keeps of it.

use std::sync::Arc;

use super::allowed::{Allowed, kept};
use super::entry::Entry;
use super::owner::owner_of;
use super::pods::{Container, ContainerStatus, Metadata, Pod, State};
use super::resources;
use super::text::Text;
use super::time::rfc3339_seconds;
use crate::model::identity::{ContainerInfo, ContainerRole, PodInfo, QosClass};
use crate::model::workload::{ContainerState, Phase};

/// The UID that the pod's cgroup carries: the API's mirror of a static pod has a UID of its own, and its cgroup
/// the hash of its configuration.
pub(super) fn cgroup_uid<'p>(metadata: &'p Metadata<'_>) -> Option<&'p str> {
    let annotations = &metadata.annotations;
    annotations
        .get("kubernetes.io/config.mirror")
        .and(annotations.get("kubernetes.io/config.hash"))
        .or(metadata.uid.some())
}

/// `None` for a pod without UID.
pub(super) fn describe(pod: &Pod<'_>, allowed: &Allowed) -> Option<Entry> {
    let Pod { metadata, spec, status } = pod;
    let uid = cgroup_uid(metadata)?;
    let containers = containers(pod);
    let ready = status.conditions.iter().find(|condition| &*condition.kind == "Ready");
    let info = PodInfo {
        namespace: metadata.namespace.boxed(),
        name: metadata.name.boxed(),
        uid: uid.into(),
        node: spec.node_name.boxed(),
        host_network: spec.host_network.unwrap_or(false),
        labels: kept(&metadata.labels, &allowed.labels),
        annotations: kept(&metadata.annotations, &allowed.annotations),
        start_time: rfc3339_seconds(&status.start_time),
        owner: owner_of(metadata, &spec.node_name),
        qos: qos_of(&status.qos_class),
        phase: Phase::from_name(&status.phase),
        reason: status.reason.boxed(),
        is_ready: ready.and_then(|ready| match &*ready.status {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        }),
        resources: resources::of_pod(pod, containers.iter().map(|container| &*container.info)),
        containers: containers.iter().map(|container| container.info.clone()).collect(),
    };
    let ids = containers.iter().flat_map(|container| {
        container.ids.into_iter().flatten().map(|id| (id.into(), container.info.clone()))
    });
    Some(Entry { info: Arc::new(info), ids: ids.collect() })
}

/// A container with the runtime IDs that its cgroups carry: of this run and of the one before.
struct Described<'p> {
    info: Arc<ContainerInfo>,
    ids: [Option<&'p str>; 2],
}

/// All containers of the specification in its order, then those that only the status has.
fn containers<'p>(pod: &'p Pod<'_>) -> Vec<Described<'p>> {
    let (spec, status) = (&pod.spec, &pod.status);
    let groups = [
        (&spec.init_containers, &status.init_container_statuses, ContainerRole::Init),
        (&spec.containers, &status.container_statuses, ContainerRole::App),
        (&spec.ephemeral_containers, &status.ephemeral_container_statuses, ContainerRole::Ephemeral),
    ];
    let mut all = Vec::new();
    for (specified, statuses, role) in groups {
        for container in specified {
            let status = statuses.iter().find(|status| *status.name == *container.name);
            all.push(describe_container(Some(container), status, role));
        }
        let is_specified =
            |status: &&ContainerStatus<'_>| specified.iter().any(|container| *container.name == *status.name);
        for status in statuses.iter().filter(|status| !is_specified(status)) {
            all.push(describe_container(None, Some(status), role));
        }
    }
    all
}

fn describe_container<'p>(
    spec: Option<&Container<'_>>,
    status: Option<&'p ContainerStatus<'_>>,
    role: ContainerRole,
) -> Described<'p> {
    let is_sidecar =
        role == ContainerRole::Init && spec.is_some_and(|spec| &*spec.restart_policy == "Always");
    let last = status.and_then(|status| status.last_state.as_ref()?.terminated.as_ref());
    let name = spec.map(|spec| &spec.name).or(status.map(|status| &status.name));
    let image = status.and_then(|status| status.image.some()).or(spec.and_then(|spec| spec.image.some()));
    let info = ContainerInfo {
        name: name.map_or_else(Box::default, Text::boxed).into(),
        image: image.unwrap_or_default().into(),
        image_id: status.map_or_else(Box::default, |status| status.image_id.boxed()),
        role: if is_sidecar { ContainerRole::Sidecar } else { role },
        restart_count: status.and_then(|status| status.restart_count).unwrap_or(0),
        resources: resources::of_container(spec.and_then(|spec| spec.resources.as_ref()), status),
        state: state_of(status.and_then(|status| status.state.as_ref())),
        last_termination: last.map_or_else(Box::default, |last| last.reason.boxed()),
        is_ready: status.and_then(|status| status.ready).unwrap_or(false),
    };
    let ended = status.and_then(|status| status.state.as_ref()?.terminated.as_ref());
    let this = status.and_then(|status| runtime_id(&status.container_id));
    // While a container waits to be started again, the run that ended stands under `state` or `lastState`.
    let ended = ended.and_then(|ended| runtime_id(&ended.container_id)).filter(|&id| Some(id) != this);
    let last = last.and_then(|last| runtime_id(&last.container_id)).filter(|&id| Some(id) != this);
    Described { info: Arc::new(info), ids: [this.or(ended), last] }
}

/// `containerd://ID` to `ID`.
fn runtime_id(text: &str) -> Option<&str> {
    let id = text.rsplit("://").next().unwrap_or(text);
    (!id.is_empty()).then_some(id)
}

fn state_of(state: Option<&State<'_>>) -> ContainerState {
    let Some(state) = state else { return ContainerState::Unknown };
    if let Some(running) = &state.running {
        return ContainerState::Running { started_at: rfc3339_seconds(&running.started_at) };
    }
    if let Some(ended) = &state.terminated {
        return ContainerState::Terminated {
            reason: ended.reason.boxed(),
            exit_code: ended.exit_code.unwrap_or_default(),
            finished_at: rfc3339_seconds(&ended.finished_at),
        };
    }
    match &state.waiting {
        Some(waiting) => ContainerState::Waiting { reason: waiting.reason.boxed() },
        None => ContainerState::Unknown,
    }
}

fn qos_of(name: &str) -> Option<QosClass> {
    [QosClass::Guaranteed, QosClass::Burstable, QosClass::BestEffort]
        .into_iter()
        .find(|class| class.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_said_of_a_pod_is_kept() {
        let text = r#"{"metadata":{"name":"web-5f-x","namespace":"shop","uid":"u","labels":{"app":"web","x":"y"},
              "annotations":{"team":"a"}},
            "spec":{"nodeName":"n1","hostNetwork":true,"containers":[{"name":"main","image":"web"},{"name":"new","image":"n:1"}],
              "initContainers":[{"name":"setup","image":"s"}]},
            "status":{"phase":"Running","reason":"Odd","qosClass":"Burstable","startTime":"1970-01-01T00:01:00Z",
              "conditions":[{"type":"PodScheduled","status":"True"},{"type":"Ready","status":"False"}],
              "initContainerStatuses":[{"name":"setup","containerID":"cri-o://s1","ready":true,"state":
                {"terminated":{"reason":"Completed","exitCode":0,"finishedAt":"1970-01-01T00:01:05Z","containerID":"cri-o://s1"}}}],
              "containerStatuses":[{"name":"main","image":"reg/web:1","imageID":"sha256:1","containerID":"containerd://c2",
                "restartCount":3,"ready":true,"state":{"running":{"startedAt":"1970-01-01T00:02:00Z"}},
                "lastState":{"terminated":{"reason":"OOMKilled","exitCode":137,"containerID":"containerd://c1"}}},
               {"name":"new","state":{"waiting":{"reason":"ImagePullBackOff"}},"image":"","containerID":""}]}}"#;
        let pod: Pod<'_> = serde_json::from_str(text).unwrap();
        let allowed = Allowed { labels: vec!["app".to_owned()], annotations: vec!["*".to_owned()] };
        let entry = describe(&pod, &allowed).unwrap();
        let info = &*entry.info;
        assert_eq!(
            (info.host_network, info.qos, info.phase),
            (true, Some(QosClass::Burstable), Phase::Running)
        );
        assert_eq!((&*info.reason, info.is_ready, info.start_time), ("Odd", Some(false), Some(60)));
        assert_eq!((info.labels.len(), info.annotations.len()), (1, 1));
        let names: Vec<&str> = info.containers.iter().map(|container| &*container.name).collect();
        assert_eq!(names, ["setup", "main", "new"]);
        let [setup, main, new] = &info.containers[..] else { panic!() };
        let done =
            ContainerState::Terminated { reason: "Completed".into(), exit_code: 0, finished_at: Some(65) };
        assert_eq!((&setup.state, setup.role), (&done, ContainerRole::Init));
        assert_eq!((&*main.image, &*main.image_id, main.restart_count), ("reg/web:1", "sha256:1", 3));
        assert_eq!(main.state, ContainerState::Running { started_at: Some(120) });
        assert_eq!((&*main.last_termination, main.is_ready), ("OOMKilled", true));
        assert_eq!((&*new.image, new.is_ready), ("n:1", false));
        assert_eq!(new.state, ContainerState::Waiting { reason: "ImagePullBackOff".into() });
        let ids: Vec<(&str, &str)> = entry.ids.iter().map(|(id, info)| (&**id, &*info.name)).collect();
        assert_eq!(ids, [("s1", "setup"), ("c2", "main"), ("c1", "main")]);
    }

    #[test]
    fn a_pod_that_says_nothing_has_nothing() {
        let pod: Pod<'_> = serde_json::from_str(r#"{"metadata":{"uid":"u"}}"#).unwrap();
        let info = describe(&pod, &Allowed::default()).unwrap().info;
        assert_eq!(*info, PodInfo { uid: "u".into(), ..PodInfo::default() });
        assert!(describe(&Pod::default(), &Allowed::default()).is_none());
    }
}
