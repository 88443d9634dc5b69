//! The pod that the agent runs in, as far as it can be known: by configuration, by the downward API, or by what the
//! kernel and the kubelet's mounts tell.

use anyhow::Context;

use crate::config::Config;
use crate::config::sidecar::is_pod_uid;
use crate::identity::Directory;
use crate::model::identity::{PodInfo, PodUid};
use crate::source::cgroup::mounts::{self, Place};
use crate::source::cgroup::{grammar, kubepods};

/// Looks up a variable of the environment.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's own environment.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Our own pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OwnPod {
    pub(super) uid: Option<PodUid>,
    /// What told the UID.
    pub(super) uid_from: &'static str,
    pub(super) namespace: Option<Box<str>>,
    pub(super) name: Option<Box<str>>,
    /// The pod has the node's network: what its interfaces count is not its own.
    pub(super) host_network: bool,
}

impl OwnPod {
    /// `place` is the hierarchy that is read, where there is one.
    pub(super) fn find(config: &Config, environment: Environment<'_>, place: Option<&Place>) -> OwnPod {
        let (uid, uid_from) = uid(config, environment, place);
        let given = |key: &Option<String>, variable| key.clone().or_else(|| environment(variable));
        let (pod_ip, host_ip) = (environment("POD_IP"), environment("HOST_IP"));
        OwnPod {
            uid,
            uid_from,
            namespace: given(&config.sidecar.pod_namespace, "POD_NAMESPACE").map(Into::into),
            name: given(&config.sidecar.pod_name, "POD_NAME").map(Into::into),
            host_network: pod_ip.is_some() && pod_ip == host_ip,
        }
    }

    /// The pod as the downward API describes it; `None` unless UID, namespace and name are all known.
    pub(super) fn info(&self, node: &str) -> Option<PodInfo> {
        Some(PodInfo {
            namespace: self.namespace.clone()?,
            name: self.name.clone()?,
            uid: (*self.uid.as_ref()?.0).into(),
            node: node.into(),
            host_network: self.host_network,
            ..PodInfo::default()
        })
    }

    /// The names of this one pod, until a pod list gives better ones.
    pub(super) fn directory(&self, node: &str) -> anyhow::Result<Option<Directory>> {
        let Some(info) = self.info(node) else { return Ok(None) };
        let list = serde_json::json!({ "items": [{
            "metadata": { "namespace": info.namespace, "name": info.name, "uid": info.uid },
            "spec": { "nodeName": node, "hostNetwork": self.host_network },
        }]});
        let text = serde_json::to_vec(&list).context("the own pod's names")?;
        Ok(Some(Directory::parse("the downward API", &text, &[], 0)?))
    }
}

fn uid(
    config: &Config,
    environment: Environment<'_>,
    place: Option<&Place>,
) -> (Option<PodUid>, &'static str) {
    if let Some(uid) = &config.sidecar.pod_uid {
        return (Some(PodUid(uid.as_str().into())), "sidecar.pod_uid");
    }
    if let Some(uid) = environment("POD_UID").filter(|uid| is_pod_uid(uid)) {
        return (Some(PodUid(uid.into())), "POD_UID");
    }
    let own = config.paths.procfs.join("self");
    let read = |name: &str| std::fs::read_to_string(own.join(name)).unwrap_or_default();
    // A privileged container has the host's cgroup namespace: its own path is whole.
    if let Some(uid) = grammar::pod_in(read("cgroup").trim_end()) {
        return (Some(uid), "/proc/self/cgroup");
    }
    let mountinfo = read("mountinfo");
    if let Some(uid) = mounts::pod_in_mountinfo(&mountinfo) {
        return (Some(uid), "the kubelet's mounts");
    }
    let found = place.filter(|place| !place.is_own_leaf).and_then(|place| {
        let leaf = place.mounts.own.as_deref().filter(|leaf| mounts::is_leaf(leaf))?;
        kubepods::find_pod_of_leaf(&place.root, leaf)
    });
    let from = if found.is_some() { "the own cgroup's inode" } else { "" };
    (found, from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::Values;
    use crate::model::identity::{Cgroup, QosClass, UnitKind};

    const UID: &str = "18451618-ada8-4b1c-a71e-5d336ca178d6";

    fn host() -> (tempfile::TempDir, Config) {
        let host = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(host.path().join("proc/self")).unwrap();
        let mut config = Config::default();
        config.paths.procfs = host.path().join("proc");
        (host, config)
    }

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn the_nearest_word_on_the_uid_wins() {
        let (host, mut config) = host();
        let found = |config: &Config, environment: Environment<'_>| {
            let own = OwnPod::find(config, environment, None);
            (own.uid.map(|uid| uid.0.to_string()), own.uid_from)
        };
        assert_eq!(found(&config, &none), (None, ""));
        let mounts = "1 1 254:0 /var/lib/kubelet/pods/569b0171e17fdb1d6d087d02cbba0832/etc-hosts /etc/hosts rw - ext4 x rw\n";
        std::fs::write(host.path().join("proc/self/mountinfo"), mounts).unwrap();
        assert_eq!(found(&config, &none).1, "the kubelet's mounts");
        std::fs::write(host.path().join("proc/self/cgroup"), format!("0::/kubepods/pod{UID}/x\n")).unwrap();
        assert_eq!(found(&config, &none), (Some(UID.to_owned()), "/proc/self/cgroup"));
        // An unexpanded variable is no UID.
        let wrong = |name: &str| (name == "POD_UID").then(|| "$(POD_UID)".to_owned());
        assert_eq!(found(&config, &wrong).1, "/proc/self/cgroup");
        let given = |name: &str| (name == "POD_UID").then(|| UID.to_owned());
        assert_eq!(found(&config, &given).1, "POD_UID");
        config.sidecar.pod_uid = Some(UID.to_owned());
        assert_eq!(found(&config, &given).1, "sidecar.pod_uid");
    }

    #[test]
    fn the_downward_api_names_the_pods_cgroup() {
        let (_host, config) = host();
        let environment = |name: &str| {
            let value = match name {
                "POD_UID" => UID,
                "POD_NAME" => "web-0",
                "POD_NAMESPACE" => "shop",
                "POD_IP" | "HOST_IP" => "10.0.0.7",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let own = OwnPod::find(&config, &environment, None);
        assert!(own.host_network, "its address is the node's");
        let directory = own.directory("n1").unwrap().unwrap();
        let kind = UnitKind::Pod { uid: PodUid(UID.into()), qos: QosClass::Burstable };
        let found = directory.resolve(&Cgroup { path: "/x".into(), kind }, &Values::default()).unwrap();
        let pod = found.pod.unwrap();
        assert_eq!((&*pod.namespace, &*pod.name, &*pod.node), ("shop", "web-0", "n1"));
        assert_eq!(OwnPod::default().directory("n1").unwrap().map(|directory| directory.len()), None);
    }
}
