//! Our own containers, with the arguments and settings that they have in the manifests: the program itself must take
//! them.

use std::process::Command;

use serde_json::Value;

use crate::build::{self, Build, called, containers, items, template, text};

/// Nobody listens here.
const NOBODY: &str = "127.0.0.1:9";

fn podometer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.env_clear();
    command
}

/// Exit code and all that was said.
fn run(mut command: Command) -> (i32, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// Containers of our image, with the object that has them.
fn ours(build: &Build) -> Vec<(&Value, &Value)> {
    let with_pods = build.objects.iter().filter_map(|object| Some((object, template(object)?)));
    let all = with_pods.flat_map(|(object, pod)| containers(pod).map(move |container| (object, container)));
    all.filter(|(_, container)| text(container, "/image").starts_with("podometer:")).collect()
}

/// Variables with plain values; those of fields and Secrets as a stand-in.
fn environment(container: &Value) -> Vec<(String, String)> {
    let all = items(container, "/env").iter();
    all.map(|variable| {
        let value = variable.get("value").and_then(Value::as_str).unwrap_or("7");
        (text(variable, "/name").to_owned(), value.to_owned())
    })
    .collect()
}

/// Its arguments, with `$(NAME)` replaced as Kubernetes does.
fn arguments(container: &Value) -> Vec<String> {
    let environment = environment(container);
    let all = items(container, "/args").iter().filter_map(Value::as_str);
    all.map(|argument| {
        let known = environment.iter();
        let whole =
            known.fold(argument.to_owned(), |text, (name, value)| text.replace(&format!("$({name})"), value));
        assert!(!whole.contains("$("), "{argument}: a variable that is not there");
        whole
    })
    .collect()
}

/// Settings that stand in the environment, without such as this program does not have yet.
fn settings_of(container: &Value) -> Vec<(String, String)> {
    let mut command = podometer();
    command.args(["config", "default"]);
    let (_, default) = run(command);
    let ours = environment(container).into_iter().filter(|(name, _)| name.starts_with("PODOMETER__"));
    ours.filter(|(name, _)| {
        let key = name.rsplit("__").next().unwrap().to_lowercase();
        let is_known = default.contains(&format!("{key}:"));
        if !is_known {
            eprintln!("!!! SKIPPED: this program has no {key} yet");
        }
        is_known
    })
    .collect()
}

/// What the program says of settings from a file and the environment; `check` reads both.
fn verdict(settings: &str, environment: &[(String, String)]) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("podometer.yaml");
    std::fs::write(&file, settings).unwrap();
    let mut command = podometer();
    command.envs(environment.iter().cloned()).args(["check", "--json", "--config"]).arg(&file);
    let output = command.output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let group = items(&document, "/groups").iter().find(|group| group["source"] == "configuration");
    group.unwrap()["findings"][0].clone()
}

#[test]
fn the_agent_takes_its_settings() {
    let mut tried = Vec::new();
    for build in build::all() {
        for (object, container) in ours(build) {
            let arguments = arguments(container);
            if arguments.first().map(String::as_str) != Some("agent") {
                continue;
            }
            let of = format!("deploy/{}: {}", build.directory, called(object));
            let volumes = items(object, "/spec/template/spec/volumes");
            let volume = volumes.iter().find(|volume| volume["name"] == "config").unwrap();
            let map = build.find("ConfigMap", None, text(volume, "/configMap/name")).unwrap();
            let settings = text(map, "/data/podometer.yaml");
            assert_eq!(arguments[1..], ["--config", "/etc/podometer/podometer.yaml"], "{of}");
            let both = (settings, settings_of(container));
            if !tried.contains(&both) {
                assert_eq!(verdict(both.0, &both.1)["state"], "ok", "{of}: {}", verdict(both.0, &both.1));
                tried.push(both);
            }
        }
    }
    assert!(build::all().is_empty() || tried.len() > 3, "{} settings", tried.len());
}

