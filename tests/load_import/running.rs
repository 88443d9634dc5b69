//! What comes of the scripts of the stacks, run against the target and shortened by flags.

use std::fs;
use std::process::{Command, Stdio};

use podometer::target::{Config, Target};
use serde_json::Value;

use crate::reading::{imported, script};
use crate::stacks::SAME;

fn target() -> Target {
    let listen = ([127, 0, 0, 1], 0).into();
    Target::start(Config { listen, threads: 1, ..Config::default() }).unwrap()
}

#[test]
fn each_runs_without_a_failed_request() {
    let target = target();
    let endpoint = format!("ENDPOINT=http://{}", target.address());
    let folder = tempfile::tempdir().unwrap();
    for (name, _) in SAME {
        let (yaml, json) = (folder.path().join("s.yaml"), folder.path().join("s.json"));
        fs::write(&yaml, imported(name, &script(name)).yaml).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
        command.args(["load", "run"]).arg(&yaml).args(["-e", &endpoint, "--vus", "3", "--duration", "1s"]);
        command.args(["--quiet", "--summary-json"]).arg(&json).env_clear().stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // On a machine that is busy with other tests it may say of itself that it was too slow.
        assert!(matches!(output.status.code(), Some(0 | 120)), "{name}: {:?} {said}", output.status);
        let summary: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
        let value = |metric: &str, key: &str| {
            let found = summary["metrics"][metric]["values"][key].as_f64();
            found.unwrap_or_else(|| panic!("{name}: {metric} has no {key}: {summary:#}"))
        };
        assert!(value("http_reqs", "count") > 0.0, "{name}: {summary:#}");
        assert!(value("http_req_failed", "passes") == 0.0, "{name}: {summary:#}");
        assert!(value("checks", "passes") > 0.0, "{name}: {summary:#}");
        assert!(value("checks", "fails") == 0.0, "{name}: {summary:#}");
    }
}
