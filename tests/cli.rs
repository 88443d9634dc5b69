//! The whole binary as a person types it: help, exit codes, configuration and its complaints.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn podometer(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args(arguments).env_clear();
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    told(&podometer(arguments).output().unwrap())
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn written(directory: &Path, text: &str) -> PathBuf {
    let file = directory.join("podometer.yaml");
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn wrong_usage_is_64_and_says_what_is_right() {
    for arguments in [
        &[][..],
        &["topp"],
        &["top", "--sort", "size"],
        &["top", "units", "pods"],
        &["top", "pods", "-A", "web-0"],
        &["top", "--watch", "0"],
        &["top", "units", "-n", "shop"],
        &["top", "--url", "ftp://node"],
        &["config"],
        &["config", "check"],
        &["config", "import"],
        &["agent", "--log-level", "loud"],
        &["agent", "--set", "sampler.fast_interval"],
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (64, ""), "{arguments:?}: {stderr}");
        assert!(!stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_0_and_help_has_examples() {
    let (code, stdout, _) = run(&["--version"]);
    assert_eq!((code, stdout.as_str()), (0, concat!("podometer ", env!("CARGO_PKG_VERSION"), "\n")));
    for command in ["", "agent", "top", "check", "config", "config default", "config check", "config import"]
    {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let (code, stdout, stderr) = run(&arguments);
        assert_eq!((code, stderr.as_str()), (0, ""), "{command}");
        assert!(stdout.contains("Example") && stdout.contains("Usage: podometer"), "{command}: {stdout}");
        assert!(!stdout.contains('\x1b'), "{command}");
    }
}

#[test]
fn config_default_prints_the_committed_file_and_passes_its_own_check() {
    let (code, stdout, stderr) = run(&["config", "default"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout, std::fs::read_to_string("config/podometer.yaml").unwrap());
    assert_eq!(
        run(&["config", "check", "config/podometer.yaml"]),
        (0, "config/podometer.yaml: fine\n".into(), String::new())
    );
}

#[test]
fn config_check_tells_everything_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let text = "sampler:\n  fast_intervall: 1s\n  memory_interval: 90s\nagent:\n  mode: pod\n";
    let file = written(directory.path(), text);
    let place = file.display();
    let (code, stdout, stderr) = run(&["config", "check", file.to_str().unwrap()]);
    assert_eq!((code, stdout.as_str()), (64, ""));
    let mut lines: Vec<&str> = stderr.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            format!(
                "podometer: {place}: agent.mode: \"pod\" is not known; allowed: auto, host, node, sidecar, cluster"
            ),
            format!("podometer: {place}: sampler.memory_interval: \"90s\" is above 1m; allowed: 100ms to 1m"),
            format!(
                "podometer: {place}: unknown key sampler.fast_intervall; did you mean sampler.fast_interval?"
            ),
        ]
    );
}

#[test]
fn malformed_and_unreadable_files_name_the_place_and_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let file = written(directory.path(), "sampler:\n  windows: [15s\nagent: x\n");
    let (code, _, stderr) = run(&["config", "check", file.to_str().unwrap()]);
    assert_eq!(code, 64);
    assert!(stderr.starts_with(&format!("podometer: {}:3:", file.display())), "{stderr}");

    let absent = directory.path().join("absent.yaml");
    for command in ["agent", "check"] {
        let (code, stdout, stderr) = run(&[command, "--config", absent.to_str().unwrap()]);
        let told = format!("{stdout}{stderr}");
        assert_eq!(code, if command == "agent" { 64 } else { 1 }, "{told}");
        assert!(
            told.contains("absent.yaml: cannot be read") && told.contains("podometer config default"),
            "{told}"
        );
    }
}

/// A later layer is in force when a value that it must not have is refused in its name.
#[test]
fn environment_wins_over_the_file_and_set_over_both() {
    let directory = tempfile::tempdir().unwrap();
    let file = written(directory.path(), "sampler:\n  max_units: 1\n");
    let config = ["agent", "--config", file.to_str().unwrap()];
    let refused = |command: &mut Command| {
        let (code, _, stderr) = told(&command.output().unwrap());
        assert_eq!(code, 64, "{stderr}");
        stderr
    };
    let from_file = refused(&mut podometer(&config));
    assert!(from_file.contains("podometer.yaml: sampler.max_units: \"1\" is below 16"), "{from_file}");
    let from_environment = refused(podometer(&config).env("PODOMETER__SAMPLER__MAX_UNITS", "2"));
    assert_eq!(
        from_environment,
        "podometer: PODOMETER__SAMPLER__MAX_UNITS: sampler.max_units: \"2\" is below 16; allowed: 16 to 1000000\n"
    );
    let arguments: Vec<&str> = config.into_iter().chain(["--set", "sampler.max_units=3"]).collect();
    let from_set = refused(podometer(&arguments).env("PODOMETER__SAMPLER__MAX_UNITS", "2"));
    assert_eq!(from_set, "podometer: --set: sampler.max_units: \"3\" is below 16; allowed: 16 to 1000000\n");
}

#[test]
fn the_doctor_speaks_json_too() {
    let (code, stdout, _) = run(&["check", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["works"].as_bool().unwrap(), code == 0);
    let sources: Vec<&str> =
        report["groups"].as_array().unwrap().iter().map(|g| g["source"].as_str().unwrap()).collect();
    for source in ["configuration", "proc and sys", "api server", "kubelet", "limits", "scrape", "server"] {
        assert!(sources.contains(&source), "{sources:?}");
    }
    let (same, text, _) = run(&["check"]);
    assert_eq!(same, code);
    assert!(text.contains("limits\n") && !text.contains('\x1b'), "{text}");
}
