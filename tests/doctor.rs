//! `podometer check` on recorded nodes of both cgroup drivers: it finds every pod and container, and says which
//! controllers are there.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests fail by panicking and say loudly what they skip"
)]

#[path = "replay/recording.rs"]
#[allow(dead_code, reason = "the doctor needs the unpacked tree alone")]
mod recording;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use recording::Recording;
use serde_json::Value;

const MOUNTINFO: &str = "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

/// The findings of the group `cgroups`, by what they are about: state and detail.
fn findings(root: &Path) -> BTreeMap<String, (String, String)> {
    let proc = tempfile::tempdir().unwrap();
    fs::create_dir(proc.path().join("self")).unwrap();
    fs::write(proc.path().join("self/mountinfo"), MOUNTINFO).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_podometer"))
        .args(["check", "--json", "--set", &format!("paths.cgroup={}", root.display())])
        .args(["--set", &format!("paths.procfs={}", proc.path().display())])
        .env_clear()
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let group =
        report["groups"].as_array().unwrap().iter().find(|group| group["source"] == "cgroups").unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let row = |finding: &Value| (text(&finding["what"]), (text(&finding["state"]), text(&finding["detail"])));
    group["findings"].as_array().unwrap().iter().map(row).collect()
}

/// Directories of the tree whose name tells what they are, told without podometer's own grammar.
fn counted(root: &Path) -> (usize, usize) {
    let (mut pods, mut containers) = (0, 0);
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap) {
        if !entry.file_type().unwrap().is_dir() {
            continue;
        }
        let name = entry.file_name().into_string().unwrap();
        let id = name.trim_start_matches("cri-containerd-").trim_end_matches(".scope");
        let is_container = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_pod = name.starts_with("pod") || (name.contains("-pod") && name.ends_with(".slice"));
        pods += usize::from(is_pod);
        containers += usize::from(is_container);
        let (below_pods, below_containers) = counted(&entry.path());
        pods += below_pods;
        containers += below_containers;
    }
    (pods, containers)
}

fn the_doctor_sees_all_of(driver: &str) {
    let Some(recording) = Recording::open(driver) else { return };
    let root = recording.root();
    let (pods, containers) = counted(&root);
    assert!(pods > 5 && containers > pods, "{pods} pods, {containers} containers");
    let found = findings(&root);
    let (state, detail) = &found["scope"];
    assert_eq!(state, "ok");
    eprintln!("{driver}: {detail}");
    assert!(detail.contains("serves pods of this node"), "{detail}");
    assert!(
        detail.contains(&format!(": {pods} pods, {containers} containers;")),
        "{pods} {containers}: {detail}"
    );
    for controller in ["hierarchy", "cpu", "memory", "io", "pids", "cpu.stat", "pressure"] {
        assert_eq!(found[controller].0, "ok", "{controller}: {}", found[controller].1);
    }
}

#[test]
fn the_doctor_sees_all_of_the_systemd_driver() {
    the_doctor_sees_all_of("systemd");
}

#[test]
fn the_doctor_sees_all_of_the_cgroupfs_driver() {
    the_doctor_sees_all_of("cgroupfs");
}
