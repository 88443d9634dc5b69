//! The binary as an agent of one tree, serving on a port of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;

use crate::http::{self, PATIENCE, wait};
use crate::node::Node;

/// A running agent.
pub(crate) struct Agent {
    child: Child,
    pub(crate) address: String,
}

impl Agent {
    /// Starts it, and waits until it is ready and has names and rates.
    pub(crate) fn start(node: &Node, settings: &[&str]) -> Agent {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
        command.arg("agent").env_clear().stdin(Stdio::null()).stderr(Stdio::piped());
        let paths = [
            format!("paths.cgroup={}", node.path("cgroup").display()),
            format!("identity.pods_file={}", node.path("pods.json").display()),
        ];
        // A debug build that is scraped without a pause costs more than the budget, which would lower its rates.
        let fixed =
            ["server.listen=127.0.0.1:0", "sampler.fast_interval=50ms", "sampler.cpu_budget_percent=400"];
        for setting in paths.iter().map(String::as_str).chain(fixed).chain(settings.iter().copied()) {
            command.args(["--set", setting]);
        }
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, announced) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once("address=") {
                    // Only the first address is waited for; the rest of the log is read so that it never blocks.
                    let _ = sender.send(address.trim().to_owned());
                }
            }
        });
        let mut agent = Agent { child, address: String::new() };
        agent.address = announced.recv_timeout(PATIENCE).unwrap();
        wait("readiness", || Some(http::get(&agent.address, "/-/ready")?.0).filter(|&status| status == 200));
        // The first snapshot has neither names nor rates: a rate needs two readings.
        let rate = "podometer_container_cpu_usage_mean_cores{container=\"app\"";
        wait("names and rates", || agent.get("/metrics").contains(rate).then_some(()));
        agent
    }

    /// The body of a page, which must be served.
    pub(crate) fn get(&self, path: &str) -> String {
        let (status, body) = http::get(&self.address, path).unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value of the first sample of this name whose labels hold all of these.
pub(crate) fn sample(page: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let line = page.lines().find(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
            && labels.iter().all(|label| line.contains(label))
    })?;
    let values = line.rsplit_once('}').map_or_else(|| line.strip_prefix(name), |(_, values)| Some(values))?;
    values.split_whitespace().next()?.parse().ok()
}
