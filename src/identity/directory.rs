//! All names known at one instant, looked up by what a cgroup path carries.

use std::collections::HashMap;
use std::sync::Arc;

use super::pods::{self, ContainerStatus, Pod, PodsError};
use crate::model::field::{Field, Values};
use crate::model::identity::{Cgroup, ContainerInfo, ContainerRole, Identity, PodInfo, UnitKind};

/// The pods of one document, by the UID in their cgroup path. Immutable; a new document makes a new one.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Rises with every new document; 0 is the empty directory before the first.
    pub version: u64,
    pods: HashMap<Box<str>, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    info: Arc<PodInfo>,
    containers: HashMap<Box<str>, Arc<ContainerInfo>>,
}

impl Directory {
    /// Reads a pod list. `labels` is the allow-list of label keys; `place` names the document in errors.
    pub fn parse(place: &str, text: &[u8], labels: &[String], version: u64) -> Result<Directory, PodsError> {
        let list = pods::parse(place, text)?;
        let pods = list.items.iter().filter_map(|pod| entry_of(pod, labels)).collect();
        Ok(Directory { version, pods })
    }

    pub fn len(&self) -> usize {
        self.pods.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    /// Who a cgroup is. Its values serve as a hint where only the pause container is left to be told apart.
    pub fn resolve(&self, cgroup: &Cgroup, values: &Values) -> Option<Identity> {
        match &cgroup.kind {
            UnitKind::Pod { uid, .. } => {
                let entry = self.pods.get(&uid.0)?;
                Some(Identity { pod: Some(entry.info.clone()), container: None })
            }
            UnitKind::Container { id, pod: Some(uid), .. } => {
                let entry = self.pods.get(&uid.0)?;
                let container = entry
                    .containers
                    .get(&id.0)
                    .cloned()
                    .or_else(|| looks_like_sandbox(entry, values).then(sandbox));
                Some(Identity { pod: Some(entry.info.clone()), container })
            }
            _ => None,
        }
    }
}

/// A container that its pod does not list is the pause container, unless it carries the mark that the kubelet
/// sets on application containers (`memory.oom.group`): then it is one whose status has not come through yet.
/// Source: measured on kubelet 1.36 with both drivers, 11 sandboxes and 18 containers each.
fn looks_like_sandbox(entry: &Entry, values: &Values) -> bool {
    !entry.containers.is_empty() && values.get(Field::MemoryOomGroup) != Some(1)
}

fn sandbox() -> Arc<ContainerInfo> {
    Arc::new(ContainerInfo {
        name: "".into(),
        image: "".into(),
        role: ContainerRole::Sandbox,
        ..ContainerInfo::default()
    })
}

fn entry_of(pod: &Pod<'_>, allowed: &[String]) -> Option<(Box<str>, Entry)> {
    let meta = &pod.metadata;
    // The API's mirror of a static pod has a UID of its own; its cgroup carries the hash.
    let static_hash = meta
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.config_mirror.as_ref().and(annotations.config_hash.as_ref()));
    let uid = static_hash.or(meta.uid.as_ref())?;
    let mut labels: Vec<(Box<str>, Box<str>)> = meta
        .labels
        .iter()
        .flatten()
        .filter(|(key, _)| allowed.iter().any(|allowed| *allowed == **key))
        .map(|(key, value)| ((**key).into(), (**value).into()))
        .collect();
    labels.sort();
    let text = |value: &Option<std::borrow::Cow<'_, str>>| value.as_deref().unwrap_or_default().into();
    let info = PodInfo {
        namespace: text(&meta.namespace),
        name: text(&meta.name),
        uid: (**uid).into(),
        node: text(&pod.spec.node_name),
        host_network: pod.spec.host_network.unwrap_or(false),
        labels,
        start_time: pod.status.start_time.as_deref().and_then(rfc3339_seconds),
        ..PodInfo::default()
    };
    let sidecars: Vec<&str> = pod
        .spec
        .init_containers
        .iter()
        .flatten()
        .filter(|container| container.restart_policy.as_deref() == Some("Always"))
        .filter_map(|container| container.name.as_deref())
        .collect();
    let init_role = |name: &str| {
        if sidecars.contains(&name) { ContainerRole::Sidecar } else { ContainerRole::Init }
    };
    let mut containers = HashMap::new();
    let mut add = |statuses: &Option<Vec<ContainerStatus<'_>>>, role: &dyn Fn(&str) -> ContainerRole| {
        for status in statuses.iter().flatten() {
            let name = status.name.as_deref().unwrap_or_default();
            let info = Arc::new(ContainerInfo {
                name: name.into(),
                image: text(&status.image),
                role: role(name),
                restart_count: status.restart_count.unwrap_or(0),
                ..ContainerInfo::default()
            });
            let last = status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
            let ids = [status.container_id.as_deref(), last.and_then(|last| last.container_id.as_deref())];
            for id in ids.into_iter().flatten() {
                // containerd://ID
                let id = id.rsplit("://").next().unwrap_or(id);
                if !id.is_empty() {
                    containers.insert(id.into(), info.clone());
                }
            }
        }
    };
    add(&pod.status.container_statuses, &|_| ContainerRole::App);
    add(&pod.status.init_container_statuses, &init_role);
    add(&pod.status.ephemeral_container_statuses, &|_| ContainerRole::Ephemeral);
    Some((info.uid.clone(), Entry { info: Arc::new(info), containers }))
}

