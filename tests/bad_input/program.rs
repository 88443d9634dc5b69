//! The binary as a person starts it: once to its end, or as an agent that serves on a port of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Far beyond what any step takes: a hang fails the test instead of blocking it.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn podometer(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs to the end; the exit code, and what was said on both outputs.
pub(crate) fn ended(arguments: &[&str]) -> (i32, String) {
    let output = podometer(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), said)
}

/// An agent of its own tree, file and port.
pub(crate) struct Agent {
    child: Child,
    log: Receiver<String>,
    pub(crate) address: String,
}

impl Agent {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Agent {
        let agent = Agent::launch(arguments, &[]);
        agent.wait("readiness", |agent| agent.get("/-/ready").0 == 200);
        agent
    }

    /// Starts it in this environment and waits until it listens.
    pub(crate) fn launch(arguments: &[&str], variables: &[(&str, &str)]) -> Agent {
        let mut arguments: Vec<&str> = arguments.to_vec();
        arguments.splice(0..0, ["agent", "--set", "server.listen=127.0.0.1:0"]);
        let mut command = podometer(&arguments);
        command.envs(variables.iter().copied());
        Agent::launch_by(command)
    }

    /// Starts it by a command that becomes the agent, and waits until it listens.
    pub(crate) fn launch_by(mut command: Command) -> Agent {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, log) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut agent = Agent { child, log, address: String::new() };
        let line = agent.logged("serving /metrics");
        line.split("address=").nth(1).unwrap().trim().clone_into(&mut agent.address);
        agent
    }

    /// The next line of the log that holds this text.
    pub(crate) fn logged(&self, text: &str) -> String {
        self.logged_until(text).pop().unwrap()
    }

    /// The lines of the log up to the next one that holds this text.
    pub(crate) fn logged_until(&self, text: &str) -> Vec<String> {
        let since = Instant::now();
        let mut lines = Vec::new();
        while let Ok(line) = self.log.recv_timeout(PATIENCE.saturating_sub(since.elapsed())) {
            let is_last = line.contains(text);
            lines.push(line);
            if is_last {
                return lines;
            }
        }
        panic!("the agent never logged {text:?}; it logged {lines:#?}");
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        get(&self.address, path, "")
    }

    /// The value of the sample whose name and labels are exactly these.
    pub(crate) fn metric(&self, series: &str) -> Option<f64> {
        let (status, page) = self.get("/metrics");
        assert_eq!(status, 200);
        let value = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        Some(value.split(' ').next().unwrap().parse().unwrap())
    }

    /// Asks until it holds; each question waits for the agent's answer.
    pub(crate) fn wait(&self, what: &str, mut holds: impl FnMut(&Agent) -> bool) {
        let since = Instant::now();
        while !holds(self) {
            assert!(since.elapsed() < PATIENCE, "{what}: never came");
            // Not a fixed pause: only how often the question is put.
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.child.id() as i32).unwrap(), signal).unwrap();
    }

    #[allow(dead_code, reason = "few tests look at the process from outside")]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end that a signal brings.
    #[allow(dead_code, reason = "few tests end it so")]
    pub(crate) fn crashed(mut self) {
        assert_eq!(self.child.wait().unwrap().code(), None);
    }

    /// SIGTERM, and the exit code that follows.
    pub(crate) fn end(mut self) -> i32 {
        self.signal(Signal::TERM);
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap();
            }
            assert!(since.elapsed() < PATIENCE, "SIGTERM does not end the agent");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// Status and body of a page; `header` is a whole line or nothing.
pub(crate) fn get(address: &str, path: &str, header: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nhost: localhost\r\n{header}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

impl Drop for Agent {
    fn drop(&mut self) {
        // After `end` there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory with a small cgroup tree and a proc file system that mounts nothing.
pub(crate) struct Host {
    directory: tempfile::TempDir,
}

impl Host {
    pub(crate) fn new() -> Host {
        let host = Host { directory: tempfile::tempdir().unwrap() };
        host.write("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
        host.write("cgroup/cgroup.controllers", "cpu memory pids\n");
        host.write("cgroup/cpu.stat", "usage_usec 9000000\nuser_usec 6000000\nsystem_usec 3000000\n");
        for name in ["a", "b", "c"] {
            host.unit(name);
        }
        host
    }

    /// A service with good files.
    pub(crate) fn unit(&self, name: &str) {
        let unit = format!("cgroup/system.slice/{name}.service");
        for (file, text) in [
            ("cgroup.controllers", "cpu memory pids\n"),
            ("cgroup.events", "populated 1\nfrozen 0\n"),
            ("cpu.stat", "usage_usec 5000000\nuser_usec 3000000\nsystem_usec 2000000\n"),
            ("memory.current", "4096000\n"),
            ("memory.stat", "anon 1000\nfile 2000\ninactive_file 96000\n"),
            ("pids.current", "3\n"),
        ] {
            self.write(&format!("{unit}/{file}"), text);
        }
    }

    pub(crate) fn path(&self, place: &str) -> PathBuf {
        self.directory.path().join(place)
    }

    pub(crate) fn write(&self, place: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn set(&self, key: &str, place: &str) -> String {
        format!("{key}={}", self.path(place).display())
    }

    /// An agent of this tree, with further arguments.
    pub(crate) fn agent(&self, arguments: &[&str]) -> Agent {
        let cgroup = self.set("paths.cgroup", "cgroup");
        let mut all = vec!["--set", cgroup.as_str()];
        all.extend(arguments);
        Agent::start(&all)
    }
}

pub(crate) fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}
