//! What `check` says of how much can be seen. A sidecar that looks at its own cgroup and takes it for the pod is the
//! failure that this program was made for: it is named, with the lines that mend it.

use crate::agent::own_pod::OwnPod;
use crate::agent::sampling::Sight;
use crate::agent::scope::View;
use crate::agent::sidecar;
use crate::cli::check::{Finding, Group, State};
use crate::config::Config;
use crate::model::scope::Scope;
use crate::model::stamp::Stamp;
use crate::source::node_agent::NodeAgent;
use crate::source::procfs::read_own_interfaces;

const HOST_MOUNT: &str = "in the pod: volumes: [{name: cgroup, hostPath: {path: /sys/fs/cgroup, type: Directory}}]; in this \
    container: volumeMounts: [{name: cgroup, mountPath: /host/sys/fs/cgroup, readOnly: true}] and env: [{name: \
    PODOMETER__AGENT__MODE, value: sidecar}, {name: PODOMETER__PATHS__CGROUP, value: /host/sys/fs/cgroup}]";
const SHARED_PROCESSES: &str = "in the pod: shareProcessNamespace: true, and this container as the application's user: \
    securityContext: {runAsUser: UID}";
const DOWNWARD_API: &str = "in this container: env: [{name: POD_UID, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}, {name: \
    POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: \
    metadata.namespace}}}]";
const NODE_AGENT: &str = "in this container: env: [{name: HOST_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}], and the \
    node's agent with server.listen: 0.0.0.0:9758, server.tls and server.bearer_token_file; or set sidecar.node_agent.url";

/// One group; `None` where the whole machine is seen and no sidecar is meant.
pub(super) fn examine(config: &Config, sight: &Sight) -> Option<Group> {
    let own = sight.sidecar()?;
    let siblings = matches!(sight.tree.scope(), Scope::Siblings(_));
    let peer = node_agent(config, &own);
    let is_blind = !siblings && peer.state != State::Ok;
    let mut findings = vec![view(sight, siblings, is_blind)];
    if !matches!(sight.choice.view, View::Pod(..)) {
        findings.push(host_mount());
        findings.push(processes(sight, siblings));
        findings.push(peer);
    }
    findings.push(own_pod(&own));
    findings.push(network(config, &own));
    Some(Group { source: "sidecar", essential: true, findings })
}

fn view(sight: &Sight, siblings: bool, is_blind: bool) -> Finding {
    match &sight.choice.view {
        View::Pod(root, uid) if sight.tree.order().is_empty() => {
            let detail = format!("{}: no pod {uid} in it", root.display());
            Finding::new("the pod's cgroup", State::Missing, detail)
                .remedy("give this pod's own UID (POD_UID or sidecar.pod_uid), and mount the host's whole /sys/fs/cgroup")
        }
        View::Pod(root, uid) => {
            let detail = format!("{}: pod {uid}, as from the node", root.display());
            Finding::new("the pod's cgroup", State::Ok, detail)
        }
        View::Remote => Finding::new(
            "the pod's cgroup",
            State::Degraded,
            "there is no cgroup v2 hierarchy here; others are asked",
        ),
        View::Siblings(root) | View::OwnContainer(root) | View::Node(root) => {
            let state = if is_blind { State::Missing } else { State::Degraded };
            let root = root.display();
            let rest = if siblings { "; the others of the pod are read one by one" } else { "" };
            let detail = format!(
                "{root} is the cgroup of this container alone (a private cgroup namespace): every figure in it is this \
                 one container's, never the pod's, which looks many times too small by it{rest}"
            );
            Finding::new("the pod's cgroup", state, detail).remedy("any one of the three below shows the pod")
        }
    }
}

fn host_mount() -> Finding {
    Finding::new(
        "1. the host's mount",
        State::Degraded,
        "not there: the whole pod, exact and ten times a second",
    )
    .remedy(HOST_MOUNT)
}

