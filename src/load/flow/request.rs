//! A request with everything that it may carry.

use std::fmt;

use super::check::Check;
use super::extract::Extract;
use super::record::Record;
use super::statuses::Statuses;
use super::template::{Part, Template};
use crate::load::span::Span;

/// One request as a step of a flow. Its name, tags and what is looked at are known before the run.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub address: Address,
    /// The tag `name`: what was given, or the URL with its holes, so that it takes few values.
    pub name: Box<str>,
    pub headers: Box<[(Box<str>, Template)]>,
    pub body: Option<Body>,
    pub cookies: Box<[(Box<str>, Template)]>,
    /// The most redirects that are followed; the option `maxRedirects` where nothing is said.
    pub redirects: Option<u32>,
    pub auth: Option<Auth>,
    /// k6's 60s where nothing is said.
    pub timeout: Option<Span>,
    pub tags: Box<[(Box<str>, Box<str>)]>,
    /// 200 to 399 where nothing is said.
    pub expected: Option<Statuses>,
    pub checks: Box<[Check]>,
    pub extract: Box<[Extract]>,
    pub records: Box<[Record]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Delete,
    Get,
    Head,
    Options,
    Patch,
    Post,
    Put,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The server is known before the run; the target is the path with its query and begins with a slash.
    Known { origin: Origin, target: Template },
    /// The whole URL is known only when it is rendered.
    Rendered(Template),
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    pub is_tls: bool,
    /// Without the brackets of an IPv6 address.
    pub host: Box<str>,
    pub port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    pub content: Template,
    /// `None` where the request's own headers name it, or nothing does.
    pub content_type: Option<&'static str>,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    Basic { user: Template, password: Template },
    Bearer(Template),
}

/// It says which way, and no secret.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Auth::Basic { .. } => "Basic(***)",
            Auth::Bearer(_) => "Bearer(***)",
        })
    }
}

impl Method {
    /// Every method and its key in files, sorted.
    pub const ALL: [(&'static str, Method); 7] = [
        ("delete", Method::Delete),
        ("get", Method::Get),
        ("head", Method::Head),
        ("options", Method::Options),
        ("patch", Method::Patch),
        ("post", Method::Post),
        ("put", Method::Put),
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Method::Delete => "DELETE",
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
            Method::Patch => "PATCH",
            Method::Post => "POST",
            Method::Put => "PUT",
        }
    }
}

impl Request {
    pub fn is_expected(&self, status: u16) -> bool {
        self.expected.as_ref().map_or(Statuses::usual(status), |expected| expected.has(status))
    }

    /// The body must be kept until the checks are through; else it can be thrown away as it comes.
    pub fn needs_body(&self) -> bool {
        self.checks.iter().any(Check::needs_body)
            || self.extract.iter().any(Extract::needs_body)
            || self.records.iter().any(|record| record.sample.needs_body())
    }

    /// It is the same bytes each time but for cookies that were set: it can be written once and kept.
    pub fn is_constant(&self) -> bool {
        self.templates().all(|template| template.as_literal().is_some())
    }

    /// Everything with holes.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let (Address::Known { target: address, .. } | Address::Rendered(address)) = &self.address;
        let auth = match &self.auth {
            Some(Auth::Basic { user, password }) => [Some(user), Some(password)],
            Some(Auth::Bearer(token)) => [Some(token), None],
            None => [None, None],
        };
        let pairs = self.headers.iter().chain(&self.cookies).map(|(_, template)| template);
        let body = self.body.iter().map(|body| &body.content);
        [address].into_iter().chain(pairs).chain(body).chain(auth.into_iter().flatten())
    }
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

impl Address {
    /// On failure what is wrong with the URL, as far as it is known before the run.
    pub fn of(url: Template) -> Result<Address, &'static str> {
        let known = match url.parts() {
            [] => return Err("is empty"),
            [Part::Literal(known), ..] => String::from_utf8_lossy(known).into_owned(),
            _ => return Ok(Address::Rendered(url)),
        };
        let holes = &url.parts()[1..];
        // A hole in the host or right behind it may change the host.
        let authority = known.find("://").map(|at| &known[at + 3..]);
        let is_whole = authority.is_none_or(|rest| rest.contains(['/', '?', '#']));
        if !holes.is_empty() && !is_whole {
            let begins = |scheme: &str| known.to_ascii_lowercase().starts_with(scheme);
            return if begins("http://") || begins("https://") {
                Ok(Address::Rendered(url))
            } else {
                Err("does not begin with http:// or https://")
            };
        }
        let (origin, target) = Origin::split(&known)?;
        let holes = if known.contains('#') { &[] } else { holes };
        let target = [Part::Literal(target.into_bytes().into())].into_iter().chain(holes.iter().cloned());
        Ok(Address::Known { origin, target: Template::new(target) })
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

    #[test]
    fn secrets_are_not_shown() {
        let auth = Auth::Basic { user: Template::literal("u"), password: Template::literal("p") };
        assert_eq!(format!("{auth:?} {:?}", Auth::Bearer(Template::literal("t"))), "Basic(***) Bearer(***)");
    }
}
