//! The settings and rules of `deploy/prometheus`, as promtool reads them, and the operator's copies of the rules.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::build::{self, items, text};
use crate::neighbour;

const HEAD: &str = "UPDATE_GOLDEN=1 cargo test --test deploy";

fn rules() -> Vec<PathBuf> {
    let directory = build::root().join("deploy/prometheus/rules");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Keys that stand on a line of their own, and are left out.
const LEFT_OUT: [&str; 8] = [
    // Files of the pod.
    "authorization",
    "ca_file",
    "insecure_skip_verify",
    "rule_files",
    "scrape_config_files",
    "tls_config",
    // Of newer servers than Debian's.
    "always_scrape_classic_histograms",
    "scrape_native_histograms",
];

/// The settings as any build of Prometheus can check them: Debian's knows no discovery in Kubernetes, and an older one
/// not every key; what is left says the same of labels. Line by line, since its own reader of YAML must take the text.
fn for_promtool(settings: &str) -> String {
    let mut text = String::new();
    for line in settings.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let key = line.trim_start().split(':').next().unwrap_or_default();
        if key == "kubernetes_sd_configs" {
            _ = writeln!(text, "{indent}static_configs: [{{targets: [\"localhost:1\"]}}]");
        } else if !LEFT_OUT.contains(&key) {
            _ = writeln!(text, "{line}");
        }
    }
    text
}

/// Names and texts of the files of settings.
fn files(build: &build::Build) -> impl Iterator<Item = (&String, &str)> {
    let maps =
        build.objects.iter().filter(|object| text(object, "/metadata/name").starts_with("prometheus-config"));
    let files = maps.filter_map(|map| map["data"].as_object()).flatten();
    files.map(|(name, text)| (name, text.as_str().unwrap()))
}

fn settings(build: &build::Build) -> impl Iterator<Item = Value> {
    files(build).map(|(_, text)| build::documents(text).unwrap().remove(0))
}

fn check(promtool: &Path, what: &str, file: &Path) -> (bool, String) {
    let output = Command::new(promtool).args(["check", what]).arg(file).output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn promtool_takes_settings_and_rules() {
    let Some(promtool) = neighbour::program("promtool", "") else { return };
    let mut count = 0;
    for build in build::all() {
        for (name, settings) in files(build) {
            count += 1;
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("prometheus.yml");
            std::fs::write(&file, for_promtool(settings)).unwrap();
            let (is_content, said) = check(&promtool, "config", &file);
            assert!(is_content, "deploy/{}: {name}: {said}", build.directory);
        }
    }
    for file in rules() {
        let (is_content, said) = check(&promtool, "rules", &file);
        assert!(is_content, "{}: {said}", file.display());
    }
    assert!(build::all().is_empty() || count > 3, "{count} settings of Prometheus");
}

#[test]
fn jobs_are_those_of_the_stacks_and_each_has_a_name_of_its_own() {
    for build in build::all() {
        let jobs: Vec<String> = settings(build)
            .flat_map(|settings| {
                items(&settings, "/scrape_configs")
                    .iter()
                    .map(|job| text(job, "/job_name").to_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        if jobs.is_empty() {
            continue;
        }
        for wanted in [
            "k6",
            "kube-state-metrics",
            "kubernetes-apiservers",
            "kubernetes-nodes",
            "kubernetes-pods",
            "kubernetes-service-endpoints",
            "podometer",
            "podometer-node",
            "podometer-sidecars",
            "prometheus",
            "pushgateway",
        ] {
            assert_eq!(
                jobs.iter().filter(|job| *job == wanted).count(),
                1,
                "{}: {wanted}: {jobs:?}",
                build.directory
            );
        }
        let mut different = jobs.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), jobs.len(), "{jobs:?}");
    }
}

/// The operator wants rules within an object of its own, which kustomize cannot make of a file.
fn as_object(name: &str, rules: &str) -> String {
    let indented =
        rules.lines().map(|line| if line.is_empty() { String::new() } else { format!("  {line}") });
    let spec: Vec<String> = indented.collect();
    format!(
        "# Made of ../prometheus/rules/{name}.yaml: {HEAD}\n\
         apiVersion: monitoring.coreos.com/v1\n\
         kind: PrometheusRule\n\
         metadata:\n  name: {name}\n  labels: {{app.kubernetes.io/name: prometheus, app.kubernetes.io/component: rules}}\n\
         spec:\n{}\n",
        spec.join("\n")
    )
}

#[test]
fn the_operator_has_the_same_rules() {
    for file in rules() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let copy = build::root().join(format!("deploy/operator/rules-{name}.yaml"));
        let wanted = as_object(name, &std::fs::read_to_string(&file).unwrap());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&copy, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&copy).unwrap_or_default();
        assert!(found == wanted, "{} is not of {}: {HEAD}", copy.display(), file.display());
        let listed =
            std::fs::read_to_string(build::root().join("deploy/operator/kustomization.yaml")).unwrap();
        assert!(
            listed.contains(&format!("rules-{name}.yaml")),
            "{name} is not in deploy/operator/kustomization.yaml"
        );
        let listed =
            std::fs::read_to_string(build::root().join("deploy/prometheus/kustomization.yaml")).unwrap();
        assert!(
            listed.contains(&format!("rules/{name}.yaml")),
            "{name} is not in deploy/prometheus/kustomization.yaml"
        );
    }
}
