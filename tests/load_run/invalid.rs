//! Runs whose numbers do not speak of the target: told each time, with the reason.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::child::Running;
use crate::harness::target;

#[test]
fn a_lack_of_file_descriptors() {
    let target = target();
    let podometer = env!("CARGO_BIN_EXE_podometer");
    let load = format!("{podometer} load run http://{}/ --vus 64 --iterations 200 --quiet", target.address());
    let output = Command::new("sh").args(["-c", &format!("ulimit -n 40; exec {load}")]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(120), "{said}");
    assert!(said.contains("INVALID") && said.contains("for lack of file descriptors"), "{said}");
    // They are failures under k6's code for it all the same, and the run goes on.
    assert!(said.lines().any(|line| line.contains(" iterations.") && line.contains(": 200 ")), "{said}");
}

#[test]
fn a_generator_that_stood_still() {
    let target = target();
    let url = format!("http://{}/", target.address());
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args(["load", "run", &url, "--rate", "200/s", "--duration", "3s", "--vus", "5"]);
    let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut child = Running(spawned);
    let pid = Pid::from_raw(child.0.id() as i32).unwrap();
    let mut lines = BufReader::new(child.0.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.contains("req/s"))));
    kill_process(pid, Signal::STOP).unwrap();
    std::thread::park_timeout(Duration::from_millis(500));
    kill_process(pid, Signal::CONT).unwrap();
    let mut out = String::new();
    child.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(child.0.wait().unwrap().code(), Some(120), "{out}");
    assert!(out.contains("INVALID") && out.contains("the generator came to starts"), "{out}");
    assert!(out.contains("scheduled 600 = "), "{out}");
}
