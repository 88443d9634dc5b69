//! Where a request goes: the parts of a URL that a client needs.

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    pub is_tls: bool,
    /// Without the brackets of an IPv6 address.
    pub host: Box<str>,
    pub port: u16,
}

impl Origin {
    /// As a `Host` header and as the beginning of a URL have it: the usual port is left out.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.to_string() };
        let usual = if self.is_tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// The server and the target of a URL; on failure what is wrong with it. No user and no password may stand in it.
    pub fn split(url: &str) -> Result<(Origin, String), &'static str> {
        let scheme = url.get(..7).map(str::to_ascii_lowercase);
        let (is_tls, rest) = match scheme.as_deref() {
            Some("http://") => (false, &url[7..]),
            Some("https:/") if url[7..].starts_with('/') => (true, &url[8..]),
            _ => return Err("does not begin with http:// or https://"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err("holds a user; give it as auth");
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (host, port) = inner.split_once(']').ok_or("has no closing bracket")?;
                let address: Option<std::net::Ipv6Addr> = host.parse().ok();
                (address.map(|_| host).ok_or("holds no IPv6 address")?, port)
            }
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let is_label = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
        if host.is_empty() {
            return Err("names no host");
        }
        if !host.chars().all(is_label) {
            return Err("names a host that cannot be");
        }
        let port = match port.strip_prefix(':') {
            Some("") => None,
            Some(port) => {
                Some(port.parse().ok().filter(|&port: &u16| port != 0).ok_or("names a port that cannot be")?)
            }
            None if port.is_empty() => None,
            None => return Err("has text behind the host"),
        };
        let port = port.unwrap_or(if is_tls { 443 } else { 80 });
        // What stands behind a hash is never sent.
        let target = target.split('#').next().unwrap_or_default();
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok((Origin { is_tls, host: host.into(), port }, format!("{slash}{target}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_into_server_and_target() {
        for (url, authority, is_tls, target) in [
            ("http://h", "h", false, "/"),
            ("HTTPS://h/", "h", true, "/"),
            ("https://h:443/a?b", "h", true, "/a?b"),
            ("http://h:443?b#c", "h:443", false, "/?b"),
            ("http://h:/a", "h", false, "/a"),
            ("http://[::1]:8080/a#b", "[::1]:8080", false, "/a"),
            ("http://a-b.c_d:1/@", "a-b.c_d:1", false, "/@"),
        ] {
            let (origin, found) = Origin::split(url).unwrap();
            assert_eq!(
                (origin.authority().as_str(), origin.is_tls, &*found),
                (authority, is_tls, target),
                "{url}"
            );
        }
        for (url, reason) in [
            ("", "does not begin with http:// or https://"),
            ("ftp://h/", "does not begin with http:// or https://"),
            ("https:/h/", "does not begin with http:// or https://"),
            ("http://", "names no host"),
            ("http://:80/", "names no host"),
            ("http://a b/", "names a host that cannot be"),
            ("http://h:0/", "names a port that cannot be"),
            ("http://h:x/", "names a port that cannot be"),
            ("http://[::1/", "has no closing bracket"),
            ("http://[h]/", "holds no IPv6 address"),
            ("http://[::1]x/", "has text behind the host"),
            ("http://u@h/", "holds a user; give it as auth"),
        ] {
            assert_eq!(Origin::split(url), Err(reason), "{url}");
        }
    }
}
