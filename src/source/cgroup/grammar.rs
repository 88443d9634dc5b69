//! What a cgroup is, read from its path alone.
//!
//! Knows both kubelet cgroup drivers, a `--cgroup-root` prefix (kind, minikube), kubepods nested inside a
//! container, and the leaf names of containerd, CRI-O, docker and podman. Strict on purpose: a name that is
//! not exactly of a known form is `Other`, so that nothing is filed under a pod it does not belong to.
//! Source: kubelet `pkg/kubelet/cm` cgroup naming; recorded trees of both drivers.

use crate::model::identity::{ContainerId, PodUid, QosClass, Runtime, UnitKind};

/// Where in the tree the walk stands.
#[derive(Clone, Debug)]
enum Place<'a> {
    Outside,
    /// Below `kubepods`; `stem` is its name without `.slice`, `systemd` tells the driver.
    AllPods {
        stem: &'a str,
        systemd: bool,
    },
    Qos {
        stem: &'a str,
        systemd: bool,
        qos: QosClass,
    },
    Pod(PodUid),
    /// Inside a container: inner cgroups are its own affair.
    Container,
}

/// Classifies a path below the cgroup mount, such as `/kubepods.slice/...`. A leading `/..` chain, which a
/// reader in a private cgroup namespace sees, is passed over.
pub fn classify(path: &str) -> UnitKind {
    let mut place = Place::Outside;
    let mut kind = UnitKind::Root;
    let mut parent = "";
    for name in path.split('/').filter(|name| !name.is_empty() && *name != "..") {
        (kind, place) = step(&place, parent, name);
        parent = name;
    }
    kind
}

/// The pod that a path belongs to, also where its beginning is missing: a process in another cgroup namespace
/// is shown as `/../../kubepods-burstable-podUID.slice/...`, cut somewhere above the pod.
pub fn pod_in(path: &str) -> Option<PodUid> {
    match classify(path) {
        UnitKind::Pod { uid, .. } | UnitKind::Container { pod: Some(uid), .. } => return Some(uid),
        _ => {}
    }
    path.split('/').rev().find_map(|name| {
        if let Some(slice) = name.strip_suffix(".slice") {
            let (stem, pod) = slice.rsplit_once("-pod")?;
            let known =
                stem.ends_with("kubepods") || stem.ends_with("-burstable") || stem.ends_with("-besteffort");
            return known.then(|| pod_uid(pod)).flatten();
        }
        pod_uid(name.strip_prefix("pod")?)
    })
}

/// A container beside the reader's own, as `/proc/PID/cgroup` shows it in a shared process namespace: one step
/// up from the reader's own cgroup, then the container's directory, then what it made inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sibling<'a> {
    /// The container's directory.
    pub name: &'a str,
    pub id: ContainerId,
    pub runtime: Runtime,
    /// Below the container's directory; empty for the directory itself.
    pub inner: &'a str,
}

/// Reads `/../cri-containerd-ID.scope` and `/../ID`. More steps up lead to other pods.
pub fn sibling(path: &str) -> Option<Sibling<'_>> {
    let below = path.strip_prefix("/../")?;
    let (name, inner) = below.split_once('/').unwrap_or((below, ""));
    let (id, runtime) = container(name).or_else(|| bare_container(name))?;
    Some(Sibling { name, id, runtime, inner })
}

fn step<'a>(place: &Place<'a>, parent: &str, name: &'a str) -> (UnitKind, Place<'a>) {
    if let Place::Outside | Place::Container = place
        && let Some((stem, systemd)) = all_pods(parent, name)
    {
        return (UnitKind::AllPods, Place::AllPods { stem, systemd });
    }
    match place {
        Place::Outside => outside(parent, name),
        Place::AllPods { stem, systemd } => below_kubepods(stem, *systemd, None, name),
        Place::Qos { stem, systemd, qos } => below_kubepods(stem, *systemd, Some(*qos), name),
        Place::Pod(uid) => match container(name).or_else(|| bare_container(name)) {
            Some((id, runtime)) => {
                let kind = UnitKind::Container { id, pod: Some(uid.clone()), runtime };
                (kind, Place::Container)
            }
            None => (UnitKind::Other, Place::Container),
        },
        Place::Container => (UnitKind::Other, Place::Container),
    }
}

/// `kubepods`, `kubepods.slice`, or `PREFIX-kubepods.slice` directly below `PREFIX.slice`.
fn all_pods<'a>(parent: &str, name: &'a str) -> Option<(&'a str, bool)> {
    if name == "kubepods" {
        return Some((name, false));
    }
    let stem = name.strip_suffix(".slice")?;
    if stem == "kubepods" {
        return Some((stem, true));
    }
    let prefix = stem.strip_suffix("-kubepods")?;
    (parent.strip_suffix(".slice") == Some(prefix)).then_some((stem, true))
}

