//! What each container must say: requests and limits, who it runs as, probes where it serves, an image by its tag.

use serde_json::Value;

use crate::build::{self, called, containers, items, template, text};

/// Ports that are there only while a run lasts: nothing waits for them.
const OF_RUNS: [&str; 1] = ["load"];
/// Pods that have the API server's token, and why.
const WITH_TOKEN: [(&str, &str); 5] = [
    ("kube-state-metrics", "it watches the API server"),
    ("metrics-server", "it asks who asks"),
    ("podometer", "names, the kubelet, metrics-server"),
    ("podometer-injector", "its certificate and its webhook"),
    ("prometheus", "it finds what to scrape"),
];
/// Pods that see something of their node, and what.
const HOST_PATHS: [(&str, &[&str]); 1] =
    [("podometer", &["/sys/fs/cgroup", "/proc", "/", "/var/lib/podometer"])];

/// What is wrong with a workload, a line each.
fn complaints(object: &Value, pod: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut want = |holds: bool, what: String| {
        if !holds {
            faults.push(what);
        }
    };
    let name = text(object, "/metadata/name");
    let of_pod = |pointer: &str| pod.pointer(&format!("/spec/{pointer}")).unwrap_or(&Value::Null);
    want(of_pod("securityContext/runAsNonRoot") == true, "may run as root".to_owned());
    want(
        of_pod("securityContext/runAsUser").as_u64().is_some_and(|user| user > 0),
        "names no user".to_owned(),
    );
    want(
        text(pod, "/spec/securityContext/seccompProfile/type") == "RuntimeDefault",
        "has no seccomp profile".to_owned(),
    );
    for shared in ["hostNetwork", "hostPID", "hostIPC"] {
        want(of_pod(shared) != true, format!("shares {shared}"));
    }
    let has_token = WITH_TOKEN.iter().any(|(known, _)| *known == name);
    want(
        of_pod("automountServiceAccountToken") == has_token,
        "must say whether it has a token, and only some have".to_owned(),
    );
    for volume in items(pod, "/spec/volumes") {
        let path = text(volume, "/hostPath/path");
        let is_known = HOST_PATHS.iter().any(|(known, paths)| *known == name && paths.contains(&path));
        want(path.is_empty() || is_known, format!("mounts {path} of the node"));
        let memory = volume.pointer("/emptyDir");
        // A directory without a bound fills the node's disk.
        let is_bounded = memory.is_none_or(|memory| memory.get("sizeLimit").is_some());
        want(is_bounded || name == "grafana", format!("{} has no sizeLimit", volume["name"]));
    }
    for container in containers(pod) {
        let called = text(container, "/name");
        let context =
            |key: &str| container.pointer(&format!("/securityContext/{key}")).unwrap_or(&Value::Null);
        want(context("allowPrivilegeEscalation") == false, format!("{called}: may gain privileges"));
        want(context("readOnlyRootFilesystem") == true, format!("{called}: may write into its image"));
        want(context("capabilities/drop/0") == "ALL", format!("{called}: keeps capabilities"));
        want(
            context("capabilities/add").is_null() && context("privileged") != true,
            format!("{called}: is privileged"),
        );
        for kind in ["requests/cpu", "requests/memory", "limits/memory"] {
            let amount = container.pointer(&format!("/resources/{kind}"));
            want(amount.is_some(), format!("{called}: no resources.{}", kind.replace('/', ".")));
        }
        let image = text(container, "/image");
        let tag = image.rsplit_once('/').map_or(image, |(_, name)| name).split_once(':').map(|(_, tag)| tag);
        want(
            tag.is_some_and(|tag| !tag.is_empty() && tag != "latest"),
            format!("{called}: {image} has no tag"),
        );
        let serves = !items(container, "/ports").is_empty() && !OF_RUNS.contains(&called);
        for probe in ["livenessProbe", "readinessProbe"] {
            want(!serves || container.get(probe).is_some(), format!("{called}: no {probe}"));
        }
        for mount in items(container, "/volumeMounts") {
            let volume = items(pod, "/spec/volumes").iter().find(|volume| volume["name"] == mount["name"]);
            let path = volume.map(|volume| text(volume, "/hostPath/path")).unwrap_or_default();
            let is_ours = path.is_empty() || path == "/var/lib/podometer";
            want(is_ours || mount["readOnly"] == true, format!("{called}: may write to {path} of the node"));
        }
    }
    faults
}

