//! The target's settings.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::faults::Faults;
use super::size;
use crate::model::bounds::OutOfRange;

/// Where and how to serve.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// A second address for `/metrics`, `/stub_status` and `/healthz` alone, served by a thread of its own.
    pub metrics_listen: Option<SocketAddr>,
    /// Threads that answer; one for each core.
    pub threads: usize,
    /// Largest number of connections at one time.
    pub max_connections: usize,
    /// Longest time from the first byte of a request to the end of its head, and again to the end of its body.
    pub request_timeout: Duration,
    /// Longest time from an answer to the next request.
    pub idle_timeout: Duration,
    /// Longest time that an answer may wait for its reader.
    pub write_timeout: Duration,
    /// Longest time that requests under way may take at the end.
    pub shutdown_timeout: Duration,
    /// Most memory that all requests together can keep on request.
    pub max_leak_bytes: u64,
    /// Where the random delays and errors begin: equal seeds, equal rows of them in each thread.
    pub seed: u64,
    /// It ends when standard input does, so that it never outlives who started it.
    pub until_stdin_closes: bool,
    /// Faults that all requests suffer from the start.
    pub faults: Faults,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9759)),
            metrics_listen: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            max_connections: 20_000,
            request_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(5),
            max_leak_bytes: 256 << 20,
            seed: 1,
            until_stdin_closes: false,
            faults: Faults::default(),
        }
    }
}

impl Config {
    /// Every setting that cannot be served with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let count =
            |key, value: usize, bounds| OutOfRange::check(key, value, bounds, |value| value.to_string());
        let span = |key, value| {
            let show = |value| humantime::format_duration(value).to_string();
            OutOfRange::check(key, value, (Duration::from_millis(1), Duration::from_hours(1)), show)
        };
        let problems = [
            count("threads", self.threads, (1, 256)),
            count("max_connections", self.max_connections, (1, 1_000_000)),
            span("request_timeout", self.request_timeout),
            span("idle_timeout", self.idle_timeout),
            span("write_timeout", self.write_timeout),
            span("shutdown_timeout", self.shutdown_timeout),
            OutOfRange::check("max_leak", self.max_leak_bytes, (0, 64 << 30), size::show),
        ];
        problems.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_served_with_and_what_cannot_is_named() {
        assert_eq!(Config::default().validate(), []);
        let config = Config { threads: 0, max_connections: 0, max_leak_bytes: u64::MAX, ..Config::default() };
        let told: Vec<String> = config.validate().iter().map(|problem| problem.key.clone()).collect();
        assert_eq!(told, ["threads", "max_connections", "max_leak"]);
    }
}
