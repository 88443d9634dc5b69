//! The alerts of `deploy/prometheus/rules`: promtool takes them, each has a test in which it fires and one in which it
//! stays silent, says what to do, and names only metrics that somebody exports.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use config::{Config, File, FileFormat};
use serde_json::Value;

use super::known::{Owner, labels, metrics};
use super::names::strange;
use super::promql;
use super::servers::program;
use super::tell;

const SEVERITIES: [&str; 4] = ["critical", "warning", "minor", "info"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus").join(name)
}

fn files(name: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn yaml(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    let read = Config::builder().add_source(File::from_str(&text, FileFormat::Yaml)).build();
    read.and_then(Config::try_deserialize).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn each<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn rules() -> Vec<Value> {
    let mut rules = Vec::new();
    for path in files("rules") {
        let file = yaml(&path);
        for group in each(&file, "groups") {
            rules.extend(each(group, "rules").cloned());
        }
    }
    rules
}

fn promtool(arguments: &[&str], files: &[PathBuf]) {
    let Some(promtool) = program("promtool") else { return };
    let output = Command::new(promtool).args(arguments).args(files).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    eprintln!("promtool {}\n{said}", arguments.join(" "));
    assert!(output.status.success(), "{said}");
}

#[test]
fn promtool_takes_every_rule() {
    promtool(&["check", "rules"], &files("rules"));
}

#[test]
fn every_test_of_the_alerts_passes() {
    promtool(&["test", "rules"], &files("tests"));
}

#[test]
fn each_alert_is_shown_to_fire_and_to_stay_silent() {
    let (mut fires, mut silent) = (Vec::new(), Vec::new());
    for path in files("tests") {
        let file = yaml(&path);
        for test in each(&file, "tests").flat_map(|group| each(group, "alert_rule_test")) {
            let name = test["alertname"].as_str().unwrap().to_owned();
            let is_silent = each(test, "exp_alerts").next().is_none();
            if is_silent { silent.push(name) } else { fires.push(name) }
        }
    }
    let mut out = String::new();
    for rule in rules() {
        let name = rule["alert"].as_str().unwrap();
        let has = |names: &[String]| names.iter().any(|each| each == name);
        _ = writeln!(out, "  {name:<32} fires: {:<5} silent: {}", has(&fires), has(&silent));
        assert!(has(&fires), "{name}: no test in which it fires");
        assert!(has(&silent), "{name}: no test in which it stays silent");
    }
    tell(&format!("alerts and their tests\n{out}"));
}

#[test]
fn each_alert_says_how_bad_it_is_what_it_is_and_what_to_do() {
    let mut names = Vec::new();
    for rule in rules() {
        let name = rule["alert"].as_str().unwrap().to_owned();
        let severity = rule["labels"]["severity"].as_str().unwrap_or_default();
        assert!(SEVERITIES.contains(&severity), "{name}: severity {severity:?}");
        assert!(rule["for"].is_string(), "{name}: for how long?");
        for (annotation, least) in [("summary", 15), ("description", 25), ("runbook", 40)] {
            let text = rule["annotations"][annotation].as_str().unwrap_or_default();
            assert!(text.len() >= least, "{name}: {annotation} {text:?}");
        }
        assert!(!names.contains(&name), "{name} stands twice");
        names.push(name);
    }
    for wanted in [
        "PodometerDown",
        "SourceFailing",
        "DriftHigh",
        "SpoolGrowing",
        "SamplesDropped",
        "InjectorFailing",
        "LoadGeneratorThrottled",
        "TestThresholdFailed",
        "HighPodMemory",
        "CPUThrottlingHigh",
    ] {
        assert!(names.iter().any(|name| name == wanted), "{wanted} is missing");
    }
}

#[test]
fn each_metric_of_an_alert_is_exported() {
    let (known, of_metrics) = (metrics(), labels());
    for rule in rules() {
        let expression = rule["expr"].as_str().unwrap();
        let names = promql::metrics(expression);
        assert!(!names.is_empty(), "{expression}");
        for name in names {
            assert!(known.contains_key(&name), "{}: nobody exports {name}", rule["alert"]);
        }
        // Of the others' metrics the labels are not known here.
        if promql::metrics(expression).iter().all(|name| known[name] == Owner::Agent) {
            let strange: Vec<String> = strange(expression, None, &of_metrics).collect();
            assert_eq!(strange, Vec::<String>::new(), "{}", rule["alert"]);
        }
        assert!(!expression.contains("0,"), "{expression}: a comma in a number");
    }
}