#[test]
fn every_container_is_bounded_and_restricted() {
    let mut count = 0;
    let mut faults = Vec::new();
    for build in build::all() {
        for object in &build.objects {
            let Some(pod) = template(object) else { continue };
            count += containers(pod).count();
            let of = format!("deploy/{}: {}", build.directory, called(object));
            faults.extend(complaints(object, pod).into_iter().map(|fault| format!("{of}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(build::all().is_empty() || count > 20, "{count} containers");
    println!("{count} containers");
}

#[test]
fn each_of_these_can_fail() {
    let Some(agent) = build::all().iter().find(|build| build.directory == "agent") else { return };
    let whole = agent.find("DaemonSet", None, "podometer").unwrap();
    let container = "/spec/template/spec/containers/0";
    let pod = "/spec/template/spec";
    for (pointer, value, word) in [
        (format!("{container}/image"), "podometer:latest".into(), "tag"),
        (format!("{container}/image"), "registry:5000/podometer".into(), "tag"),
        (format!("{container}/securityContext/readOnlyRootFilesystem"), false.into(), "write into"),
        (format!("{container}/securityContext/capabilities/drop/0"), "NET_RAW".into(), "capabilities"),
        (format!("{container}/resources/limits"), Value::Null, "limits.memory"),
        (format!("{container}/volumeMounts/1/readOnly"), false.into(), "write to"),
        (format!("{pod}/hostPID"), true.into(), "hostPID"),
        (format!("{pod}/securityContext/runAsUser"), 0.into(), "user"),
        (format!("{pod}/securityContext/seccompProfile/type"), "Unconfined".into(), "seccomp"),
        (format!("{pod}/automountServiceAccountToken"), false.into(), "token"),
        (format!("{pod}/volumes/1/hostPath/path"), "/etc".into(), "/etc"),
        (format!("{pod}/volumes/3/emptyDir"), serde_json::json!({}), "sizeLimit"),
    ] {
        let mut broken = whole.clone();
        *broken.pointer_mut(&pointer).unwrap() = value;
        let faults = complaints(&broken, template(&broken).unwrap());
        assert!(faults.iter().any(|fault| fault.contains(word)), "{pointer}: {faults:?}");
    }
}

#[test]
fn rights_are_as_few_as_they_were_meant() {
    for build in build::all() {
        for object in &build.objects {
            if !matches!(text(object, "/kind"), "ClusterRole" | "Role") {
                continue;
            }
            let of = format!("deploy/{}: {}", build.directory, called(object));
            for rule in items(object, "/rules") {
                let has = |list: &str, word: &str| items(rule, list).iter().any(|item| item == word);
                for list in ["/verbs", "/resources", "/apiGroups"] {
                    assert!(!has(list, "*"), "{of}: {rule}");
                }
                let is_old = build.directory.ends_with("/old-cluster");
                assert!(!has("/resources", "nodes/proxy") || is_old, "{of}: {rule}");
                // Only its own certificate is read, and never listed.
                let reads = ["get", "list", "watch", "update", "patch", "delete"]
                    .iter()
                    .any(|verb| has("/verbs", verb));
                let is_named = !items(rule, "/resourceNames").is_empty();
                assert!(!has("/resources", "secrets") || !reads || is_named, "{of}: {rule}");
            }
        }
    }
}

/// README's table of rules, as far as a DaemonSet without options needs them: groups, resources, verbs.
fn documented() -> Vec<(String, String, String)> {
    let readme = std::fs::read_to_string(build::root().join("README.md")).unwrap();
    let rows = readme.lines().skip_while(|line| !line.starts_with("| `apiGroups` |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = rows.map(|line| line.split('|').map(str::trim).map(str::to_owned).collect::<Vec<_>>());
    // Only mode cluster has a lease, and only inventory lists.
    let is_of_options = |cells: &Vec<String>| cells[2].contains("leases") || cells[2].contains("inventory");
    let code = |cell: &str, count: usize| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).take(count).map(|word| word.trim_matches('"').to_owned()).collect()
    };
    let documented = cells.filter(|cells| !is_of_options(cells)).map(|cells| {
        // What stands in brackets is for old clusters, or for mode cluster.
        let plain = |cell: &str| cell.split(" (").next().unwrap().to_owned();
        let verbs = code(&plain(&cells[3]), 9).join(" ");
        (code(&cells[1], 1).join(" "), code(&plain(&cells[2]), 1).join(" "), verbs)
    });
    let mut documented: Vec<_> = documented.collect();
    documented.sort();
    documented
}

#[test]
fn the_agent_has_the_rights_that_the_readme_lists() {
    let Some(agent) = build::all().iter().find(|build| build.directory == "agent") else { return };
    let role = agent.find("ClusterRole", None, "podometer").unwrap();
    let words = |rule: &Value, list: &str| -> Vec<String> {
        items(rule, list).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut granted: Vec<_> = items(role, "/rules")
        .iter()
        .map(|rule| {
            (
                words(rule, "/apiGroups").join(" "),
                words(rule, "/resources").join(" "),
                words(rule, "/verbs").join(" "),
            )
        })
        .collect();
    granted.sort();
    assert_eq!(granted, documented());
}

/// What the program says that it asks for: `RESOURCE VERB, VERB`, below `Rights:` of its help.
fn asked_by_the_injector() -> Vec<(String, String)> {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_podometer"));
    let output = program.args(["inject", "serve", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let lines = help.lines().skip_while(|line| *line != "Rights:").skip(1);
    let mut asked = Vec::new();
    for line in lines.take_while(|line| line.starts_with("  ")) {
        let (resource, verbs) = line.trim().split_once(' ').unwrap();
        let verbs = verbs.split(", ").map(|verb| verb.split(' ').next().unwrap());
        let is_verb = |verb: &&str| ["create", "get", "list", "patch", "update", "watch"].contains(verb);
        asked.extend(verbs.filter(is_verb).map(|verb| (resource.to_owned(), verb.to_owned())));
    }
    asked.sort();
    asked
}

#[test]
fn the_injector_has_the_rights_that_it_asks_for() {
    let Some(inject) = build::all().iter().find(|build| build.directory == "inject") else { return };
    let mut granted = Vec::new();
    for kind in ["ClusterRole", "Role"] {
        let role = inject.find(kind, None, "podometer-injector").unwrap();
        for rule in items(role, "/rules") {
            for (resource, verb) in items(rule, "/resources")
                .iter()
                .flat_map(|resource| items(rule, "/verbs").iter().map(move |verb| (resource, verb)))
            {
                granted.push((resource.as_str().unwrap().to_owned(), verb.as_str().unwrap().to_owned()));
            }
        }
    }
    granted.sort();
    assert_eq!(granted, asked_by_the_injector());
}
