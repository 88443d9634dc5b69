//! `podometer top pods|nodes` beside kubectl: the same bytes from the same numbers, which are a recorded
//! kubelet's.
//!
//! The golden files were written by kubectl. Where kubectl 1.32 or later is installed it is asked again, by way of
//! an API server that serves the same numbers. `UPDATE_GOLDEN=1 cargo test --test kubectl` writes them anew, by
//! kubectl alone.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests fail by panicking and say what they skip"
)]

mod api;

use std::path::Path;
use std::process::Command;

const DOCUMENT: &str = include_str!("../fixtures/kubectl_top.json");

/// What is asked of both, and the golden file's name.
const CASES: &[(&str, &[&str])] = &[
    ("pods", &["pods"]),
    ("pods_all", &["pods", "-A"]),
    ("pods_all_containers", &["pod", "-A", "--containers"]),
    ("pods_all_cpu", &["pods", "-A", "--sort-by", "cpu"]),
    ("pods_all_memory_sum", &["pods", "-A", "--sort-by", "memory", "--sum"]),
    ("pods_all_no_headers_sum", &["pods", "--all-namespaces", "--no-headers", "--sum"]),
    ("pods_containers_memory", &["po", "--containers", "--sort-by", "memory", "--sum"]),
    ("pods_kube_system", &["pods", "-n", "kube-system"]),
    ("pods_no_headers", &["pods", "--no-headers"]),
    ("pod_by_name", &["pod", "guar", "--containers"]),
    ("nodes", &["nodes"]),
    ("nodes_capacity", &["node", "--show-capacity", "--no-headers"]),
];

fn podometer(arguments: &[&str], url: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.arg("top").args(arguments).args(["--url", url]).env_clear();
    run(command)
}

fn run(mut command: Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn golden(name: &str) -> std::path::PathBuf {
    Path::new("tests/golden/kubectl").join(format!("{name}.txt"))
}

#[test]
fn the_same_numbers_make_the_same_bytes() {
    let url = api::serve(DOCUMENT);
    for (name, arguments) in CASES {
        let (code, ours, stderr) = podometer(arguments, &url);
        assert_eq!((code, stderr.as_str()), (0, ""), "{name}");
        let kubectls = std::fs::read_to_string(golden(name)).unwrap();
        assert_eq!(ours, kubectls, "{name}: {arguments:?}");
    }
}

#[test]
fn kubectl_itself_prints_the_golden_files() {
    let Some(kubectl) = api::kubectl() else { return };
    let url = api::serve(DOCUMENT);
    for (name, arguments) in CASES {
        let (code, stdout, stderr) = run(kubectl.command(arguments, &url));
        assert_eq!((code, stderr.as_str()), (0, ""), "{name}");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(golden(name), &stdout).unwrap();
        }
        assert_eq!(stdout, std::fs::read_to_string(golden(name)).unwrap(), "{name}: {arguments:?}");
    }
}

#[test]
fn what_is_not_there_is_said_in_kubectls_words() {
    let url = api::serve(DOCUMENT);
    let kubectl = api::kubectl();
    for (arguments, code, words) in [
        (&["pods", "-n", "empty"][..], 0, "No resources found in empty namespace.\n"),
        (&["pods", "nobody"], 1, "podmetrics.metrics.k8s.io \"nobody\" not found\n"),
    ] {
        let ours = podometer(arguments, &url);
        assert_eq!((ours.0, ours.1.as_str()), (code, ""), "{arguments:?}");
        assert!(ours.2.ends_with(words), "{arguments:?}: {}", ours.2);
        if let Some(kubectl) = &kubectl {
            let theirs = run(kubectl.command(arguments, &url));
            assert_eq!((theirs.0, theirs.1.as_str()), (code, ""), "{arguments:?}");
            assert!(theirs.2.ends_with(words), "{arguments:?}: {}", theirs.2);
        }
    }
    let untold = api::serve(DOCUMENT.replace("\"allocatable\"", "\"not_told\"").leak());
    let (code, stdout, stderr) = podometer(&["nodes", "--no-headers"], &untold);
    assert_eq!((code, stdout.as_str()), (0, "vm    1284m   <unknown>   483Mi   <unknown>   \n"));
    assert!(stderr.contains("right to get nodes") && stderr.contains("--show-capacity"), "{stderr}");
    let waiting = DOCUMENT.replace("\"top\"", "\"not_yet\"");
    let url = api::serve(waiting.leak());
    for view in ["pods", "nodes"] {
        let (code, stdout, stderr) = podometer(&[view], &url);
        assert_eq!((code, stdout.as_str()), (1, ""));
        assert_eq!(stderr, "podometer: metrics not available yet\n");
    }
}

#[test]
fn wide_shows_ours_beside_it_with_difference_and_cause() {
    let url = api::serve(DOCUMENT);
    let (code, wide, stderr) = podometer(&["pods", "--wide"], &url);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let line = |name: &str| -> Vec<&str> {
        wide.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().collect()
    };
    assert_eq!(
        line("NAME"),
        [
            "NAME",
            "CPU(cores)",
            "MEMORY(bytes)",
            "LIVE(cores)",
            "PEAK(15s)",
            "CGROUP(15s)",
            "CGROUP(bytes)",
            "WINDOW-OF",
            "CPU-DIFF",
            "MEMORY-DIFF",
            "CAUSE"
        ]
    );
    assert_eq!(
        line("guar"),
        ["guar", "152m", "23Mi", "151m", "350m", "150m", "23Mi", "metrics_api", "-5.0%", "-", "stale"],
        "against the source whose window it has, not against the kubelet"
    );
    assert_eq!(line("best")[7..], ["metrics_api", "-", "-", "agrees"]);
    let (_, wide, _) = podometer(&["nodes", "--wide"], &url);
    let cells: Vec<&str> = wide.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(cells[5..], ["1250m", "2000m", "1300m", "483Mi", "metrics_api", "+1.2%", "-", "window"]);
}
