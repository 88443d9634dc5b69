//! Where a request goes: the parts of a URL that a client needs.

/// An `http://` URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// A name, or an address without brackets.
    pub host: String,
    pub port: u16,
    /// As the header `Host` has it.
    pub authority: String,
    /// Path and query, `/` at least.
    pub path: String,
}

/// A text that is no such URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{url}\" {reason}; allowed: http://host[:port][/path][?query]")]
pub struct UrlError {
    pub url: String,
    pub reason: &'static str,
}

impl Url {
    pub fn parse(text: &str) -> Result<Url, UrlError> {
        let failed = |reason| UrlError { url: text.to_owned(), reason };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| failed("has no http:// in front"))?;
        if scheme.eq_ignore_ascii_case("https") {
            return Err(failed("needs TLS, which is not there yet"));
        }
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(failed("is not HTTP"));
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(failed("has a user in it, which belongs into a header Authorization"));
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (host, behind) = inner.split_once(']').ok_or_else(|| failed("has no closing bracket"))?;
                (host, behind.strip_prefix(':').or(behind.is_empty().then_some("")))
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, Some("")),
            },
        };
        let port = port.and_then(|port| if port.is_empty() { Some(80) } else { port.parse().ok() });
        let port = port.filter(|&port| port > 0).ok_or_else(|| failed("has a port that is none"))?;
        if host.is_empty() {
            return Err(failed("has no host"));
        }
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(failed("holds a space or a control character"));
        }
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Url { host: host.to_owned(), port, authority: authority.to_owned(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found() {
        for (text, host, port, authority, path) in [
            ("http://h", "h", 80, "h", "/"),
            ("HTTP://h:8080/a?b=c#d", "h", 8080, "h:8080", "/a?b=c"),
            ("http://h?x", "h", 80, "h", "/?x"),
            ("http://[::1]:90/", "::1", 90, "[::1]:90", "/"),
            ("http://[::1]", "::1", 80, "[::1]", "/"),
        ] {
            let url = Url::parse(text).unwrap();
            let found = (url.host.as_str(), url.port, url.authority.as_str(), url.path.as_str());
            assert_eq!(found, (host, port, authority, path), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_says_why() {
        for (text, reason) in [
            ("localhost:80", "http://"),
            ("https://h", "TLS"),
            ("ftp://h", "not HTTP"),
            ("http://u@h", "user"),
            ("http://", "no host"),
            ("http://h:x", "port"),
            ("http://h:0", "port"),
            ("http://h:70000", "port"),
            ("http://[::1", "bracket"),
            ("http://[::1]x", "port"),
            ("http://h/a b", "space"),
        ] {
            assert!(Url::parse(text).unwrap_err().reason.contains(reason), "{text}");
        }
    }
}
