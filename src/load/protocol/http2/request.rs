//! The request of HTTP/2 that says the same as one of HTTP/1.1: plans know one kind of request, whatever carries it.
//!
//! Source: RFC 9113, sections 8.2 and 8.3.

use std::mem::MaybeUninit;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

/// As many as are read of a response.
const MOST_FIELDS: usize = 100;
/// They speak of a connection of HTTP/1.1, and may not be sent. Sorted.
const OF_CONNECTIONS: [&str; 8] = [
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Why a request cannot be sent over HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    #[error("the request is no HTTP/1.1: {0}")]
    Head(httparse::Error),
    #[error("the request has no whole head")]
    Partial,
    #[error("the method of the request cannot be used over HTTP/2")]
    Method,
    #[error("the host of the request cannot be used over HTTP/2")]
    Host,
    #[error("the path of the request cannot be used over HTTP/2")]
    Path,
    #[error("a header of the request cannot be used over HTTP/2")]
    Header,
}

/// The head, and the body behind it.
pub fn translate(bytes: &[u8], is_tls: bool) -> Result<(Request<()>, &[u8]), RequestFault> {
    let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut head = httparse::Request::new(&mut []);
    let length = match head.parse_with_uninit_headers(bytes, &mut fields) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Err(RequestFault::Partial),
        Err(error) => return Err(RequestFault::Head(error)),
    };
    let method = head.method.unwrap_or_default();
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| RequestFault::Method)?;
    // A tunnel has neither scheme nor path there.
    if method == Method::CONNECT {
        return Err(RequestFault::Method);
    }
    let path = PathAndQuery::try_from(head.path.unwrap_or_default()).map_err(|_| RequestFault::Path)?;
    let mut authority = None;
    let mut headers = HeaderMap::with_capacity(head.headers.len());
    for field in &*head.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| RequestFault::Header)?;
        if name == http::header::HOST {
            authority = authority.or(Some(field.value));
        }
        let is_trailers = || name == http::header::TE && field.value.eq_ignore_ascii_case(b"trailers");
        if OF_CONNECTIONS.binary_search(&name.as_str()).is_ok() && !is_trailers() {
            continue;
        }
        let value = HeaderValue::from_bytes(field.value).map_err(|_| RequestFault::Header)?;
        headers.append(name, value);
    }
    let authority = Authority::try_from(authority.unwrap_or_default()).map_err(|_| RequestFault::Host)?;
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(if is_tls { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(authority);
    parts.path_and_query = Some(path);
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| RequestFault::Path)?;
    *request.version_mut() = http::Version::HTTP_2;
    *request.headers_mut() = headers;
    Ok((request, &bytes[length..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::load::protocol::http1;

    fn of(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> http1::Request {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        http1::Request::new(method, path, "h:1", &headers, body.as_bytes()).unwrap()
    }

    #[test]
    fn a_request_says_the_same_in_both() {
        let plain = of(
            "POST",
            "/a?b=c",
            &[
                ("X-A", "1"),
                ("x-a", "2"),
                ("Connection", "close"),
                ("Transfer-Encoding", "x"),
                ("TE", "trailers"),
            ],
            "body",
        );
        let (request, body) = translate(plain.bytes(), true).unwrap();
        assert_eq!(
            (request.method(), request.uri().to_string().as_str()),
            (&Method::POST, "https://h:1/a?b=c")
        );
        let headers: Vec<(&str, &[u8])> =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(headers, [("x-a", &b"1"[..]), ("x-a", b"2"), ("te", b"trailers")]);
        assert_eq!(body, b"body");
        let plain = of("GET", "/", &[("Host", "other"), ("te", "gzip")], "");
        let (request, body) = translate(plain.bytes(), false).unwrap();
        assert_eq!((request.uri().to_string().as_str(), body), ("http://other/", &b""[..]));
        assert!(request.headers().is_empty());
        let length = of("POST", "/", &[], "hi");
        assert_eq!(translate(length.bytes(), true).unwrap().0.headers()["content-length"], "2");
    }

    #[test]
    fn what_cannot_be_said_is_told() {
        for (bytes, fault) in [
            (of("CONNECT", "h:1", &[], ""), RequestFault::Method),
            (of("GET", "/", &[("Host", "a b")], ""), RequestFault::Host),
            (of("GET", "/", &[("Host", "")], ""), RequestFault::Host),
        ] {
            assert_eq!(translate(bytes.bytes(), true).unwrap_err(), fault);
        }
        assert_eq!(translate(b"GET / HTTP/1.1\r\nHost: h\r\n", true).unwrap_err(), RequestFault::Partial);
        assert!(OF_CONNECTIONS.is_sorted());
    }

    proptest! {
        #[test]
        fn any_bytes_are_translated_or_refused(bytes: Vec<u8>, is_tls: bool) {
            let _ = translate(&bytes, is_tls);
        }

        #[test]
        fn whatever_a_plan_may_hold_is_translated_or_refused(
            method in "[A-Z]{1,8}", path in "/[!-~]{0,40}", value in "[ -~\u{80}-\u{ff}]{0,20}", body: Vec<u8>,
        ) {
            let headers = [("X".to_owned(), value)];
            if let Ok(request) = http1::Request::new(&method, &path, "h", &headers, &body)
                && let Ok((_, found)) = translate(request.bytes(), true)
            {
                prop_assert_eq!(found, &body[..]);
            }
        }
    }
}
