//! The recorded nodes of both cgroup drivers, named through the API: every pod and every container.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use podometer::identity::Directory;
use podometer::model::field::{Field, Values};
use podometer::model::identity::{
    Cgroup, ContainerId, ContainerRole, PodInfo, PodUid, QosClass, Runtime, UnitKind,
};
use podometer::model::workload::Amounts;
use serde_json::Value;

use super::api_server::{ApiServer, PODS};
use super::follower::{Follower, until};
use super::truth::recording;

fn resolve(directory: &Directory, uid: &str, id: &str) -> Option<(String, String)> {
    let (id, pod) = (ContainerId(id.into()), Some(PodUid(uid.into())));
    let kind = UnitKind::Container { id, pod, runtime: Runtime::Containerd };
    let mut values = Values::default();
    values.set(Field::MemoryOomGroup, 1);
    let identity = directory.resolve(&Cgroup { path: "/x".into(), kind }, &values)?;
    Some((identity.pod?.name.to_string(), identity.container?.name.to_string()))
}

/// The UID that the cgroup carries.
fn cgroup_uid(pod: &Value) -> String {
    let metadata = &pod["metadata"];
    let hash = &metadata["annotations"]["kubernetes.io/config.hash"];
    hash.as_str().unwrap_or(metadata["uid"].as_str().unwrap()).to_owned()
}

async fn followed(driver: &str) -> Option<(Arc<Directory>, Vec<Value>)> {
    let folder = recording(driver)?;
    let text = std::fs::read(folder.join("api-pods.json")).unwrap();
    let mut list: Value = serde_json::from_slice(&text).unwrap();
    let Value::Array(pods) = list["items"].take() else { panic!("{driver}: no pods") };
    let server = ApiServer::start().await;
    // Half of them are there from the start, half come while they are watched.
    let (first, second) = pods.split_at(pods.len() / 2);
    first.iter().for_each(|pod| server.put(PODS, pod.clone()));
    let follower = Follower::of(&server);
    until("watch", || server.watches().len() == 1).await;
    second.iter().for_each(|pod| server.put(PODS, pod.clone()));
    until("all pods", || follower.out.load().len() == pods.len()).await;
    Some((follower.out.load_full(), pods))
}

async fn every_pod_and_container_has_its_name(driver: &str) {
    let Some((directory, pods)) = followed(driver).await else { return };
    let mut containers = 0;
    for pod in &pods {
        let (uid, name) = (cgroup_uid(pod), pod["metadata"]["name"].as_str().unwrap());
        let info = directory.pod(&uid).unwrap_or_else(|| panic!("{name}: {uid} is not known"));
        assert_eq!((&*info.name, &*info.node), (name, "vm"));
        assert_eq!(info.phase.name(), pod["status"]["phase"].as_str().unwrap());
        assert_eq!(info.qos.map(QosClass::name), pod["status"]["qosClass"].as_str());
        for kind in ["containerStatuses", "initContainerStatuses"] {
            for status in pod["status"][kind].as_array().into_iter().flatten() {
                let id = status["containerID"].as_str().unwrap().trim_start_matches("containerd://");
                let found = resolve(&directory, &uid, id);
                assert_eq!(found, Some((name.to_owned(), status["name"].as_str().unwrap().to_owned())));
                containers += 1;
            }
        }
        assert_eq!(sums(info), sums_said(pod), "{name}");
    }
    assert!(containers >= 18, "{containers}");
    let withinit = directory.pods().find(|info| &*info.name == "withinit").unwrap();
    let roles: Vec<ContainerRole> = withinit.containers.iter().map(|container| container.role).collect();
    assert_eq!(roles, [ContainerRole::Init, ContainerRole::Sidecar, ContainerRole::App]);
    let fixed = directory.pods().find(|info| &*info.name == "static-two-vm").unwrap();
    assert_eq!(&*fixed.owner.as_ref().unwrap().kind, "Node");
    let oom = directory.pods().find(|info| &*info.name == "oom").unwrap();
    let restarts: BTreeMap<&str, u32> =
        oom.containers.iter().map(|container| (&*container.name, container.restart_count)).collect();
    assert!(restarts["hog"] > 0 && restarts["crash"] > 0, "{restarts:?}");
}

fn sums(info: &PodInfo) -> [Option<u64>; 4] {
    let Amounts { cpu_millicores, memory_bytes } = info.resources.sums.requests;
    let limits = info.resources.sums.limits;
    [cpu_millicores, memory_bytes, limits.cpu_millicores, limits.memory_bytes]
}

/// The sums by the specification: nobody resized these pods.
fn sums_said(pod: &Value) -> [Option<u64>; 4] {
    let amount = |text: &str| -> u64 {
        if let Some(mebibytes) = text.strip_suffix("Mi") {
            return mebibytes.parse::<u64>().unwrap() << 20;
        }
        text.strip_suffix('m').unwrap_or_else(|| panic!("{text}")).parse().unwrap()
    };
    let is_sidecar = |container: &&Value| container["restartPolicy"] == "Always";
    let init = pod["spec"]["initContainers"].as_array().into_iter().flatten().filter(is_sidecar);
    let beside: Vec<&Value> = pod["spec"]["containers"].as_array().unwrap().iter().chain(init).collect();
    [("requests", "cpu"), ("requests", "memory"), ("limits", "cpu"), ("limits", "memory")].map(
        |(kind, what)| {
            let said = beside.iter().filter_map(|container| container["resources"][kind][what].as_str());
            said.map(amount).reduce(|a, b| a + b)
        },
    )
}

#[tokio::test]
async fn every_pod_of_the_systemd_driver() {
    every_pod_and_container_has_its_name("systemd").await;
}

#[tokio::test]
async fn every_pod_of_the_cgroupfs_driver() {
    every_pod_and_container_has_its_name("cgroupfs").await;
}

#[tokio::test]
async fn the_kubelet_and_the_api_know_the_same_pods() {
    for driver in ["systemd", "cgroupfs"] {
        let Some((directory, _)) = followed(driver).await else { return };
        let text = std::fs::read(recording(driver).unwrap().join("pods.json")).unwrap();
        let kubelet = Directory::parse("pods.json", &text, &[], 1).unwrap();
        let key = |info: &Arc<PodInfo>| {
            (info.uid.to_string(), info.name.to_string(), info.owner.clone().map(|o| o.name))
        };
        let of = |directory: &Directory| directory.pods().map(key).collect::<BTreeSet<_>>();
        assert_eq!(of(&directory), of(&kubelet), "{driver}");
    }
}
