//! Whether the kubelet is asked, where, and with whose token: configuration first, then what the pod was given.

use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::source::http;
use crate::source::kubelet::config::Enabled;

/// Where Kubernetes mounts a service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const SECURE_PORT: u16 = 10250;

/// The kubelet's address and how to speak with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agent) struct Endpoint {
    /// Without a path.
    pub(in crate::agent) base: String,
    /// What named it, such as `NODE_IP`.
    pub(in crate::agent) named_by: &'static str,
    pub(in crate::agent) http: http::Config,
}

/// The endpoint of this process, or why there is none.
pub(in crate::agent) fn resolve(config: &Config) -> Result<Endpoint, &'static str> {
    resolve_with(config, Path::new(ACCOUNT), |name| std::env::var(name).ok())
}

fn resolve_with(
    config: &Config,
    account: &Path,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Endpoint, &'static str> {
    let kubelet = &config.kubelet;
    let mounted = |name: &str| Some(account.join(name)).filter(|path| path.exists());
    let token_file = kubelet.token_file.clone().or_else(|| mounted("token"));
    let is_told = kubelet.url.is_some() || kubelet.read_only_port.is_some() || token_file.is_some();
    match kubelet.enabled {
        Enabled::Never => return Err("kubelet.enabled is never"),
        Enabled::Auto if !is_told => {
            return Err("no service account's token is mounted and kubelet.url is not set");
        }
        Enabled::Auto | Enabled::Always => {}
    }
    let (base, named_by) = match (&kubelet.url, kubelet.read_only_port) {
        (Some(url), _) => (url.trim_end_matches('/').to_owned(), "kubelet.url"),
        (None, port) => {
            let (host, named_by) = host(config, environment);
            match port {
                Some(port) => (format!("http://{host}:{port}"), named_by),
                None => (format!("https://{host}:{SECURE_PORT}"), named_by),
            }
        }
    };
    // A token is never sent where everyone can read it.
    let is_encrypted = base.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
    let ca_file: Option<PathBuf> = kubelet.ca_file.clone().or_else(|| mounted("ca.crt"));
    let http = http::Config {
        ca_file: ca_file.filter(|_| is_encrypted && !kubelet.insecure_skip_verify),
        token_file: token_file.filter(|_| is_encrypted),
        insecure_skip_verify: kubelet.insecure_skip_verify,
        server_name: kubelet.server_name.clone(),
        timeout: kubelet.timeout,
        max_body_bytes: kubelet.max_body_bytes,
        ..http::Config::default()
    };
    Ok(Endpoint { base, named_by, http })
}

/// The node's address as it stands in a URL, and what named it.
fn host(config: &Config, environment: impl Fn(&str) -> Option<String>) -> (String, &'static str) {
    let set =
        |name: &str| environment(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    for name in ["NODE_IP", "HOST_IP"] {
        if let Some(address) = set(name) {
            let is_v6 = address.parse::<Ipv6Addr>().is_ok();
            return (if is_v6 { format!("[{address}]") } else { address }, name);
        }
    }
    let from_environment = set("NODE_NAME");
    let named_by = match (&config.agent.node_name, &from_environment) {
        (Some(name), _) if !name.is_empty() => "agent.node_name",
        (_, Some(_)) => "NODE_NAME",
        _ => "the host name; set NODE_IP from status.hostIP if this is a pod",
    };
    (config.agent.node_name(from_environment).to_string(), named_by)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(
        change: impl FnOnce(&mut Config),
        account: &Path,
        environment: &[(&str, &str)],
    ) -> Result<Endpoint, &'static str> {
        let mut config = Config::default();
        change(&mut config);
        resolve_with(&config, account, |name| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_address_comes_from_the_nearest_place() {
        let account = tempfile::tempdir().unwrap();
        std::fs::write(account.path().join("token"), "t").unwrap();
        std::fs::write(account.path().join("ca.crt"), "c").unwrap();
        let base = |environment: &[(&str, &str)]| resolved(|_| {}, account.path(), environment).unwrap().base;
        assert_eq!(
            base(&[("NODE_NAME", "n"), ("HOST_IP", "10.0.0.2"), ("NODE_IP", "10.0.0.1")]),
            "https://10.0.0.1:10250"
        );
        assert_eq!(
            base(&[("NODE_NAME", "n"), ("HOST_IP", "fd00::1"), ("NODE_IP", " ")]),
            "https://[fd00::1]:10250"
        );
        assert_eq!(base(&[("NODE_NAME", "n")]), "https://n:10250");
        let endpoint = resolved(|_| {}, account.path(), &[("NODE_IP", "10.0.0.1")]).unwrap();
        assert_eq!(endpoint.http.token_file, Some(account.path().join("token")));
        assert_eq!(endpoint.http.ca_file, Some(account.path().join("ca.crt")));
        let endpoint =
            resolved(|config| config.kubelet.insecure_skip_verify = true, account.path(), &[]).unwrap();
        assert_eq!((endpoint.http.ca_file, endpoint.http.insecure_skip_verify), (None, true));
        let endpoint =
            resolved(|config| config.kubelet.url = Some("https://a:1/".into()), account.path(), &[]).unwrap();
        assert_eq!((&*endpoint.base, endpoint.named_by), ("https://a:1", "kubelet.url"));
    }

    #[test]
    fn a_token_never_goes_over_plain_http() {
        let account = tempfile::tempdir().unwrap();
        std::fs::write(account.path().join("token"), "t").unwrap();
        let endpoint = resolved(
            |config| config.kubelet.read_only_port = Some(10255),
            account.path(),
            &[("NODE_IP", "10.0.0.1")],
        );
        let endpoint = endpoint.unwrap();
        assert_eq!((&*endpoint.base, endpoint.http.token_file), ("http://10.0.0.1:10255", None));
    }

    #[test]
    fn outside_of_a_cluster_nobody_is_asked_unless_told() {
        let nothing = tempfile::tempdir().unwrap();
        let at = |enabled| {
            resolved(|config| config.kubelet.enabled = enabled, nothing.path(), &[("NODE_NAME", "n")])
        };
        assert!(at(Enabled::Auto).unwrap_err().contains("no service account"));
        assert!(at(Enabled::Never).unwrap_err().contains("never"));
        assert_eq!(at(Enabled::Always).unwrap().base, "https://n:10250");
    }
}
