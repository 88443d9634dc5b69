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
    // Its ports are the node's, where the node's agent and the next pod of the same kind want to listen: a port for
    // all sidecars is no port for this one.
    if wishes.port.is_none() && pod.at(&["spec", "hostNetwork"]).is_some_and(Tree::is_true) {
        let problem =
            "has the node's network; give its sidecar a port of its own by podometer.io/listen-port";
        return Err(problem.to_owned());
    }
    match wishes.port.or(settings.port) {
        Some(port) if taken.contains(&port) => Err(format!("has a container on port {port} already")),
        Some(port) => Ok(port),
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

/// The resources; a pod whose requests are its limits keeps its class Guaranteed. None where the pod as a whole has
/// some: its containers may not ask for more than it does together.
pub(super) fn resources(
    pod: &Tree,
    wishes: &Wishes,
    settings: &Settings,
    warnings: &mut Vec<String>,
) -> Resources {
    let of_pod = |kind| pod.at(&["spec", "resources", kind]).is_some_and(|part| !part.entries().is_empty());
    if of_pod("requests") || of_pod("limits") {
        return Resources::none();
    }
    let mut resources = wishes.resources(&settings.resources);
    let Resources { requests_cpu, requests_memory, limits_cpu, limits_memory } = &mut resources;
    let asked = (wishes.requests_cpu.is_some(), wishes.limits_cpu.is_some());
    agree("cpu", asked, requests_cpu, limits_cpu, warnings);
    let asked = (wishes.requests_memory.is_some(), wishes.limits_memory.is_some());
    agree("memory", asked, requests_memory, limits_memory, warnings);
    if containers(pod).all(is_guaranteed) {
        if limits_cpu.is_empty() || limits_memory.is_empty() {
            let told =
                "the pod is no longer of the class Guaranteed: its sidecar has no limits for all it uses";
            warnings.push(told.to_owned());
        } else {
            requests_cpu.clone_from(limits_cpu);
            requests_memory.clone_from(limits_memory);
        }
    }
    resources
}

/// A request above its limit is refused with its pod: what was asked for stands, and the other gives way.
fn agree(
    name: &str,
    asked: (bool, bool),
    request: &mut String,
    limit: &mut String,
    warnings: &mut Vec<String>,
) {
    let (Some(wanted), Some(most)) = (Quantity::parse(request), Quantity::parse(limit)) else { return };
    if wanted <= most {
        return;
    }
    if asked == (true, false) {
        limit.clone_from(request);
        return;
    }
    if asked == (true, true) {
        warnings.push(format!(
            "the request of {request} {name} is above the limit of {limit}, and is lowered to it"
        ));
    }
    request.clone_from(limit);
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
        // Written otherwise it may be a number of another base, and root's after all.
        Some(user) if user.parse::<u32>().is_ok_and(|id| id > 0 && id.to_string() == user) => {
            Some(user.to_owned())
        }
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
        let settings = Settings { port: Some(9758), ..Settings::default() };
        let refused = super::port(&pod(host), &Wishes::default(), &settings, &mut Vec::new());
        assert!(refused.is_err(), "a port for all is none for the node's network");
    }

    #[test]
    fn a_request_is_never_above_its_limit() {
        let fitted = |wishes: Wishes, settings: &Settings| {
            let mut warnings = Vec::new();
            let found = resources(&pod("{containers: [{}]}"), &wishes, settings, &mut warnings);
            (found, warnings.len())
        };
        let some = |text: &str| Some(text.to_owned());
        let usual = Settings::default();
        let more = Wishes { requests_memory: some("128Mi"), ..Wishes::default() };
        let (found, told) = fitted(more, &usual);
        assert_eq!(
            (found.requests_memory.as_str(), found.limits_memory.as_str(), told),
            ("128Mi", "128Mi", 0)
        );
        let less = Wishes { limits_cpu: some("5m"), ..Wishes::default() };
        let (found, told) = fitted(less, &usual);
        assert_eq!((found.requests_cpu.as_str(), found.limits_cpu.as_str(), told), ("5m", "5m", 0));
        let both = Wishes { requests_cpu: some("1"), limits_cpu: some("500m"), ..Wishes::default() };
        let (found, told) = fitted(both, &usual);
        assert_eq!((found.requests_cpu.as_str(), found.limits_cpu.as_str(), told), ("500m", "500m", 1));
        let even = Wishes { requests_cpu: some("0.1"), ..Wishes::default() };
        assert_eq!(fitted(even, &usual).0.limits_cpu, "100m", "the same amount is not above");
        let bad = Resources { requests_memory: "128Mi".to_owned(), ..Resources::default() };
        let (found, _) = fitted(Wishes::default(), &Settings { resources: bad, ..usual });
        assert_eq!(found.requests_memory, "64Mi");
    }

    #[test]
    fn a_pod_with_resources_of_its_own_shares_them() {
        let spec = "{resources: {requests: {memory: 64Mi}}, containers: [{}]}";
        let found =
            |spec: &str| resources(&pod(spec), &Wishes::default(), &Settings::default(), &mut Vec::new());
        assert_eq!(found(spec), Resources::none());
        assert_eq!(found("{resources: {limits: {}}, containers: [{}]}"), Resources::default());
    }

    #[test]
    fn root_is_root_however_it_is_written() {
        let user = |text: &str| {
            let spec = format!("{{containers: [{{securityContext: {{runAsUser: {text}}}}}]}}");
            super::user(&pod(&spec), &mut Vec::new())
        };
        assert_eq!(user("1000").as_deref(), Some("1000"));
        for text in ["0", "00", "+0", "-0", "0x0", "010", "root", "~"] {
            assert_eq!(user(text), None, "{text}");
        }
    }

    #[test]
    fn a_guaranteed_pod_stays_guaranteed() {
        let requests = |spec: &str| {
            let resources = resources(&pod(spec), &Wishes::default(), &Settings::default(), &mut Vec::new());
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
        let unbounded = Resources { limits_cpu: String::new(), ..Resources::default() };
        let settings = Settings { resources: unbounded, ..Settings::default() };
        let mut warnings = Vec::new();
        let guaranteed = pod(&format!("{{containers: [{{resources: {limits}}}]}}"));
        resources(&guaranteed, &Wishes::default(), &settings, &mut warnings);
        assert_eq!(warnings.len(), 1, "or it is told: {warnings:?}");
    }
}
