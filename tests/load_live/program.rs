//! The program with the target in this process.

use std::io::{BufRead, BufReader, Lines, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use podometer::target::{Config, Target};

pub(crate) fn target() -> Target {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    Target::start(Config { listen, threads: 1, ..Config::default() }).unwrap()
}

/// A run that goes on. It ends with the test.
pub(crate) struct Load {
    child: Child,
    said: Lines<BufReader<ChildStderr>>,
    /// All that was said so far.
    pub(crate) all: Vec<String>,
}

/// A run that is over.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) said: Vec<String>,
    /// The summary in the shape of k6's --summary-export.
    pub(crate) summary: serde_json::Value,
}

impl Ended {
    /// On a machine that is busy with other tests it may say of itself that it was too slow.
    pub(crate) fn is_through(&self) -> bool {
        [0, 120].contains(&self.code)
    }
}

impl Load {
    /// `directory` has place for its summary and its temporary files.
    pub(crate) fn start(url: &str, flags: &[&str], variables: &[(&str, &str)], directory: &Path) -> Load {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
        command.args(["load", "run", url]).args(flags).env_clear().env("TMPDIR", directory);
        command.arg("--summary-export").arg(directory.join("summary.json"));
        command.envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines();
        Load { child, said, all: Vec::new() }
    }

    /// The next line on standard error that holds this.
    pub(crate) fn wait(&mut self, part: &str) -> String {
        for line in self.said.by_ref().map_while(Result::ok) {
            self.all.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
        panic!("it never said {part:?}: {:#?}", self.all);
    }

    /// So many seconds more.
    pub(crate) fn seconds(&mut self, count: usize) {
        for _ in 0..count {
            self.wait("req/s");
        }
    }

    pub(crate) fn interrupt(&self) {
        let pid = rustix::process::Pid::from_raw(self.child.id().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    }

    pub(crate) fn end(mut self, directory: &Path) -> Ended {
        self.all.extend(self.said.by_ref().map_while(Result::ok));
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        let text = std::fs::read_to_string(directory.join("summary.json"))
            .unwrap_or_else(|error| panic!("no summary: {error}: {:#?}", self.all));
        let summary = serde_json::from_str(&text).unwrap();
        Ended { code, said: std::mem::take(&mut self.all), summary }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Ended {
    /// A number of a metric.
    pub(crate) fn number(&self, metric: &str, name: &str) -> f64 {
        let found = &self.summary["metrics"][metric][name];
        found.as_f64().unwrap_or_else(|| panic!("{metric}.{name}: {}", self.summary))
    }
}
