//! What all sidecars have in common, before a pod asks for something else.

use std::collections::BTreeMap;

use super::class::Class;

/// The container's name; whoever has it already is left alone.
pub(super) const NAME: &str = "podometer";
/// The volume of the view `host`.
pub(super) const VOLUME: &str = "podometer-cgroup";
/// Where the agent listens unless something else does.
pub(super) const PORT: u16 = 9758;

/// The same for the command and the webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub image: String,
    pub form: Form,
    pub view: View,
    /// Why containers may see each other's processes; without a reason they do not.
    pub share_processes: Option<String>,
    /// `None`: the usual one, or the next that is free.
    pub port: Option<u16>,
    pub resources: Resources,
    pub classes: BTreeMap<String, Class>,
    /// The class of pods that name none; may be missing.
    pub default_class: String,
    pub existing: Existing,
    /// Major and minor version of the cluster, where it is known.
    pub cluster: Option<(u32, u32)>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            image: concat!("podometer:", env!("CARGO_PKG_VERSION")).to_owned(),
            form: Form::Native,
            view: View::NodeAgent,
            share_processes: None,
            port: None,
            resources: Resources::default(),
            classes: BTreeMap::new(),
            default_class: "default".to_owned(),
            existing: Existing::Replace,
            cluster: None,
        }
    }
}

/// What kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An initContainer that is always restarted: Kubernetes 1.29 or newer. It ends after the application, and no Job
    /// waits for it.
    Native,
    /// One beside the application's, for older clusters.
    Container,
}

impl Form {
    /// The first version of Kubernetes with it, switched on; older ones wait for a native sidecar's end for ever.
    pub(super) const fn since(self) -> (u32, u32) {
        match self {
            Form::Native => (1, 29),
            Form::Container => (1, 0),
        }
    }
}

/// How the sidecar comes to see its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// It does not: its own container, the pod's network and what stands beside the application.
    Own,
    /// It asks the node's agent.
    NodeAgent,
    /// It has the host's cgroups mounted, which the baseline of pod security refuses.
    Host,
}

impl View {
    /// In the order of what they need.
    pub const ALL: [(&str, View); 3] =
        [("own", View::Own), ("node-agent", View::NodeAgent), ("host", View::Host)];
}

/// As Kubernetes writes quantities; empty ones are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resources {
    pub requests_cpu: String,
    pub requests_memory: String,
    pub limits_cpu: String,
    pub limits_memory: String,
}

impl Resources {
    pub(super) fn none() -> Resources {
        let none = String::new;
        Resources { requests_cpu: none(), requests_memory: none(), limits_cpu: none(), limits_memory: none() }
    }
}

impl Default for Resources {
    fn default() -> Resources {
        Resources {
            requests_cpu: "10m".to_owned(),
            requests_memory: "32Mi".to_owned(),
            limits_cpu: "100m".to_owned(),
            limits_memory: "64Mi".to_owned(),
        }
    }
}

/// What becomes of a sidecar of ours that is not as it would be now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Who runs the command wants the new one.
    Replace,
    /// Who wrote it into a template meant it, and the webhook comes after them.
    Keep,
}