fn processes(sight: &Sight, siblings: bool) -> Finding {
    let what = "2. shared processes";
    let denied = sight.tree.stats().denied_siblings;
    let shared = matches!(sight.choice.view, View::Siblings(_));
    match (shared, siblings, denied.unwrap_or(0)) {
        (false, ..) => Finding::new(what, State::Degraded, "not there: each container of the pod, exact")
            .remedy(SHARED_PROCESSES),
        (true, true, 0) => Finding::new(what, State::Ok, "every other container of the pod is read"),
        (true, _, denied) => {
            let detail = if siblings {
                format!("{denied} containers run as another user and cannot be read")
            } else {
                format!("no container can be read; {denied} run as another user")
            };
            Finding::new(what, State::Degraded, detail)
                .remedy("run this container as the application's user: securityContext: {runAsUser: UID}")
        }
    }
}

fn node_agent(config: &Config, own: &OwnPod) -> Finding {
    let what = "3. the node's agent";
    let Some(address) = sidecar::node_agent_address(config) else {
        return Finding::new(what, State::Degraded, "its address is not known, so it is not asked")
            .remedy(NODE_AGENT);
    };
    let Some(uid) = own.uid.clone() else {
        let detail = format!("{address}: not asked, because this pod's UID is not known");
        return Finding::new(what, State::Degraded, detail).remedy(DOWNWARD_API);
    };
    let asked = tokio::runtime::Builder::new_current_thread().enable_all().build().map(|runtime| {
        runtime.block_on(async {
            let mut agent = NodeAgent::new(&config.sidecar.node_agent, &address, uid, &[])?;
            agent.fetch(Stamp::default).await
        })
    });
    match asked {
        Ok(Ok(reading)) => {
            let containers = reading.units.len().saturating_sub(1);
            Finding::new(what, State::Ok, format!("{address}: tells of this pod and {containers} containers"))
        }
        Ok(Err(error)) => {
            let text = error.to_string();
            let (detail, remedy) = text.split_once("; ").unwrap_or((&text, NODE_AGENT));
            Finding::new(what, State::Degraded, detail).remedy(remedy)
        }
        Err(error) => Finding::new(what, State::Degraded, format!("{address}: {error}")).remedy(NODE_AGENT),
    }
}

fn own_pod(own: &OwnPod) -> Finding {
    let what = "own pod";
    match (&own.uid, &own.namespace, &own.name) {
        (Some(uid), Some(namespace), Some(name)) => {
            Finding::new(what, State::Ok, format!("{namespace}/{name}, {uid} by {}", own.uid_from))
        }
        (Some(uid), ..) => {
            let detail = format!("{uid} by {}; its name is not known", own.uid_from);
            Finding::new(what, State::Degraded, detail).remedy(DOWNWARD_API)
        }
        (None, ..) => Finding::new(what, State::Degraded, "not known").remedy(DOWNWARD_API),
    }
}

fn network(config: &Config, own: &OwnPod) -> Finding {
    let what = "network";
    if own.host_network {
        return Finding::new(what, State::Ok, "the node's (hostNetwork): not served as the pod's");
    }
    match read_own_interfaces(&config.paths.procfs) {
        Ok(Some(interfaces)) => {
            let names: Vec<&str> = interfaces.iter().map(|interface| &*interface.name).collect();
            let names = if names.is_empty() { "loopback alone".to_owned() } else { names.join(", ") };
            let finding = Finding::new(what, State::Ok, format!("the pod's: {names}"));
            match own.info("") {
                Some(_) => finding,
                None => Finding { state: State::Degraded, ..finding }.remedy(DOWNWARD_API),
            }
        }
        Ok(None) => Finding::new(what, State::Ok, "the node's, by its links: not served as the pod's"),
        Err(error) => Finding::new(what, State::Degraded, error.to_string())
            .remedy("let this user read /proc/self/net/dev"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_without_a_name_is_told_how_to_learn_it() {
        let found = own_pod(&OwnPod::default());
        assert_eq!(found.state, State::Degraded);
        assert!(found.remedy.unwrap().contains("fieldPath: metadata.uid"));
        let found = node_agent(&Config::default(), &OwnPod::default());
        assert!(found.remedy.unwrap().contains("status.hostIP"), "{}", found.detail);
    }
}
