//! Where the node's agent is and how it is asked.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::model::bounds::OutOfRange;
use crate::source::http;

/// The port that agents listen on unless they are told otherwise.
const PORT: u16 = 9758;
/// One pod with a hundred containers takes a tenth of it.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Whether the node's agent is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enabled {
    /// Where its address is known: `url`, or the environment's HOST_IP.
    #[default]
    Auto,
    Never,
}

/// The section `sidecar.node_agent`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether the node's agent is asked for what this sidecar cannot see: auto (where its address is known) or never.
    pub enabled: Enabled,
    /// Address of the node's agent; without it https://HOST_IP:9758 by the environment's HOST_IP.
    pub url: Option<String>,
    /// File that holds the bearer token which the node's agent wants; read again when it changes.
    pub token_file: Option<PathBuf>,
    /// PEM file with the authority that signs its certificate; without it the system's.
    pub ca_file: Option<PathBuf>,
    /// The name that its certificate carries, where that is not the address's host.
    pub server_name: Option<String>,
    /// Accept any certificate: the connection is then open to whoever sits in between.
    pub insecure_skip_verify: bool,
    /// Time between two questions; 1s to 10m.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// The longest that one question may take; 100ms to 1m.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            enabled: Enabled::Auto,
            url: None,
            token_file: None,
            ca_file: None,
            server_name: None,
            insecure_skip_verify: false,
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(3),
        }
    }
}

impl Config {
    /// Every setting that the node's agent cannot be asked with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let span = |key, value, low, high| {
            let show = |value| humantime::format_duration(value).to_string();
            OutOfRange::check(key, value, (low, high), show)
        };
        let url = self.url.as_deref().and_then(http::url_problem).map(|(reason, shown)| {
            let allowed = "https://HOST[:PORT] or http://HOST[:PORT] without user and password";
            OutOfRange::new("url", shown, reason, allowed)
        });
        // Whoever listens on the way would have the token.
        let clear = self.url.as_deref().filter(|url| url.starts_with("http://") && self.token_file.is_some());
        let clear = clear.map(|url| {
            OutOfRange::new(
                "url",
                url,
                "would send the token in clear",
                "an https:// address, or no token_file",
            )
        });
        let problems = [
            url,
            clear,
            span("interval", self.interval, Duration::from_secs(1), Duration::from_mins(10)),
            span("timeout", self.timeout, Duration::from_millis(100), Duration::from_mins(1)),
        ];
        problems.into_iter().flatten().collect()
    }

    /// The address to ask; `host_ip` is the environment's. `None` where there is none, or none is wanted.
    pub fn address(&self, host_ip: Option<&str>) -> Option<String> {
        if self.enabled == Enabled::Never {
            return None;
        }
        let given = self.url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        given.or_else(|| {
            let host = host_ip.filter(|host| !host.is_empty())?;
            // An IPv6 address is bracketed in URLs.
            Some(if host.contains(':') {
                format!("https://[{host}]:{PORT}")
            } else {
                format!("https://{host}:{PORT}")
            })
        })
    }

    pub(super) fn http(&self) -> http::Config {
        http::Config {
            ca_file: self.ca_file.clone(),
            token_file: self.token_file.clone(),
            insecure_skip_verify: self.insecure_skip_verify,
            server_name: self.server_name.clone(),
            timeout: self.timeout,
            max_body_bytes: MAX_BODY_BYTES,
            ..http::Config::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let of = |url: Option<&str>, host: Option<&str>| {
            Config { url: url.map(str::to_owned), ..Config::default() }.address(host)
        };
        assert_eq!(of(None, Some("10.0.0.7")).unwrap(), "https://10.0.0.7:9758");
        assert_eq!(of(None, Some("fd00::7")).unwrap(), "https://[fd00::7]:9758");
        assert_eq!(of(Some("http://node:1/"), Some("10.0.0.7")).unwrap(), "http://node:1");
        assert_eq!((of(None, None), of(None, Some(""))), (None, None));
        let never =
            Config { enabled: Enabled::Never, url: Some("http://node".to_owned()), ..Config::default() };
        assert_eq!(never.address(Some("10.0.0.7")), None);
    }

    #[test]
    fn what_cannot_be_asked_is_named_and_a_token_never_goes_in_clear() {
        let keys = |config: Config| -> Vec<String> {
            config
                .validate()
                .into_iter()
                .map(|problem| format!("{} {}", problem.key, problem.reason))
                .collect()
        };
        assert_eq!(keys(Config::default()), [""; 0]);
        let of = |url: &str| Config { url: Some(url.to_owned()), ..Config::default() };
        assert_eq!(keys(of("")), ["url is empty"]);
        assert_eq!(keys(of("node:9758")), ["url does not begin with http:// or https://"]);
        assert_eq!(keys(of("https://u:hunter2@node")), ["url holds a user or password"]);
        let clear = Config { token_file: Some("/token".into()), ..of("http://node:9758") };
        assert_eq!(keys(clear), ["url would send the token in clear"]);
        let hasty = Config { interval: Duration::ZERO, ..Config::default() };
        assert_eq!(keys(hasty).len(), 1);
    }
}
