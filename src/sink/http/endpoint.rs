//! A server's address, taken apart once.

use hyper::Uri;
use hyper::header::HeaderValue;

/// Where requests go. The path of the configured address stands before that of each request.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    /// As it was configured, for messages; it holds no secret.
    pub(super) shown: String,
    pub(super) is_https: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    /// The `Host` header.
    pub(super) authority: HeaderValue,
    /// Scheme, authority and path, without a slash at the end.
    pub(super) base: String,
    base_path: usize,
}

impl Endpoint {
    /// The address must have passed [`url_fault`].
    pub(super) fn parse(url: &str) -> Option<Endpoint> {
        let base = url.trim_end_matches('/').to_owned();
        let uri: Uri = base.parse().ok()?;
        let authority = uri.authority()?;
        let is_https = uri.scheme_str() == Some("https");
        let base_path = base.find("://")? + 3 + authority.as_str().len();
        Some(Endpoint {
            shown: url.to_owned(),
            is_https,
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(if is_https { 443 } else { 80 }),
            authority: HeaderValue::from_str(authority.as_str()).ok()?,
            base,
            base_path,
        })
    }

    /// The request's target: absolute where a proxy reads it, else path and query alone.
    pub(super) fn target(&self, path: &str, is_absolute: bool) -> Result<Uri, hyper::http::uri::InvalidUri> {
        let begin = if is_absolute { 0 } else { self.base_path };
        format!("{}{path}", &self.base[begin..]).parse()
    }
}

/// What is wrong with an address, and how it may be shown.
pub(in crate::sink) fn url_fault(url: &str) -> Option<String> {
    if url.contains(['@', '?', '#']) {
        return Some("must not carry a user, password or query; use the keys for these".into());
    }
    let is_known = url.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    (!is_known).then(|| format!("{url:?} is not an http:// or https:// address"))
}

/// Appends everything but RFC 3986's unreserved characters as `%XX`.
pub(in crate::sink) fn percent_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        for (url, host, port, direct, absolute) in [
            ("http://i:8086", "i", 8086, "/write?db=d", "http://i:8086/write?db=d"),
            ("https://i/influx/", "i", 443, "/influx/write?db=d", "https://i/influx/write?db=d"),
            ("http://[::1]:9", "::1", 9, "/write?db=d", "http://[::1]:9/write?db=d"),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port));
            assert_eq!(endpoint.target("/write?db=d", false).unwrap().to_string(), direct);
            assert_eq!(endpoint.target("/write?db=d", true).unwrap().to_string(), absolute);
        }
    }

    #[test]
    fn addresses_that_cannot_be() {
        for (url, part) in [
            ("", "\"\" is not"),
            ("ftp://i", "ftp://i"),
            ("i:8086", "is not an http"),
            ("http://u:secret@i", "must not carry a user"),
            ("http://i/?x=1", "must not carry"),
        ] {
            let fault = url_fault(url).unwrap();
            assert!(fault.contains(part) && !fault.contains("secret"), "{url}: {fault}");
        }
        assert_eq!(url_fault("https://influxdb.monitoring.svc:8086/base"), None);
    }
}
