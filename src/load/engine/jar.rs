//! The cookies of one user.
//!
//! Source: RFC 6265, sections 5.1 to 5.4; Go `net/http/cookiejar` without a list of public suffixes, as k6 has it.

use crate::load::protocol::Origin;

/// More are no honest server's; the oldest goes.
const MOST: usize = 200;
const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Empty, it holds no memory.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Cookie>);

struct Cookie {
    name: Box<[u8]>,
    value: Box<[u8]>,
    domain: Box<str>,
    /// It is for this host and none below it.
    is_host_only: bool,
    path: Box<[u8]>,
    is_secure: bool,
    /// By the wall clock, seconds since the epoch; `None` for as long as there is the jar.
    expires_s: Option<i64>,
}

/// The value is a secret.
impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cookie({} of {})", String::from_utf8_lossy(&self.name), self.domain)
    }
}

impl Jar {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What a header `Set-Cookie` of an answer says. What cannot be is ignored, as everywhere.
    pub(super) fn set(&mut self, origin: &Origin, target: &[u8], header: &[u8], now_s: i64) {
        let mut parts = header.split(|&byte| byte == b';');
        let Some((name, value)) = parts.next().and_then(pair) else { return };
        if name.is_empty() {
            return;
        }
        let host = origin.host.to_ascii_lowercase();
        let mut cookie = Cookie {
            name: name.into(),
            value: unquoted(value).into(),
            domain: host.as_str().into(),
            is_host_only: true,
            path: usual_path(target).into(),
            is_secure: false,
            expires_s: None,
        };
        let mut max_age = None;
        for part in parts {
            let (name, value) = pair(part).unwrap_or((part.trim_ascii(), b""));
            match name.to_ascii_lowercase().as_slice() {
                b"domain" => {
                    let domain = String::from_utf8_lossy(value).trim_start_matches('.').to_ascii_lowercase();
                    if domain.is_empty() || domain == host {
                        cookie.is_host_only = domain.is_empty();
                    } else if domain.contains('.') && is_below(&host, &domain) {
                        (cookie.domain, cookie.is_host_only) = (domain.into(), false);
                    } else {
                        return;
                    }
                }
                b"path" if value.starts_with(b"/") => cookie.path = value.into(),
                b"secure" => cookie.is_secure = true,
                b"max-age" => max_age = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()),
                b"expires" => cookie.expires_s = date(value),
                _ => {}
            }
        }
        if let Some(seconds) = max_age {
            cookie.expires_s = Some(if seconds > 0 { now_s.saturating_add(seconds) } else { i64::MIN });
        }
        let is_same = |known: &Cookie| {
            known.name == cookie.name && known.domain == cookie.domain && known.path == cookie.path
        };
        let known = self.0.iter().position(is_same);
        let is_over = cookie.expires_s.is_some_and(|expires| expires <= now_s);
        match known {
            Some(at) if is_over => drop(self.0.remove(at)),
            Some(at) => self.0[at] = cookie,
            None if is_over => {}
            None => {
                if self.0.len() == MOST {
                    self.0.remove(0);
                }
                self.0.push(cookie);
            }
        }
    }

    /// Appends those that belong to a request to a host, over TLS or not: `a=1; b=2`, with a separator where there is
    /// something behind `from`.
    pub(super) fn write(
        &self,
        (host, is_tls): (&str, bool),
        target: &[u8],
        now_s: i64,
        into: &mut Vec<u8>,
        from: usize,
    ) {
        let path = target.split(|&byte| byte == b'?').next().unwrap_or(b"/");
        for cookie in self.0.iter().filter(|cookie| cookie.is_for(host, is_tls, path, now_s)) {
            if into.len() > from {
                into.extend_from_slice(b"; ");
            }
            into.extend_from_slice(&cookie.name);
            into.push(b'=');
            into.extend_from_slice(&cookie.value);
        }
    }
}

impl Cookie {
    fn is_for(&self, host: &str, is_tls: bool, path: &[u8], now_s: i64) -> bool {
        let is_host = host.eq_ignore_ascii_case(&self.domain);
        let is_path = path
            .strip_prefix(&*self.path)
            .is_some_and(|rest| rest.is_empty() || self.path.ends_with(b"/") || rest.starts_with(b"/"));
        (is_host || !self.is_host_only && is_below(&host.to_ascii_lowercase(), &self.domain))
            && is_path
            && (is_tls || !self.is_secure)
            && self.expires_s.is_none_or(|expires| expires > now_s)
    }
}

