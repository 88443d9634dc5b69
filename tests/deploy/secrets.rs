//! The Secrets that are made at install, and by whom. None of them is in the repository.

/// A Secret that manifests name.
pub(crate) struct AtInstall {
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static str],
    pub(crate) made_by: &'static str,
}

/// Sorted by name. deploy/README.md has the commands.
pub(crate) const AT_INSTALL: [AtInstall; 5] = [
    AtInstall {
        name: "grafana-admin",
        keys: &["user", "password"],
        made_by: "kubectl create secret generic: who may change dashboards",
    },
    AtInstall {
        name: "influxdb-creds",
        keys: &["username", "password", "writer-username", "writer-password", "admin-password"],
        made_by: "kubectl create secret generic: who reads (Grafana), who writes (agents, load tests), who administers",
    },
    AtInstall {
        name: "podometer-agent-tls",
        keys: &["tls.crt", "tls.key"],
        made_by: "openssl and kubectl create secret tls: what agents show to sidecars, only with components/node-agent",
    },
    AtInstall {
        name: "podometer-injector",
        keys: &["tls.crt", "tls.key", "ca.crt"],
        made_by: "the injector itself: its certificate, which it renews",
    },
    AtInstall {
        name: "podometer-scraper-token",
        keys: &["token"],
        made_by: "kubectl create secret generic: what the operator's Prometheus shows to agents, only with components/agent-token",
    },
];

pub(crate) fn find(name: &str) -> Option<&'static AtInstall> {
    AT_INSTALL.iter().find(|secret| secret.name == name)
}

#[test]
fn each_secret_of_the_table_is_asked_for() {
    let all: String =
        crate::build::all().iter().flat_map(|build| &build.objects).map(ToString::to_string).collect();
    for secret in AT_INSTALL {
        assert!(!secret.keys.is_empty() && !secret.made_by.is_empty());
        assert!(all.is_empty() || all.contains(secret.name), "{} is named nowhere; strike it", secret.name);
    }
}

#[test]
fn no_secret_is_among_the_objects() {
    for build in crate::build::all() {
        for object in &build.objects {
            let kind = crate::build::text(object, "/kind");
            assert_ne!(kind, "Secret", "deploy/{}: {}", build.directory, crate::build::called(object));
        }
    }
}

/// Texts below `deploy/`, without what others than kubectl make.
fn texts() -> String {
    let mut left = vec![crate::build::root().join("deploy")];
    let mut all = String::new();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|kind| kind == "yaml" || kind == "md") {
            all += &std::fs::read_to_string(path).unwrap();
        }
    }
    all
}

#[test]
fn the_command_for_each_secret_is_told() {
    let texts = texts();
    for secret in AT_INSTALL.iter().filter(|secret| secret.made_by.contains("kubectl")) {
        let kinds = ["generic", "tls"].map(|kind| format!("create secret {kind} {}", secret.name));
        let command = kinds.iter().find_map(|kind| texts.split(kind.as_str()).nth(1));
        let command = command.unwrap_or_else(|| panic!("no command makes {}", secret.name));
        // Keys of a generic one are named; those of the others are Kubernetes' own.
        for key in secret.keys.iter().filter(|key| !key.starts_with("tls.")) {
            let near: String = command.chars().take(600).collect();
            assert!(
                near.contains(&format!("--from-literal={key}=")),
                "{}: {key} is not made: {near}",
                secret.name
            );
        }
    }
}