/// `2026-11-21T00:52:16Z` to seconds since the epoch; other offsets than Z are not written by Kubernetes.
fn rfc3339_seconds(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !text.ends_with('Z') || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970-01-01 in the proleptic Gregorian calendar, years counted from March.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::identity::{ContainerId, PodUid, QosClass, Runtime};
    use proptest::prelude::*;

    const LIST: &str = r#"{"kind":"PodList","items":[
      {"metadata":{"name":"web","namespace":"shop","uid":"u-1","labels":{"app":"web","secret":"x"}},
       "spec":{"nodeName":"n1","initContainers":[{"name":"setup"},{"name":"proxy","restartPolicy":"Always"}]},
       "status":{"startTime":"2026-11-21T00:52:16Z",
        "containerStatuses":[{"name":"main","image":"web:1","containerID":"containerd://c-main","restartCount":2,
          "lastState":{"terminated":{"containerID":"containerd://c-old"}}},{"name":"waiting"}],
        "initContainerStatuses":[{"name":"setup","containerID":"containerd://c-setup"},
          {"name":"proxy","containerID":"containerd://c-proxy"}]}},
      {"metadata":{"name":"static-n1","namespace":"kube-system","uid":"api-uid",
        "annotations":{"kubernetes.io/config.hash":"hash","kubernetes.io/config.mirror":"hash"}}},
      {"metadata":{"name":"no-uid"}}]}"#;

    fn container(uid: &str, id: &str) -> Cgroup {
        let kind = UnitKind::Container {
            id: ContainerId(id.into()),
            pod: Some(PodUid(uid.into())),
            runtime: Runtime::Containerd,
        };
        Cgroup { path: "/x".into(), kind }
    }

    #[test]
    fn roles_and_names() {
        let directory = Directory::parse("list", LIST.as_bytes(), &["app".to_owned()], 1).unwrap();
        let role_of = |id: &str, oom_group: Option<u64>| {
            let mut values = Values::default();
            if let Some(group) = oom_group {
                values.set(Field::MemoryOomGroup, group);
            }
            let identity = directory.resolve(&container("u-1", id), &values).unwrap();
            identity.container.map(|container| (container.name.to_string(), container.role))
        };
        assert_eq!(role_of("c-main", None), Some(("main".to_owned(), ContainerRole::App)));
        assert_eq!(role_of("c-old", None), Some(("main".to_owned(), ContainerRole::App)));
        assert_eq!(role_of("c-setup", None), Some(("setup".to_owned(), ContainerRole::Init)));
        assert_eq!(role_of("c-proxy", None), Some(("proxy".to_owned(), ContainerRole::Sidecar)));
        assert_eq!(role_of("c-pause", Some(0)), Some((String::new(), ContainerRole::Sandbox)));
        assert_eq!(role_of("c-new", Some(1)), None, "an application container not listed yet");
        let pod = Cgroup {
            path: "/p".into(),
            kind: UnitKind::Pod { uid: PodUid("u-1".into()), qos: QosClass::Burstable },
        };
        let info = directory.resolve(&pod, &Values::default()).unwrap().pod.unwrap();
        assert_eq!((&*info.namespace, &*info.name, info.start_time), ("shop", "web", Some(1_795_222_336)));
        assert_eq!(info.labels, [("app".into(), "web".into())]);
    }

    #[test]
    fn a_mirror_pod_is_found_by_its_config_hash() {
        let directory = Directory::parse("list", LIST.as_bytes(), &[], 1).unwrap();
        assert_eq!(directory.len(), 2);
        let found = directory.resolve(&container("hash", "any"), &Values::default()).unwrap();
        assert_eq!(&*found.pod.unwrap().name, "static-n1");
        assert!(directory.resolve(&container("api-uid", "any"), &Values::default()).is_none());
    }

    #[test]
    fn a_document_that_is_no_pod_list_says_where() {
        let error = Directory::parse("pods.json", b"<html>", &[], 1).unwrap_err().to_string();
        assert!(error.starts_with("pods.json: is not a Kubernetes pod list"), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(text in proptest::collection::vec(any::<u8>(), 0..200), time in ".{0,30}") {
            let _refused = Directory::parse("x", &text, &[], 1);
            rfc3339_seconds(&time);
        }
    }
}
