//! Manifests of all kinds and odd ones, as a person runs the command.

use std::io::Write;
use std::process::{Command, Stdio};

use super::golden;

/// Exit code, standard output and standard error.
fn podometer(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_podometer"))
        .arg("inject")
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments reads nothing.
    let _closed = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("tests/fixtures/inject/{name}")).unwrap()
}

/// Golden output and remarks; a second time changes nothing, and what is taken out again is what was there.
fn check(name: &str, arguments: &[&str], golden_name: &str) {
    let input = fixture(name);
    let arguments = [&["-f", "-"], arguments].concat();
    let (code, output, remarks) = podometer(&arguments, &input);
    assert_eq!(code, 0, "{remarks}");
    golden::check(&format!("inject/{golden_name}"), &output);
    golden::check(&format!("inject/{golden_name}.remarks"), &remarks);
    let (_, again, _) = podometer(&arguments, &output);
    assert_eq!(again, output, "{golden_name}: a second time");
    let (_, removed, _) = podometer(&["-f", "-", "--remove"], &output);
    assert_eq!(removed, input, "{golden_name}: taken out again");
    let (_, removed, remarks) = podometer(&["-f", "-", "--remove"], &input);
    assert_eq!((removed, remarks.as_str()), (input, ""), "{golden_name}: nothing to take out");
}

#[test]
fn every_kind_of_workload() {
    check("workloads.yaml", &[], "workloads.yaml");
    check("list.json", &[], "list.json");
    check("stream.json", &[], "stream.json");
}

#[test]
fn every_way_to_see_a_pod() {
    check("workloads.yaml", &["--container", "--view", "own"], "container.yaml");
    check("pod.yaml", &["--view", "host", "--image", "registry.example/podometer:1"], "host.yaml");
    check("pod.yaml", &["--share-process-namespace", "the cart starts workers"], "shared.yaml");
    check("pod.yaml", &["--classes", "tests/fixtures/inject/classes", "--class", "app"], "class.yaml");
}

#[test]
fn odd_pods_and_annotations() {
    check("odd.yaml", &["--classes", "tests/fixtures/inject/classes"], "odd.yaml");
    check("telegraf.yaml", &["--classes", "tests/fixtures/inject/classes"], "telegraf.yaml");
}

/// Comments of documents that stay, blank lines, anchors, flow and quotes.
#[test]
fn what_is_no_workload_stays_to_the_letter() {
    let other =
        "# head\napiVersion: v1\nkind: ConfigMap   # why\ndata: {a: &x 'b', c: *x}\n\n...\n---  # next\n\n";
    let (code, output, remarks) = podometer(&["-f", "-"], other);
    assert_eq!((code, output.as_str(), remarks.as_str()), (0, other, ""));
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{name: a, image: &i b, env: [{name: c, value: *i}]}]\n";
    let (_, output, _) = podometer(&["-f", "-"], &format!("{other}{pod}"));
    assert!(output.starts_with(other), "{output}");
    assert!(output.contains("containers: [{name: a, image: b, env: [{name: c, value: b}]}]\n"), "{output}");
}

#[test]
fn another_version_of_ours_is_replaced() {
    let (_, first, _) = podometer(&["-f", "-", "--image", "podometer:0.0.9"], &fixture("pod.yaml"));
    let (_, second, remarks) = podometer(&["-f", "-"], &first);
    let (_, fresh, _) = podometer(&["-f", "-"], &fixture("pod.yaml"));
    assert_eq!(second, fresh);
    let told = "podometer: Pod shop/cart: injected in place of another sidecar of ours\n";
    assert!(remarks.starts_with(told), "{remarks}");
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_is_printed() {
    let text = "apiVersion: v1\nkind: Pod\n---\na: [\n---\n{\"a\": 1, \"a\": 2}\n";
    let (code, output, said) = podometer(&["-f", "-"], text);
    assert_eq!((code, output.as_str()), (64, ""));
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("podometer: standard input: document 2, line "), "{said:?}");
    assert_eq!(said[1], "podometer: standard input: document 3, line 6: key \"a\" stands here a second time");
    let (code, _, said) = podometer(&["-f", "/nowhere.yaml"], "");
    assert_eq!(code, 64);
    assert!(said.starts_with("podometer: /nowhere.yaml: cannot be read: "), "{said}");
    let (code, _, said) = podometer(&["-f", "-", "--classes", "/nowhere"], "");
    assert_eq!(code, 64);
    assert!(said.starts_with("podometer: /nowhere: cannot be read: "), "{said}");
    assert_eq!(podometer(&[], "").0, 64);
    assert_eq!(podometer(&["-f", "-", "--limits-cpu", "much"], "").0, 64);
    assert_eq!(podometer(&["serve", "--secret", "../x"], "").0, 64);
    let (code, _, said) = podometer(&["-f", "-", "--requests-memory", "128Mi"], "");
    assert_eq!(code, 64);
    assert!(said.contains("--requests-memory 128Mi: is above --limits-memory 64Mi"), "{said}");
}

/// What a pod gets is a configuration that the agent takes.
#[test]
fn the_agent_takes_what_it_is_given() {
    let (_, output, _) =
        podometer(&["-f", "-", "--classes", "tests/fixtures/inject/classes"], &fixture("telegraf.json"));
    let pod: serde_json::Value = serde_json::from_str(&output).unwrap();
    let variables = pod["spec"]["initContainers"][0]["env"].as_array().unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_podometer"));
    check.args(["agent", "--set", "server.listen=nowhere"]).env_clear();
    for variable in variables.iter().filter(|variable| variable["value"].is_string()) {
        // As the kubelet hands them over.
        let value = variable["value"].as_str().unwrap().replace("$$", "$");
        check.env(variable["name"].as_str().unwrap(), value);
    }
    let output = check.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert_eq!(said.lines().count(), 1, "only what was set wrong on purpose: {said}");
    assert!(said.contains("server.listen"), "{said}");
}
