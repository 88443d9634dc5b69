//! The program itself: where it says that it listens, how it ends, what it refuses.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::child::Running;
use crate::client::Client;

fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.arg("target").args(flags).env_clear().stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

#[test]
fn it_ends_in_peace_and_requests_under_way_are_answered() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut running = Running(command(&["--listen", "127.0.0.1:0", "--threads", "2"]).spawn().unwrap());
        let mut log = BufReader::new(running.0.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("address=") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it never said where it listens");
        }
        let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap();
        let address: SocketAddr = address.parse().unwrap();
        let mut idle = Client::new(address);
        assert_eq!(idle.get("/").status, 200);
        let mut busy = Client::new(address);
        busy.send("GET /?delay=300ms HTTP/1.1\r\nhost: t\r\n\r\n");
        // Once the page shows both writing, the request is under way.
        while !idle.get("/stub_status").text().contains("Writing: 2 ") {}
        kill_process(Pid::from_raw(running.0.id() as i32).unwrap(), signal).unwrap();
        assert!(idle.rest().is_empty());
        let answer = busy.answer();
        assert_eq!((answer.status, answer.header("connection")), (200, "close"));
        assert_eq!(running.0.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn what_cannot_be_served_is_said_with_its_exit_code() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flags, code, told) in [
        (&["--listen", &address][..], 1, "choose another with --listen"),
        (&["--threads", "0"], 64, "--threads: \"0\" is below 1; allowed: 1 to 256"),
        (&["--delay", "5h"], 64, "--delay: \"5h\" is above 1m; allowed: 0s to 1m"),
        (&["--max-leak", "much"], 64, "allowed: whole bytes"),
        (&["--burns", "1s"], 64, "--burn"),
    ] {
        let mut child = command(flags).spawn().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{flags:?}: {said}");
        assert!(said.contains(told), "{flags:?}: {said}");
    }
}