fn below_kubepods<'a>(
    stem: &'a str,
    systemd: bool,
    qos: Option<QosClass>,
    name: &'a str,
) -> (UnitKind, Place<'a>) {
    // systemd names repeat the whole chain: kubepods-burstable-podUID.slice.
    let own = if systemd {
        name.strip_suffix(".slice").and_then(|slice| slice.strip_prefix(stem)?.strip_prefix('-'))
    } else {
        Some(name)
    };
    let Some(own) = own else { return plain(name) };
    let class_word = match qos {
        Some(QosClass::Burstable) => "burstable-",
        Some(QosClass::BestEffort) => "besteffort-",
        Some(QosClass::Guaranteed) | None => "",
    };
    let pod = if systemd { own.strip_prefix(class_word) } else { Some(own) };
    if let Some(uid) = pod.and_then(|pod| pod_uid(pod.strip_prefix("pod")?)) {
        let qos = qos.unwrap_or(QosClass::Guaranteed);
        return (UnitKind::Pod { uid: uid.clone(), qos }, Place::Pod(uid));
    }
    let class = match own {
        "burstable" => QosClass::Burstable,
        "besteffort" => QosClass::BestEffort,
        _ => return plain(name),
    };
    if qos.is_some() {
        return plain(name);
    }
    (UnitKind::Qos(class), Place::Qos { stem, systemd, qos: class })
}

fn outside<'a>(parent: &str, name: &'a str) -> (UnitKind, Place<'a>) {
    let bare = || {
        let runtime = match parent {
            "docker" => Runtime::Docker,
            "libpod_parent" => Runtime::Podman,
            "default" | "k8s.io" | "moby" => Runtime::Containerd,
            _ => return None,
        };
        container_id(name).map(|id| (id, runtime))
    };
    if let Some((pod, id)) = colon_form(name) {
        return (UnitKind::Container { id, pod: Some(pod), runtime: Runtime::Containerd }, Place::Container);
    }
    if let Some((id, runtime)) = container(name).or_else(bare) {
        return (UnitKind::Container { id, pod: None, runtime }, Place::Container);
    }
    plain(name)
}

/// `kubepods-burstable-podUID.slice:cri-containerd:ID`: what containerd makes when the kubelet uses systemd
/// and containerd does not.
fn colon_form(name: &str) -> Option<(PodUid, ContainerId)> {
    let (slice, rest) = name.split_once(':')?;
    let (_, id) = rest.split_once(':')?;
    let own = slice.strip_suffix(".slice")?.strip_prefix("kubepods-")?;
    let pod = own.strip_prefix("burstable-").or_else(|| own.strip_prefix("besteffort-")).unwrap_or(own);
    Some((pod_uid(pod.strip_prefix("pod")?)?, container_id(id)?))
}

fn plain(name: &str) -> (UnitKind, Place<'_>) {
    let kind = if name.ends_with(".slice") {
        UnitKind::Slice
    } else if name.ends_with(".service") {
        UnitKind::Service
    } else if name.ends_with(".scope") {
        UnitKind::Scope
    } else {
        UnitKind::Other
    };
    (kind, Place::Outside)
}

/// A leaf whose name carries its runtime: `cri-containerd-ID.scope`, `crio-ID`, `libpod-ID.scope`, ...
fn container(name: &str) -> Option<(ContainerId, Runtime)> {
    const PREFIXES: [(&str, Runtime); 5] = [
        ("cri-containerd-", Runtime::Containerd),
        ("crio-", Runtime::CriO),
        ("docker-", Runtime::Docker),
        ("libpod-", Runtime::Podman),
        ("nerdctl-", Runtime::Containerd),
    ];
    let stem = name.strip_suffix(".scope").unwrap_or(name);
    PREFIXES.iter().find_map(|(prefix, runtime)| Some((container_id(stem.strip_prefix(prefix)?)?, *runtime)))
}

fn bare_container(name: &str) -> Option<(ContainerId, Runtime)> {
    container_id(name).map(|id| (id, Runtime::Unnamed))
}

/// 64 hex digits.
fn container_id(text: &str) -> Option<ContainerId> {
    (text.len() == 64 && text.bytes().all(is_hex)).then(|| ContainerId(text.into()))
}

/// A UUID with dashes or, under systemd, underscores; or the 32 hex digits of a static pod.
pub(super) fn pod_uid(text: &str) -> Option<PodUid> {
    let bytes = text.as_bytes();
    let fits = match bytes.len() {
        32 => bytes.iter().copied().all(is_hex),
        36 => bytes.iter().enumerate().all(|(at, &byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-' || byte == b'_',
            _ => is_hex(byte),
        }),
        _ => false,
    };
    fits.then(|| PodUid(text.replace('_', "-").into()))
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

#[cfg(test)]
#[path = "grammar_tests.rs"]
mod tests;
