//! Whether, where and how often the kubelet is asked.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::model::bounds::OutOfRange;
use crate::source::http::url_problem;

/// When the kubelet is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enabled {
    /// Where an address is configured or a service account's token is mounted.
    #[default]
    Auto,
    Always,
    Never,
}

/// The section `kubelet`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether the kubelet is asked: auto, always or never.
    pub enabled: Enabled,
    /// Its address; without it https on port 10250 of NODE_IP, HOST_IP or the node's name.
    pub url: Option<String>,
    /// Plain HTTP on this port of the same node instead; kubelets keep it closed unless told otherwise.
    pub read_only_port: Option<u16>,
    /// Bearer token; without it the service account's, where it is mounted.
    pub token_file: Option<PathBuf>,
    /// Authorities that sign the kubelet's certificate; without it the cluster's, else the system's.
    pub ca_file: Option<PathBuf>,
    /// Name that the certificate must carry, where it is not the address's host.
    pub server_name: Option<String>,
    /// Trust any certificate.
    pub insecure_skip_verify: bool,
    /// Time between two readings of /metrics/resource.
    #[serde(with = "humantime_serde")]
    pub resource_interval: Duration,
    /// Time between two readings of /stats/summary.
    #[serde(with = "humantime_serde")]
    pub summary_interval: Duration,
    /// Longest time that one answer may take.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Longest pause between two attempts while the kubelet does not answer.
    #[serde(with = "humantime_serde")]
    pub backoff_max: Duration,
    /// Longest answer that is taken, in bytes.
    pub max_body_bytes: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            enabled: Enabled::Auto,
            url: None,
            read_only_port: None,
            token_file: None,
            ca_file: None,
            server_name: None,
            insecure_skip_verify: false,
            resource_interval: Duration::from_secs(10),
            summary_interval: Duration::from_mins(1),
            // An overloaded kubelet was seen to take 26 s; its late answer is worth more than none.
            timeout: Duration::from_secs(30),
            backoff_max: Duration::from_mins(1),
            max_body_bytes: 32 << 20,
        }
    }
}

impl Config {
    /// Every setting that the kubelet cannot be asked with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let show = |value| humantime::format_duration(value).to_string();
        let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
        let times = [
            ("resource_interval", self.resource_interval, (second, hour)),
            ("summary_interval", self.summary_interval, (second, hour)),
            ("timeout", self.timeout, (Duration::from_millis(100), Duration::from_mins(5))),
            ("backoff_max", self.backoff_max, (second, hour)),
        ];
        let mut problems: Vec<OutOfRange> = times
            .into_iter()
            .filter_map(|(key, value, bounds)| OutOfRange::check(key, value, bounds, show))
            .collect();
        let bytes = (64 << 10, 1 << 30);
        problems.extend(OutOfRange::check("max_body_bytes", self.max_body_bytes, bytes, |value| {
            value.to_string()
        }));
        problems.extend(self.url.as_deref().and_then(|url| self.url_problem(url)));
        if self.read_only_port == Some(0) {
            problems.push(OutOfRange::new(
                "read_only_port",
                "0",
                "is no port",
                "1 to 65535, usually 10255; or null",
            ));
        }
        if let (Some(port), Some(_)) = (self.read_only_port, &self.url) {
            let allowed = "one of url and read_only_port";
            problems.push(OutOfRange::new("read_only_port", port.to_string(), "stands beside url", allowed));
        }
        if let (true, Some(file)) = (self.insecure_skip_verify, &self.ca_file) {
            let reason = format!("stands beside ca_file \"{}\", which then has no effect", file.display());
            let allowed = "ca_file, or insecure_skip_verify: true without it";
            problems.push(OutOfRange::new("insecure_skip_verify", "true", reason, allowed));
        }
        problems
    }

    fn url_problem(&self, url: &str) -> Option<OutOfRange> {
        let allowed = "https://HOST:10250, http://HOST:10255 or null; without user, password and query";
        if let Some((problem, shown)) = url_problem(url) {
            return Some(OutOfRange::new("url", shown, problem, allowed));
        }
        if url.contains(['$', '{', '}']) {
            let reason = "holds a variable that nothing replaces here";
            let allowed = "a whole address, or null and the environment variable NODE_IP from status.hostIP";
            return Some(OutOfRange::new("url", url, reason, allowed));
        }
        if url.contains(['?', '#']) {
            return Some(OutOfRange::new("url", url, "has a query or fragment", allowed));
        }
        let is_plain = url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
        let file = self.token_file.as_ref().filter(|_| is_plain)?;
        let reason = format!("would send the token of \"{}\" unencrypted", file.display());
        Some(OutOfRange::new("url", url, reason, "https://HOST:10250, or http:// without token_file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(change: impl FnOnce(&mut Config)) -> Option<String> {
        let mut config = Config::default();
        change(&mut config);
        let mut problems = config.validate();
        assert!(problems.len() <= 1, "{problems:?}");
        problems.pop().map(|problem| problem.to_string())
    }

    #[test]
    fn each_mistake_is_one_line_with_what_is_allowed() {
        assert_eq!(problem(|_| {}), None);
        let of_url = |url: &str| problem(|config| config.url = Some(url.to_owned()));
        for good in
            ["https://10.0.0.5:10250", "http://127.0.0.1:8001/api/v1/nodes/a/proxy/", "https://[::1]:10250"]
        {
            assert_eq!(of_url(good), None, "{good}");
        }
        for (url, words) in [
            ("", "is empty; allowed: https://HOST:10250"),
            ("10.0.0.5:10250", "does not begin with http:// or https://"),
            ("tcp://10.0.0.5:10250", "does not begin with http:// or https://"),
            ("https://", "has no host"),
            ("https://:10250", "has no host"),
            ("https://$NODE_IP:10250", "holds a variable that nothing replaces here"),
            ("https://node:10250/?a=b", "has a query"),
            ("https://node:123456", "has a port"),
        ] {
            let said = of_url(url).unwrap();
            assert!(said.contains(words) || said.contains("is no HTTP address"), "{url}: {said}");
        }
        let secret = of_url("https://user:hunter2@node:10250").unwrap();
        assert!(secret.contains("holds a user or password") && !secret.contains("hunter2"), "{secret}");
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        let said = problem(|config| {
            config.url = Some("http://node:10255".to_owned());
            config.token_file = Some("/run/token".into());
        });
        assert!(said.unwrap().contains("would send the token of \"/run/token\" unencrypted"));
        let said = problem(|config| {
            config.ca_file = Some("/ca.crt".into());
            config.insecure_skip_verify = true;
        });
        assert!(said.unwrap().contains("stands beside ca_file \"/ca.crt\""));
        let said = problem(|config| {
            config.url = Some("https://node:10250".to_owned());
            config.read_only_port = Some(10255);
        });
        assert!(said.unwrap().contains("stands beside url"));
        assert!(problem(|config| config.timeout = Duration::ZERO).unwrap().contains("is below 100ms"));
    }
}
