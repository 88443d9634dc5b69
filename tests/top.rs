//! `podometer top` against an agent's document, as golden output. `UPDATE_GOLDEN=1 cargo test --test top`
//! writes the golden files anew.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "support/ports.rs"]
mod ports;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use ports::free_address;

const DOCUMENT: &str = include_str!("fixtures/pods_document.json");

/// Answers every request of this process's children until the test ends.
fn serve(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            answer(stream, status, body);
        }
    });
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, status: &str, body: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut request = Vec::new();
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
        request.push(std::mem::take(&mut line));
    }
    let path = request.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let token = request.iter().any(|line| line.eq_ignore_ascii_case("authorization: Bearer s3cret\r\n"));
    let status = match (path, token) {
        ("/api/v1/pods", _) | ("/with/token", true) => status,
        ("/with/token", false) => "401 Unauthorized",
        _ => "404 Not Found",
    };
    let length = body.len();
    // The client may be gone: that is its business.
    let _ =
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
}

fn top(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.arg("top").args(arguments).env_clear().env("TERM", "xterm-256color");
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = top(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn golden(name: &str, text: &str) {
    let file = Path::new("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&file).unwrap_or_default(), "{}", file.display());
}

#[test]
fn tables_are_golden_and_plain_when_piped() {
    let url = serve("200 OK", DOCUMENT);
    for (name, arguments) in [
        ("top_default.txt", &["--once"][..]),
        ("top_pods_by_memory_wide.txt", &["pods", "--live", "--sort", "memory", "--wide"]),
        ("top_containers.txt", &["containers", "-n", "shop"]),
        ("top_units_by_cpu.txt", &["units", "--sort-by", "cpu"]),
        ("top_node.txt", &["node", "--live"]),
    ] {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--url", &url]).collect();
        let (code, stdout, stderr) = run(&arguments);
        assert_eq!((code, stderr.as_str()), (0, ""), "{name}");
        assert!(!stdout.contains('\x1b'), "{name}");
        golden(name, &stdout);
    }
}

#[test]
fn nothing_to_list_is_said_on_stderr_alone() {
    let url = serve("200 OK", DOCUMENT);
    assert_eq!(run(&["-n", "empty", "--url", &url]), (0, String::new(), "podometer: no pods found\n".into()));
}

#[test]
fn watch_in_a_pipe_is_plain_text_and_ends_quietly_with_its_reader() {
    let url = serve("200 OK", DOCUMENT);
    let mut child = top(&["pods", "--live", "--watch", "0.1", "--url", &url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut heads = 0;
    let mut line = String::new();
    while heads < 3 {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "ended after {heads} tables");
        assert!(!line.contains('\x1b'), "{line:?}");
        heads += usize::from(line.starts_with("NAMESPACE"));
    }
    drop(reader);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_token_is_sent_and_asked_for() {
    let url = format!("{}/with/token", serve("200 OK", DOCUMENT));
    let (code, _, stderr) = run(&["--url", &url]);
    assert!(code == 1 && stderr.contains("401") && stderr.contains("--token-file"), "{stderr}");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "s3cret\n").unwrap();
    let (code, stdout, stderr) = run(&["--url", &url, "--token-file", file.to_str().unwrap()]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.starts_with("NAMESPACE"), "{stdout}");
}

#[test]
fn what_goes_wrong_names_the_address() {
    let closed = free_address();
    for (url, words) in [
        (serve("200 OK", "<html>"), "is no podometer document"),
        (serve("200 OK", "{}"), "is no podometer document"),
        (serve("503 Service Unavailable", ""), "no values yet"),
        (serve("404 Not Found", ""), "is that a podometer agent?"),
        (format!("http://{closed}"), "connect"),
    ] {
        let (code, stdout, stderr) = run(&["--url", &url]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        assert!(stderr.contains(&url) && stderr.contains(words), "{stderr}");
    }
}
