//! The built-in load tests against the target, shortened by flags; and the commands around files.

use std::process::{Command, Stdio};

use podometer::load::profiles::ALL;

use crate::harness::target;

fn podometer(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args(["load"]).args(arguments).env_clear().stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn each_profile_runs_without_a_failed_request() {
    let target = target();
    let endpoint = format!("ENDPOINT=http://{}", target.address());
    for profile in ALL {
        let flags = ["run", profile.name, "-e", &endpoint, "--vus", "3", "--duration", "2s", "--quiet"];
        let (code, out, said) = podometer(&flags);
        // On a machine that is busy with other tests it may say of itself that it was too slow.
        assert!(matches!(code, 0 | 120), "{}: {code} {out}{said}", profile.name);
        let failed = out.lines().find(|line| line.contains("http_req_failed.")).unwrap();
        assert!(failed.contains(" 0.00% "), "{}: {failed}", profile.name);
        let checks = out.lines().find(|line| line.contains("checks_succeeded")).unwrap();
        assert!(checks.contains("100.00% "), "{}: {checks}", profile.name);
    }
}

#[test]
fn profiles_are_listed_and_printed() {
    let (code, out, _) = podometer(&["profiles"]);
    assert_eq!((code, out.lines().count()), (0, ALL.len()));
    assert!(out.contains("crocodile-test1  200 users for 3 minutes"), "{out}");
    let (code, out, _) = podometer(&["profiles", "stress"]);
    assert_eq!((code, out.as_str()), (0, ALL.iter().find(|one| one.name == "stress").unwrap().text));
    let (code, _, said) = podometer(&["profiles", "stres"]);
    assert_eq!(code, 64);
    assert!(said.contains("did you mean stress?"), "{said}");
}

#[test]
fn a_check_says_what_would_be_done() {
    let (code, out, said) = podometer(&["check", "wiremock", "-e", "THREADS=7", "-e", "ENDPOINT=http://h:8"]);
    assert_eq!((code, said.as_str()), (0, ""));
    let expected = "\
at most 7 VUs, 5m30s without graceful ends
scenario wiremock: ramping-vus, at most 7 VUs, 5m30s, runs default
requests to h:8
threshold http_req_duration{name:dynamic}: p(95)<1100
threshold http_req_duration{name:static}: p(95)<100
threshold http_req_failed: rate<0.01
";
    let mut sorted: Vec<&str> = out.lines().collect();
    sorted[3..].sort_unstable();
    assert_eq!(sorted.join("\n") + "\n", expected);
}

#[test]
fn all_that_is_wrong_with_a_file_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.yaml");
    std::fs::write(&path, "vus: -1\nflows:\n  default:\n    - gett: http://h\n    - sleep: 5\n").unwrap();
    let path = path.to_str().unwrap();
    for command in ["check", "run"] {
        let (code, out, said) = podometer(&[command, path]);
        assert_eq!((code, out.as_str()), (104, ""), "{said}");
        for place in ["t.yaml:1:6: ", "t.yaml:4:7: ", "t.yaml:5:14: "] {
            assert!(said.contains(place), "{place} in {said}");
        }
    }
}

#[test]
fn a_file_with_flags_above_it_makes_its_summary() {
    let target = target();
    let folder = tempfile::tempdir().unwrap();
    let (path, json) = (folder.path().join("t.yaml"), folder.path().join("out.json"));
    let text = format!(
        "env: {{H: 'http://{}'}}
stages: [{{duration: 1h, target: 5}}]
options: {{summaryTrendStats: [med, 'p(99.9)']}}
flows: {{default: [{{group: outer, steps: [{{group: inner, steps: [{{get: '${{H}}/', check: {{status: 200}}}}]}}]}}]}}
",
        target.address()
    );
    std::fs::write(&path, text).unwrap();
    let flags =
        ["--iterations", "4", "--threshold", "checks{group:::outer::inner}=rate==1", "--summary-json"];
    let arguments = [&["run", path.to_str().unwrap()], &flags[..], &[json.to_str().unwrap()]].concat();
    let (code, out, said) = podometer(&arguments);
    assert_eq!(code, 0, "{out}{said}");
    assert!(out.contains("p(99.9)="), "{out}");
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let inner = &json["root_group"]["groups"][0]["groups"][0];
    assert_eq!(
        (inner["path"].as_str(), inner["checks"][0]["passes"].as_u64()),
        (Some("::outer::inner"), Some(4))
    );
    assert_eq!(json["metrics"]["group_duration"]["type"], "trend");
    assert_eq!(json["podometer"]["interrupted_iterations"], 0);
}
