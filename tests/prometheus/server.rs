//! Prometheus and promtool as programs.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::http::{self, wait};
use crate::ports::free_port;

/// The program, or `None` with a message where it is not installed. On CI that is a failure.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let found = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
    });
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{name} must be installed on CI");
        eprintln!("!!! SKIPPED: {name} is not installed (Debian: prometheus), nothing was tested");
    }
    found
}

/// A running Prometheus and its data directory.
pub(crate) struct Prometheus {
    address: String,
    directory: tempfile::TempDir,
    child: Child,
}

/// One sample of an answer.
pub(crate) struct Sample {
    pub(crate) labels: Value,
    /// Seconds since the epoch: the scrape's, where the row has no time of its own.
    pub(crate) at: f64,
    pub(crate) value: f64,
}

impl Prometheus {
    /// Starts it on one job for each page of the agent: job name and path.
    pub(crate) fn start(agent: &str, jobs: &[(&str, &str)], features: &[&str]) -> Option<Prometheus> {
        let program = program("prometheus")?;
        let directory = tempfile::tempdir().unwrap();
        let scrape = |(job, path): &(&str, &str)| {
            let targets = format!("static_configs: [{{targets: ['{agent}']}}]");
            format!("- {{job_name: {job}, metrics_path: {path}, {targets}}}")
        };
        let mut lines = vec!["global: {scrape_interval: 1s, scrape_timeout: 1s}".to_owned()];
        lines.push("scrape_configs:".to_owned());
        lines.extend(jobs.iter().map(scrape));
        let config = directory.path().join("prometheus.yml");
        std::fs::write(&config, lines.join("\n")).unwrap();
        let port = free_port();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let mut command = Command::new(program);
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(features.iter().map(|feature| format!("--enable-feature={feature}")))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let child = command.spawn().unwrap();
        let mut server = Prometheus { address: format!("127.0.0.1:{port}"), directory, child };
        wait("Prometheus", || {
            let gone = server.child.try_wait().unwrap();
            assert!(gone.is_none(), "it ended with {gone:?}: {}", server.log());
            Some(http::get(&server.address, "/-/ready")?.0).filter(|&status| status == 200)
        });
        Some(server)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// The `data` of an answer of the HTTP API.
    pub(crate) fn api(&self, path: &str) -> Value {
        let (status, body) = http::get(&self.address, &format!("/api/v1/{path}")).unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        let mut answer: Value = serde_json::from_str(&body).unwrap();
        answer["data"].take()
    }

    /// The newest value of each series that the expression gives.
    pub(crate) fn query(&self, expression: &str) -> Vec<Sample> {
        let rows = self.ask(expression);
        rows.into_iter().map(|mut row| sample(row["metric"].take(), &row["value"])).collect()
    }

    /// The labels of each series that the expression gives, whatever its values are.
    pub(crate) fn series(&self, expression: &str) -> Vec<Value> {
        self.ask(expression).into_iter().map(|mut row| row["metric"].take()).collect()
    }

    /// All values of the last minutes of the only series that the selector finds.
    pub(crate) fn samples(&self, selector: &str) -> Vec<Sample> {
        let rows = self.ask(&format!("{selector}[5m]"));
        assert!(rows.len() <= 1, "{selector}: {rows:?}");
        let values = rows.first().and_then(|row| row["values"].as_array()).cloned().unwrap_or_default();
        values.iter().map(|value| sample(Value::Null, value)).collect()
    }

    fn ask(&self, expression: &str) -> Vec<Value> {
        let encoded: String =
            expression.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"));
        self.api(&format!("query?query={encoded}"))["result"].as_array().unwrap().clone()
    }

    /// The only value of the expression.
    pub(crate) fn value(&self, expression: &str) -> f64 {
        let samples = self.query(expression);
        assert_eq!(samples.len(), 1, "{expression}");
        samples[0].value
    }

    /// One of the server's counters about itself.
    pub(crate) fn own_counter(&self, name: &str) -> f64 {
        let (_, page) = http::get(&self.address, "/metrics").unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sample(labels: Value, pair: &Value) -> Sample {
    let value = pair[1].as_str().unwrap().parse().unwrap();
    Sample { labels, at: pair[0].as_f64().unwrap(), value }
}
