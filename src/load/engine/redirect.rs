//! Where an answer says to ask instead, and what is asked there.
//!
//! Source: Go `net/http/client.go` (`redirectBehavior`, `makeHeadersCopier`), which k6 uses; RFC 3986, section 5.2.

use std::mem::MaybeUninit;

use super::jar::Jar;
use crate::load::flow::Escape;
use crate::load::protocol::Origin;

const MOST_HEADERS: usize = 200;

/// Headers that are for the first server and those below it.
const PRIVATE: [&str; 2] = ["authorization", "www-authenticate"];

/// A request that is sent on, and on.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) origin: Origin,
    pub(super) target: String,
    method: String,
    /// Without `Host`, cookies and the length.
    headers: Vec<(String, Vec<u8>)>,
    /// Those that the request itself names, without the jar's and those of a header that was given.
    cookies: Vec<u8>,
    /// The header, where it was given and is another than that of the URL.
    host: Option<Vec<u8>>,
    body: Vec<u8>,
    /// The host that was asked first.
    first: Box<str>,
    /// The URL that sent it on.
    referer: Option<String>,
}

impl Hop {
    /// Of the first request, which names so many cookies of its own. `None` where it is no request.
    pub(super) fn of(origin: Origin, request: &[u8], own_cookies: usize) -> Option<Hop> {
        let mut fields = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        let mut head = httparse::Request::new(&mut []);
        let parsed = head.parse_with_uninit_headers(request, &mut fields).ok()?;
        let httparse::Status::Complete(length) = parsed else { return None };
        let (mut headers, mut cookies, mut host) = (Vec::new(), Vec::new(), None);
        for field in &*head.headers {
            match field.name.to_ascii_lowercase().as_str() {
                "content-length" => {}
                "host" => host = Some(field.value.to_vec()),
                "cookie" => {
                    let own: Vec<&[u8]> = field.value.split(|&b| b == b';').take(own_cookies).collect();
                    cookies = own.join(&b';');
                }
                _ => headers.push((field.name.to_owned(), field.value.to_vec())),
            }
        }
        let (own, first) = (origin.authority(), origin.host.as_ref().into());
        Some(Hop {
            first,
            host: host.filter(|host| !host.eq_ignore_ascii_case(own.as_bytes())),
            origin,
            target: head.path?.to_owned(),
            method: head.method?.to_owned(),
            headers,
            cookies,
            body: request[length..].to_vec(),
            referer: None,
        })
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    pub(super) fn may_repeat(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// Goes on to where an answer with this status says; false where that cannot be.
    pub(super) fn follow(&mut self, status: u16, location: &[u8]) -> bool {
        let Some((origin, target)) = resolve(&self.origin, &self.target, location) else { return false };
        if is_absolute(&String::from_utf8_lossy(location)) {
            self.host = None;
        }
        if matches!(status, 301..=303) {
            if self.method != "HEAD" {
                "GET".clone_into(&mut self.method);
            }
            self.body.clear();
            self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        }
        if !is_at_or_below(&origin.host, &self.first) {
            self.headers.retain(|(name, _)| !PRIVATE.contains(&name.to_ascii_lowercase().as_str()));
            self.cookies.clear();
        }
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("referer"));
        let is_told = !self.origin.is_tls || origin.is_tls;
        let scheme = if self.origin.is_tls { "https" } else { "http" };
        self.referer = is_told.then(|| format!("{scheme}://{}{}", self.origin.authority(), self.target));
        (self.origin, self.target) = (origin, target);
        true
    }

    pub(super) fn bytes(&self, jar: &Jar, now_s: i64) -> Vec<u8> {
        let (method, target, authority) = (&self.method, &self.target, self.origin.authority());
        let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
        let mut header = |name: &str, value: &[u8]| {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                bytes.extend_from_slice(part);
            }
        };
        header("Host", self.host.as_deref().unwrap_or(authority.as_bytes()));
        for (name, value) in &self.headers {
            header(name, value);
        }
        if let Some(referer) = &self.referer {
            header("Referer", referer.as_bytes());
        }
        let mut cookies = self.cookies.clone();
        let server = (&*self.origin.host, self.origin.is_tls);
        jar.write(server, target.as_bytes(), now_s, &mut cookies, 0);
        if !cookies.is_empty() {
            header("Cookie", &cookies);
        }
        if !self.body.is_empty() || matches!(method.as_str(), "POST" | "PUT" | "PATCH") {
            header("Content-Length", self.body.len().to_string().as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// The same name, or one below it.
fn is_at_or_below(host: &str, other: &str) -> bool {
    let (host, other) = (host.to_ascii_lowercase(), other.to_ascii_lowercase());
    host == other || host.strip_suffix(&other).is_some_and(|rest| rest.ends_with('.'))
}

/// It begins with a scheme.
fn is_absolute(text: &str) -> bool {
    text.trim_start().split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// A reference from a URL.
fn resolve(origin: &Origin, target: &str, location: &[u8]) -> Option<(Origin, String)> {
    let mut escaped = Vec::new();
    Escape::Url.write(location.trim_ascii(), &mut escaped);
    let text = String::from_utf8(escaped).ok()?;
    let text = text.split('#').next().unwrap_or_default();
    if is_absolute(text) {
        return Origin::split(text).ok();
    }
    if let Some(rest) = text.strip_prefix("//") {
        return Origin::split(&format!("{}://{rest}", if origin.is_tls { "https" } else { "http" })).ok();
    }
    let (path, _) = target.split_once('?').unwrap_or((target, ""));
    let joined = match text.chars().next() {
        None => return Some((origin.clone(), target.to_owned())),
        Some('/') => text.to_owned(),
        Some('?') => format!("{path}{text}"),
        Some(_) => {
            let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
            format!("{folder}{text}")
        }
    };
    Some((origin.clone(), without_dots(&joined)))
}

/// Section 5.2.4.
fn without_dots(target: &str) -> String {
    let (path, query) = match target.find('?') {
        Some(at) => target.split_at(at),
        None => (target, ""),
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            part => kept.push(part),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::split(url).unwrap().0
    }

    #[test]
    fn locations_are_resolved() {
        for (location, expected) in [
            ("http://other:81/x?y#z", "other:81/x?y"),
            ("HTTP://other", "other/"),
            ("//other/x", "other/x"),
            ("/x", "h:80/x"),
            ("x", "h:80/a/x"),
            ("../x", "h:80/x"),
            ("../../../x/./y/..", "h:80/x/"),
            ("?n", "h:80/a/b?n"),
            ("", "h:80/a/b?q"),
            ("#only", "h:80/a/b?q"),
            ("/a b\u{e9}", "h:80/a%20b%C3%A9"),
        ] {
            let (to, target) = resolve(&origin("http://h/"), "/a/b?q", location.as_bytes()).unwrap();
            let port = if location.to_ascii_lowercase().contains("other") && to.port == 80 {
                to.host.to_string()
            } else {
                format!("{}:{}", to.host, to.port)
            };
            assert_eq!(format!("{port}{target}"), expected, "{location}");
        }
        for location in ["ftp://h/", "http://", "http://user@h/", "mailto:x"] {
            assert_eq!(resolve(&origin("http://h/"), "/", location.as_bytes()), None, "{location}");
        }
    }

    const FIRST: &[u8] = b"POST /a HTTP/1.1\r\nHost: h\r\nX: y\r\nAuthorization: z\r\nContent-Type: t\r\nCookie: a=1; b=2\r\nContent-Length: 2\r\n\r\nhi";

    fn after(status: u16, location: &str) -> String {
        let mut hop = Hop::of(origin("http://h/"), FIRST, 1).unwrap();
        assert!(hop.follow(status, location.as_bytes()));
        String::from_utf8(hop.bytes(&Jar::default(), 0)).unwrap()
    }

    #[test]
    fn methods_and_bodies_by_the_status() {
        let kept = "POST /n HTTP/1.1\r\nHost: h\r\nX: y\r\nAuthorization: z\r\nContent-Type: t\r\nReferer: http://h/a\r\nCookie: a=1\r\nContent-Length: 2\r\n\r\nhi";
        let changed = "GET /n HTTP/1.1\r\nHost: h\r\nX: y\r\nAuthorization: z\r\nReferer: http://h/a\r\nCookie: a=1\r\n\r\n";
        for (status, expected) in [(301, changed), (302, changed), (303, changed), (307, kept), (308, kept)] {
            assert_eq!(after(status, "/n"), expected, "{status}");
        }
    }

    #[test]
    fn secrets_come_back_to_the_host_that_was_asked_first() {
        let mut hop = Hop::of(origin("http://h/"), FIRST, 1).unwrap();
        for location in ["http://b.h/", "http://h/"] {
            assert!(hop.follow(307, location.as_bytes()));
        }
        let text = String::from_utf8(hop.bytes(&Jar::default(), 0)).unwrap();
        assert!(text.contains("Authorization: z") && text.contains("Cookie: a=1"), "{text}");
    }

    #[test]
    fn a_host_that_was_given_stays_while_the_location_is_relative() {
        for (location, expected) in
            [("/n", "Host: v\r\n"), ("//h/n", "Host: v\r\n"), ("http://h/n", "Host: h\r\n")]
        {
            let mut hop = Hop::of(origin("http://h/"), b"GET / HTTP/1.1\r\nHost: v\r\n\r\n", 0).unwrap();
            assert!(hop.follow(302, location.as_bytes()));
            let text = String::from_utf8(hop.bytes(&Jar::default(), 0)).unwrap();
            assert!(text.contains(expected), "{location}: {text}");
        }
    }

    #[test]
    fn secrets_stay_with_their_host() {
        for (location, is_kept) in [("http://h:81/", true), ("http://a.h/", true), ("http://ah/", false)] {
            let text = after(307, location);
            assert_eq!(text.contains("Authorization: z"), is_kept, "{text}");
            assert_eq!(text.contains("Cookie: a=1\r\n"), is_kept, "{text}");
        }
    }
}