#[test]
fn wrong_settings_are_told_wherever_they_stand() {
    assert_eq!(verdict("server: {short_names: true}\n", &[])["state"], "ok");
    assert_eq!(verdict("server: {shortnames: true}\n", &[])["state"], "missing");
    let wrong = [("PODOMETER__SERVER__SHORT_NAMES".to_owned(), "maybe".to_owned())];
    assert_eq!(verdict("", &wrong)["state"], "missing");
}

#[test]
fn each_load_test_can_run() {
    let mut tried = Vec::new();
    for build in build::all() {
        for (object, container) in ours(build) {
            let mut arguments = arguments(container);
            if arguments.first().map(String::as_str) != Some("load") || tried.contains(&arguments) {
                continue;
            }
            tried.push(arguments.clone());
            let of = format!("deploy/{}: {}", build.directory, called(object));
            let directory = tempfile::tempdir().unwrap();
            let own = directory.path().display();
            if let Some(file) = arguments[2].strip_prefix("/etc/load/") {
                let maps = build.objects.iter().filter_map(|object| object.get("data"));
                let test = maps.filter_map(|data| data.get(file)).find_map(Value::as_str);
                std::fs::write(directory.path().join(file), test.unwrap()).unwrap();
            }
            let mut check = podometer();
            let what = arguments[2].replace("/etc/load", &own.to_string());
            check.envs(environment(container)).args(["load", "check", &what]);
            let (code, said) = run(check);
            assert_eq!(code, 0, "{of}: {said}");
            // Everything but what is asked, and for how long: one request that nobody answers.
            arguments[2] = format!("http://{NOBODY}/");
            for argument in &mut arguments[3..] {
                *argument =
                    argument.replace("/reports", &own.to_string()).replace("/spool", &own.to_string());
                *argument = argument.replace("=:9102", "=127.0.0.1:0");
                for host in ["influxdb:8086", "pushgateway:9091"] {
                    *argument = argument.replace(host, NOBODY);
                }
            }
            let mut command = podometer();
            command
                .env("TMPDIR", directory.path())
                .args(&arguments)
                .args(["--iterations=1", "--out-grace=0s"]);
            let passwords = environment(container).into_iter().filter(|(name, _)| name.starts_with("K6_"));
            let (code, said) = run({
                command.envs(passwords);
                command
            });
            assert_eq!(code, 0, "{of}: {arguments:?}: {said}");
        }
    }
    assert!(build::all().is_empty() || tried.len() > 8, "{} load tests", tried.len());
    println!("{} load tests", tried.len());
}

#[test]
fn the_target_takes_its_arguments() {
    for build in build::all() {
        for (object, container) in ours(build) {
            let arguments = arguments(container);
            if arguments.first().map(String::as_str) != Some("target") {
                continue;
            }
            // What comes before --help is read first, and refused where it is wrong.
            let mut command = podometer();
            command.args(&arguments).arg("--help");
            let (code, said) = run(command);
            assert_eq!(code, 0, "deploy/{}: {}: {said}", build.directory, called(object));
        }
    }
}

#[test]
fn the_injector_takes_its_arguments_and_classes() {
    if !build::root().join("src/inject").is_dir() {
        eprintln!("!!! SKIPPED: this program has no inject yet");
        return;
    }
    for build in build::all() {
        for (object, container) in ours(build) {
            let mut arguments = arguments(container);
            if arguments.first().map(String::as_str) != Some("inject") {
                continue;
            }
            let of = format!("deploy/{}: {}", build.directory, called(object));
            arguments.push("--help".to_owned());
            let mut command = podometer();
            command.args(&arguments);
            let (code, said) = run(command);
            assert_eq!(code, 0, "{of}: {said}");
            let map = build.find("ConfigMap", None, "podometer-injector-classes").unwrap();
            for (name, class) in map["data"].as_object().unwrap() {
                let directory = tempfile::tempdir().unwrap();
                let file = directory.path().join(name);
                std::fs::write(&file, class.as_str().unwrap()).unwrap();
                let mut command = podometer();
                command.args(["config", "check"]).arg(file);
                let (code, said) = run(command);
                assert_eq!(code, 0, "{of}: {name}: {said}");
            }
        }
    }
}
