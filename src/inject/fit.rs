//! What of a sidecar must fit its pod: port, quality of service, user.

use super::annotations::Wishes;
use super::settings::{PORT, Resources, Settings};
use super::tree::Tree;
use crate::model::quantity::Quantity;

/// The containers of a pod that run, or have run when it is up.
fn containers(pod: &Tree) -> impl Iterator<Item = &Tree> {
    ["containers", "initContainers"]
        .into_iter()
        .filter_map(|list| pod.at(&["spec", list]))
        .flat_map(Tree::items)
}

/// A port that no container of the pod has, or why there is none.
pub(super) fn port(
    pod: &Tree,
    wishes: &Wishes,
    settings: &Settings,
    warnings: &mut Vec<String>,
) -> Result<u16, String> {
    let taken: Vec<u16> = containers(pod)
        .filter_map(|container| container.get("ports"))
        .flat_map(Tree::items)
        .filter_map(|port| port.text_at(&["containerPort"])?.parse().ok())
        .collect();
    match wishes.port.or(settings.port) {
        Some(port) if taken.contains(&port) => Err(format!("has a container on port {port} already")),
        Some(port) => Ok(port),
        // Its ports are the node's, where the node's agent and the next pod of the same kind want to listen.
        None if pod.at(&["spec", "hostNetwork"]).is_some_and(Tree::is_true) => {
            Err("has the node's network; give its sidecar a port of its own by podometer.io/listen-port"
                .to_owned())
        }
        None => {
            let free = (PORT..=u16::MAX).find(|port| !taken.contains(port));
            let port = free.ok_or_else(|| format!("has no port free from {PORT} on"))?;
            if port != PORT {
                warnings.push(format!("port {PORT} is taken in this pod; its sidecar listens on {port}"));
            }
            Ok(port)
        }
    }
}

/// The resources; a pod whose requests are its limits keeps its class Guaranteed.
pub(super) fn resources(pod: &Tree, wishes: &Wishes, settings: &Settings) -> Resources {
    let mut resources = wishes.resources(&settings.resources);
    let is_bounded = !resources.limits_cpu.is_empty() && !resources.limits_memory.is_empty();
    if is_bounded && containers(pod).all(is_guaranteed) {
        resources.requests_cpu.clone_from(&resources.limits_cpu);
        resources.requests_memory.clone_from(&resources.limits_memory);
    }
    resources
}

fn is_guaranteed(container: &Tree) -> bool {
    ["cpu", "memory"].iter().all(|name| {
        let amount = |kind: &str| container.text_at(&["resources", kind, name]).and_then(Quantity::parse);
        let limit = amount("limits");
        // Where none are given, requests are the limits.
        limit.is_some() && amount("requests").is_none_or(|request| Some(request) == limit)
    })
}

/// The user whose processes the sidecar is to see: that of the first container. Root's it may not be.
pub(super) fn user(pod: &Tree, warnings: &mut Vec<String>) -> Option<String> {
    let first = pod.at(&["spec", "containers"]).and_then(|containers| containers.items().first());
    let own = first.and_then(|container| container.text_at(&["securityContext", "runAsUser"]));
    let user = own.or_else(|| pod.text_at(&["spec", "securityContext", "runAsUser"]));
    match user {
        Some(user) if user != "0" && user.parse::<u32>().is_ok() => Some(user.to_owned()),
        _ => {
            warnings.push(
                "the application's user is root or not said; set runAsUser, or its processes are not seen"
                    .to_owned(),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::from_yaml;
    use super::*;

    fn pod(spec: &str) -> Tree {
        from_yaml(&format!("spec: {spec}\n")).unwrap().root.unwrap()
    }

    #[test]
    fn a_port_is_free_or_refused() {
        let port = |spec: &str, asked: Option<u16>| {
            let wishes = Wishes { port: asked, ..Wishes::default() };
            let mut warnings = Vec::new();
            let found = port(&pod(spec), &wishes, &Settings::default(), &mut warnings);
            (found.map_err(|reason| reason.split(';').next().unwrap_or_default().to_owned()), warnings.len())
        };
        let taken = "{containers: [{ports: [{containerPort: 9758}, {containerPort: 9759}]}]}";
        assert_eq!(port("{containers: [{}]}", None), (Ok(9758), 0));
        assert_eq!(port(taken, None), (Ok(9760), 1));
        assert_eq!(port(taken, Some(9759)), (Err("has a container on port 9759 already".to_owned()), 0));
        let host = "{hostNetwork: true, containers: [{}]}";
        assert_eq!(port(host, None), (Err("has the node's network".to_owned()), 0));
        assert_eq!(port(host, Some(9000)), (Ok(9000), 0));
    }

    #[test]
    fn a_guaranteed_pod_stays_guaranteed() {
        let requests = |spec: &str| {
            let resources = resources(&pod(spec), &Wishes::default(), &Settings::default());
            (resources.requests_cpu, resources.requests_memory)
        };
        let pair = |cpu: &str, memory: &str| (cpu.to_owned(), memory.to_owned());
        let both = "{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1000m, memory: 1Gi}}";
        assert_eq!(requests(&format!("{{containers: [{{resources: {both}}}]}}")), pair("100m", "64Mi"));
        let limits = "{limits: {cpu: 1, memory: 1Gi}}";
        assert_eq!(requests(&format!("{{containers: [{{resources: {limits}}}]}}")), pair("100m", "64Mi"));
        assert_eq!(
            requests(&format!("{{containers: [{{resources: {limits}}}, {{}}]}}")),
            pair("10m", "32Mi")
        );
    }
}