/// Neither of them is an address.
fn is_below(host: &str, domain: &str) -> bool {
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    !is_address && host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn pair(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = part.iter().position(|&byte| byte == b'=')?;
    Some((part[..at].trim_ascii(), part[at + 1..].trim_ascii()))
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

/// Section 5.1.4: up to the last slash.
fn usual_path(target: &[u8]) -> &[u8] {
    let path = target.split(|&byte| byte == b'?').next().unwrap_or_default();
    match path.iter().rposition(|&byte| byte == b'/') {
        None | Some(0) => b"/",
        Some(at) => &path[..at],
    }
}

/// Section 5.1.1: a day, a month, a year and a time, in any order. Seconds since the epoch.
fn date(text: &[u8]) -> Option<i64> {
    let (mut day, mut month, mut year, mut time) = (None, None, None, None);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b':';
    for token in text.split(|&byte| !is_part(byte)).filter(|token| !token.is_empty()) {
        let text = std::str::from_utf8(token).ok()?;
        if time.is_none() && text.contains(':') {
            let mut parts = text.split(':').map(|part| part.parse::<i64>().ok());
            let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
            time = Some(hour * 3600 + minute * 60 + second);
        } else if let Ok(number) = text.parse::<i64>() {
            match (day, year) {
                (None, _) if token.len() <= 2 => day = Some(number),
                (_, None) if token.len() == 4 => year = Some(number),
                (_, None) if token.len() == 2 => year = Some(number + if number < 70 { 2000 } else { 1900 }),
                _ => {}
            }
        } else if month.is_none() && token.len() >= 3 {
            month = MONTHS.iter().position(|month| token[..3].eq_ignore_ascii_case(*month));
        }
    }
    let (day, month, year) = (day?, month? as i64 + 1, year?);
    // Howard Hinnant, `days_from_civil`: years begin in March.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + time?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn origin(host: &str, is_tls: bool) -> Origin {
        Origin { is_tls, host: host.into(), port: 80 }
    }

    fn sent(jar: &Jar, host: &str, target: &str, is_tls: bool) -> String {
        let mut text = Vec::new();
        jar.write((host, is_tls), target.as_bytes(), NOW, &mut text, 0);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_cookie_goes_where_it_belongs() {
        for (header, host, target, is_tls, expected) in [
            ("a=1", "a.h.x", "/p/q?r", false, "a=1"),
            ("a=1", "h.x", "/p/q", false, ""),
            ("a=1; Domain=h.x", "b.h.x", "/p", false, "a=1"),
            ("a=1; Domain=.H.X", "b.a.h.x", "/p", false, "a=1"),
            ("a=1; domain=other.x", "a.h.x", "/p", false, ""),
            ("a=1; domain=x", "a.h.x", "/p", false, ""),
            ("a=1", "a.h.x", "/pq", false, ""),
            ("a=1; path=/", "a.h.x", "/other", false, "a=1"),
            ("a=1; Secure", "a.h.x", "/p/q", false, ""),
            ("a=1; Secure", "a.h.x", "/p/q", true, "a=1"),
            ("a=\"1\"; Max-Age=10", "a.h.x", "/p/", false, "a=1"),
            ("a=1; Max-Age=0", "a.h.x", "/p/", false, ""),
            ("a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "a.h.x", "/p/", false, ""),
            ("a=1; Expires=Wed, 21-Oct-2065 07:28:00 GMT", "a.h.x", "/p/", false, "a=1"),
            ("a=1; Expires=soon", "a.h.x", "/p/", false, "a=1"),
            ("=1", "a.h.x", "/p/", false, ""),
            ("nothing", "a.h.x", "/p/", false, ""),
        ] {
            let mut jar = Jar::default();
            jar.set(&origin("a.h.x", false), b"/p/from?x", header.as_bytes(), NOW);
            assert_eq!(sent(&jar, host, target, is_tls), expected, "{header} at {host}{target}");
        }
    }

    #[test]
    fn a_later_one_replaces_and_removes() {
        let mut jar = Jar::default();
        let here = origin("h", false);
        for header in ["a=1", "b=2", "a=3"] {
            jar.set(&here, b"/", header.as_bytes(), NOW);
        }
        assert_eq!(sent(&jar, "h", "/", false), "a=3; b=2");
        jar.set(&here, b"/", b"a=; max-age=-1", NOW);
        assert_eq!(sent(&jar, "h", "/", false), "b=2");
        for number in 0..2 * MOST {
            jar.set(&here, b"/", format!("n{number}=x").as_bytes(), NOW);
        }
        assert_eq!(jar.0.len(), MOST);
    }

    #[test]
    fn dates_are_seconds_since_the_epoch() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(1_445_412_480)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("29 Feb 2024 12:00:00", Some(1_709_208_000)),
            ("yesterday", None),
        ] {
            assert_eq!(date(text.as_bytes()), expected, "{text}");
        }
    }
}
