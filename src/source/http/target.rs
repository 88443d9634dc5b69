//! An address taken apart, and what is wrong with one.

use hyper::Uri;
use hyper::http::uri::PathAndQuery;
use rustls_pki_types::ServerName;

use super::error::Kind;

/// What every address must look like.
pub(super) const ALLOWED: &str =
    "http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH] without user and password";

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub is_https: bool,
    /// Without the brackets of an IPv6 address.
    pub host: String,
    pub port: u16,
    /// As the `Host` header has it.
    pub(super) authority: String,
    pub(super) path: PathAndQuery,
}

impl Target {
    pub fn parse(url: &str) -> Result<Target, Kind> {
        let bad = |problem| Kind::BadUrl { problem };
        if let Some((problem, _)) = url_problem(url) {
            return Err(bad(problem));
        }
        let uri: Uri = url.parse().map_err(|_| bad("is no HTTP address"))?;
        let is_https = uri.scheme_str() == Some("https");
        let authority = uri.authority().ok_or_else(|| bad("has no host"))?;
        Ok(Target {
            is_https,
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(if is_https { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")),
        })
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.path.path()
    }

    /// The name that the server's certificate must carry.
    pub(super) fn server_name(&self, other: Option<&str>) -> Result<ServerName<'static>, Kind> {
        let name = other.unwrap_or(&self.host).to_owned();
        ServerName::try_from(name)
            .map_err(|_| Kind::BadUrl { problem: "has a host that is no name or IP address" })
    }

    /// True where one connection serves both.
    pub(super) fn shares_connection(&self, other: &Target) -> bool {
        (self.is_https, &self.host, self.port) == (other.is_https, &other.host, other.port)
    }
}

/// What is wrong with an address, and how it may be shown: one with a password is not.
pub fn url_problem(url: &str) -> Option<(&'static str, &str)> {
    if url.is_empty() {
        return Some(("is empty", ""));
    }
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    let rest = if lower.starts_with("https://") {
        url.get(8..)
    } else if lower.starts_with("http://") {
        url.get(7..)
    } else {
        None
    };
    let before_path = |text: &str| text.split(['/', '?', '#']).next().map(str::to_owned);
    let authority = rest.and_then(before_path);
    // A password may stand in what has no scheme as well.
    if authority.clone().or_else(|| before_path(url)).is_some_and(|text| text.contains('@')) {
        return Some(("holds a user or password", "***"));
    }
    let Some(authority) = authority else {
        return Some(("does not begin with http:// or https://", url));
    };
    if authority.is_empty() || authority.starts_with(':') {
        return Some(("has no host", url));
    }
    match url.parse::<Uri>() {
        Err(_) => Some(("is no HTTP address", url)),
        Ok(uri) if uri.port().is_some_and(|port| port.as_u16() == 0) => Some(("has port 0", url)),
        // `Uri` takes a port that is no number as part of the host.
        Ok(uri) if uri.port().is_none() && uri.authority().is_some_and(|all| has_bad_port(all.as_str())) => {
            Some(("has a port that is no number up to 65535", url))
        }
        Ok(_) => None,
    }
}

fn has_bad_port(authority: &str) -> bool {
    let behind_brackets = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    behind_brackets.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_found() {
        for (url, is_https, host, port, path) in [
            ("https://10.0.0.5:10250/stats/summary?a=b", true, "10.0.0.5", 10250, "/stats/summary"),
            ("http://node", false, "node", 80, "/"),
            ("HTTPS://[fd00::1]:10250/pods", true, "fd00::1", 10250, "/pods"),
            ("https://[fd00::1]/x", true, "fd00::1", 443, "/x"),
            ("https://a.b/?x=a@b", true, "a.b", 443, "/"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!(
                (target.is_https, &*target.host, target.port, target.path()),
                (is_https, host, port, path)
            );
            assert!(target.server_name(None).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_a_password_never_shown() {
        for (url, problem) in [
            ("", "is empty"),
            ("node:10250", "does not begin with http:// or https://"),
            ("ftp://node", "does not begin with http:// or https://"),
            ("$NODE_IP", "does not begin with http:// or https://"),
            ("https://", "has no host"),
            ("https:///pods", "has no host"),
            ("https://:10250/pods", "has no host"),
            ("https://node:99999/", "has a port that is no number up to 65535"),
            ("https://node:x/", "has a port that is no number up to 65535"),
            ("https://node:0/", "has port 0"),
            ("https://no de/", "is no HTTP address"),
            ("https://u:hunter2@node/", "holds a user or password"),
            ("u:hunter2@node", "holds a user or password"),
        ] {
            let (said, shown) = url_problem(url).unwrap_or_else(|| panic!("{url}"));
            // Some of these are refused by the parser before we look.
            assert!(said == problem || said == "is no HTTP address", "{url}: {said}");
            assert!(!shown.contains("hunter2"));
        }
    }
}
