//! The program itself: its exit codes, its ends, and what it says.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::child::Running;
use crate::harness::target;

fn command(url: &str, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args(["load", "run", url]).args(flags).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn run(url: &str, flags: &[&str]) -> (i32, String, String) {
    let output = command(url, flags).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_url_alone_is_one_request() {
    let target = target();
    let url = format!("http://{}/", target.address());
    let (code, out, said) = run(&url, &[]);
    assert_eq!((code, said.as_str()), (0, ""));
    assert!(out.lines().any(|line| line.contains("http_reqs") && line.contains(": 1 ")), "{out}");
}

#[test]
fn thresholds_decide_the_exit_code() {
    let target = target();
    let url = format!("http://{}/", target.address());
    for (threshold, code) in [("http_reqs=count==20", 0), ("http_req_duration=max<0.0001", 99)] {
        let (ended, out, said) = run(
            &url,
            &["--vus", "2", "--iterations", "20", "--check-status", "200", "--threshold", threshold],
        );
        assert_eq!(ended, code, "{out}{said}");
        assert!(out.contains("status is 200") && out.contains("20 out of 20"), "{out}");
    }
}

#[test]
fn what_cannot_be_run_is_104_and_says_why() {
    for (url, flags, told) in [
        (
            "http://h/",
            &["--iterations", "5", "--stage", "1s:1"][..],
            "iterations: \"iterations\" cannot be used",
        ),
        ("http://h/", &["--rate", "5/s"], "does not say for how long"),
        ("http://h/", &["--duration", "1x"], "--duration: \"1x\" is no duration"),
        ("http://h/", &["--vus", "-1"], "allowed: 1 to"),
        ("http://h/", &["--threshold", "http_req_duration=p95<5"], "did you mean p(95)?"),
        ("ftp://h/", &[], "does not begin with http://"),
        ("https://h/", &["--tls-ca", "/no/such/ca.pem"], "/no/such/ca.pem"),
        ("https://h/", &["--tls-min", "1.3", "--tls-max", "1.2"], "--tls-min: above --tls-max"),
        ("no-such.yaml", &[], "no-such.yaml: cannot be read"),
        ("crocodile-test3", &[], "did you mean crocodile-test1?"),
        ("crocodile-test1", &["--header", "x: y"], "--header: a load test says so itself"),
        ("crocodile-test1", &["-e", "x"], "--env: a word has no"),
        ("http://h/", &["--method", "GE T"], "method"),
        ("http://h/", &["--body", "@/no/such/file"], "/no/such/file"),
    ] {
        let (code, out, said) = run(url, flags);
        assert_eq!((code, out.as_str()), (104, ""), "{flags:?}: {said}");
        assert!(said.contains(told), "{flags:?}: {said}");
    }
}

#[test]
fn a_password_in_the_url_is_not_told_back() {
    for url in ["http://user:secret@h/", "https://user:secret@h/", "ftp://user:secret@h/"] {
        let (code, out, said) = run(url, &[]);
        assert_eq!((code, out.as_str()), (104, ""), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

/// Waits for a line on standard error, and sends this signal.
fn interrupt(child: &mut Running, lines: &mut impl Iterator<Item = std::io::Result<String>>, until: &str) {
    let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(until)));
    assert!(line.is_some(), "it never said {until}");
    kill_process(Pid::from_raw(child.0.id() as i32).unwrap(), Signal::INT).unwrap();
}

fn rest(child: &mut Running) -> (Option<i32>, String) {
    let mut out = String::new();
    child.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    (child.0.wait().unwrap().code(), out)
}

#[test]
fn one_interrupt_ends_gracefully_with_a_summary() {
    let target = target();
    let url = format!("http://{}/?delay=50ms", target.address());
    for load in [&["--vus", "2", "--duration", "1h"][..], &["--rate", "20/s", "--duration", "1h"]] {
        let mut child = Running(command(&url, load).spawn().unwrap());
        let mut lines = BufReader::new(child.0.stderr.take().unwrap()).lines();
        interrupt(&mut child, &mut lines, "req/s");
        let (code, out) = rest(&mut child);
        assert_eq!(code, Some(105), "{out}");
        let failed = out.lines().find(|line| line.contains("http_req_failed")).unwrap();
        assert!(failed.contains(" 0.00% "), "those under way were answered: {failed}");
        // Due and fates are counted apart, and agree however it ends.
        assert_eq!(out.contains("\u{2713} scheduled "), load[0] == "--rate", "{out}");
    }
}

#[test]
fn a_second_interrupt_does_not_wait() {
    let target = target();
    let url = format!("http://{}/?delay=1m", target.address());
    let mut child = Running(command(&url, &["--vus", "2", "--duration", "1h"]).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stderr.take().unwrap()).lines();
    interrupt(&mut child, &mut lines, "req/s");
    interrupt(&mut child, &mut lines, "iterations under way may end");
    let (code, out) = rest(&mut child);
    assert_eq!(code, Some(105));
    assert!(out.contains("vus_max"), "{out}");
}

#[test]
fn each_report_is_written_and_replaces_what_stood_there() {
    let target = target();
    let url = format!("http://{}/", target.address());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let forms = ["--summary-json", "--summary-export", "--summary-machine", "--csv", "--junit"];
    let files: Vec<String> = forms.iter().map(|form| path(form)).collect();
    std::fs::write(&files[0], "x".repeat(1 << 20)).unwrap();
    let reports = forms.iter().zip(&files).flat_map(|(form, file)| [*form, file.as_str()]);
    let load = ["--iterations", "3", "--check-status", "200", "--summary-trend-stats", "p(99.9),count"];
    let flags: Vec<&str> = load.into_iter().chain(reports).collect();
    let (code, out, said) = run(&url, &flags);
    assert_eq!(code, 0, "{said}");
    let duration = out.lines().find(|line| line.contains("http_req_duration")).unwrap();
    assert!(duration.contains("p(99.9)=") && duration.ends_with("count=3"), "{out}");
    let text = |at: usize| std::fs::read_to_string(&files[at]).unwrap();
    let json = |at: usize| serde_json::from_str::<serde_json::Value>(&text(at)).unwrap();
    assert_eq!(json(0)["metrics"]["http_reqs"]["values"]["count"], 3);
    assert_eq!(json(1)["metrics"]["http_reqs"]["count"], 3);
    assert_eq!(json(2)["version"], "1.0.0");
    assert!(text(3).starts_with("run_id,kind,name,"), "{}", text(3));
    assert!(text(4).contains("<testcase ") && text(4).contains(&url), "{}", text(4));
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_the_first_request() {
    let target = target();
    let url = format!("http://{}/", target.address());
    let flags = ["--csv", "/no/such/folder/out.csv", "--summary-trend-stats", "p(101)"];
    let (code, out, said) = run(&url, &flags);
    assert_eq!((code, out.as_str()), (104, ""), "{said}");
    assert!(said.contains("--csv: /no/such/folder/out.csv: ") && said.contains("p(101)"), "{said}");
    let (_, out, _) = run(&url, &["--iterations", "1"]);
    let requests = out.lines().find(|line| line.contains("http_reqs")).unwrap();
    assert!(requests.contains(": 1 "), "{requests}");
}
