//! The head of a request: what of it matters here, borrowed from the bytes that came.

use std::mem::MaybeUninit;

use super::route::Method;

/// Largest head.
pub(super) const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How many headers a request may have.
const MAX_HEADERS: usize = 64;

/// Our own header, for faults of one request.
const FAULT_HEADER: &str = "x-podometer-fault";

/// What of a head matters.
#[derive(Debug, PartialEq)]
pub(super) struct Head<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fault: Option<&'a str>,
    /// Whether the connection may go on.
    pub(super) keep: bool,
    /// Whether the peer waits to be asked for the body.
    pub(super) expects: bool,
    pub(super) body: Body,
    /// Its length, with the empty line.
    pub(super) bytes: usize,
}

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    Length(u64),
    Chunked,
}

/// A head that is refused; the connection ends, since nobody knows where the next would begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadHead {
    #[error("the head of the request is no HTTP/1.1: {0}")]
    Malformed(httparse::Error),
    #[error("the head of the request has more than {MAX_HEADERS} headers")]
    TooManyHeaders,
    #[error("HTTP/1.1 needs exactly one host header")]
    Host,
    #[error("content-length is no number, or there are several")]
    Length,
    #[error("transfer-encoding can only be chunked, and excludes content-length")]
    Encoding,
    #[error("expect can only be 100-continue")]
    Expectation,
    #[error("the value of x-podometer-fault is no text")]
    Fault,
}

impl BadHead {
    pub(super) fn status(self) -> u16 {
        match self {
            BadHead::TooManyHeaders => 431,
            _ => 400,
        }
    }
}

/// `None` where the head is not whole yet.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Head<'_>>, BadHead> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut []);
    let length = match request.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(BadHead::TooManyHeaders),
        Err(error) => return Err(BadHead::Malformed(error)),
    };
    let target = request.path.unwrap_or_default();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let is_latest = request.version == Some(1);
    let mut head = Head {
        method: Method::of(request.method.unwrap_or_default()),
        path: without_authority(path),
        query,
        fault: None,
        // An older client that wants to go on would have to be told so: it is not worth it.
        keep: is_latest,
        expects: false,
        body: Body::None,
        bytes: length,
    };
    let mut hosts = 0;
    for header in request.headers.iter() {
        head.read(header.name, header.value, &mut hosts)?;
    }
    if is_latest && hosts != 1 || hosts > 1 {
        return Err(BadHead::Host);
    }
    Ok(Some(head))
}

/// A proxy's form of a request target has the server's name in front.
fn without_authority(path: &str) -> &str {
    match path.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => path,
    }
}

impl<'a> Head<'a> {
    fn read(&mut self, name: &str, value: &'a [u8], hosts: &mut usize) -> Result<(), BadHead> {
        // By length first: most headers of most clients end here.
        match name.len() {
            4 if name.eq_ignore_ascii_case("host") => *hosts += 1,
            6 if name.eq_ignore_ascii_case("expect") => {
                if !value.eq_ignore_ascii_case(b"100-continue") {
                    return Err(BadHead::Expectation);
                }
                self.expects = true;
            }
            10 if name.eq_ignore_ascii_case("connection") => {
                let mut words = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                self.keep &= !words.any(|word| word.eq_ignore_ascii_case(b"close"));
            }
            14 if name.eq_ignore_ascii_case("content-length") => {
                let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
                let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                match (is_number.then_some(number).flatten(), self.body) {
                    (Some(length), Body::None) => self.body = Body::Length(length),
                    (_, Body::Chunked) => return Err(BadHead::Encoding),
                    _ => return Err(BadHead::Length),
                }
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                if !value.eq_ignore_ascii_case(b"chunked") || self.body != Body::None {
                    return Err(BadHead::Encoding);
                }
                self.body = Body::Chunked;
            }
            17 if name.eq_ignore_ascii_case(FAULT_HEADER) => {
                self.fault = Some(std::str::from_utf8(value).map_err(|_| BadHead::Fault)?);
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_what_matters() {
        let bytes =
            b"POST /a/b?c=d&e HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX-Podometer-Fault: delay=1s\r\n\
                      Connection: keep-alive, Close\r\nExpect: 100-Continue\r\n\r\nhello";
        let head = parse(bytes).unwrap().unwrap();
        let expected = Head {
            method: Method::Post,
            path: "/a/b",
            query: Some("c=d&e"),
            fault: Some("delay=1s"),
            keep: false,
            expects: true,
            body: Body::Length(5),
            bytes: bytes.len() - 5,
        };
        assert_eq!(head, expected);
        for end in 0..bytes.len() - 5 {
            assert_eq!(parse(&bytes[..end]), Ok(None), "{end}");
        }
        let old = parse(b"GET http://h:1/x HTTP/1.0\r\n\r\n").unwrap().unwrap();
        assert_eq!((old.path, old.keep, old.body), ("/x", false, Body::None));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let headers = |headers: &str| format!("GET / HTTP/1.1\r\nhost: h\r\n{headers}\r\n");
        for (bytes, error) in [
            (headers("content-length: 1\r\ncontent-length: 1\r\n"), BadHead::Length),
            (headers("content-length: +1\r\n"), BadHead::Length),
            (headers("content-length: \r\n"), BadHead::Length),
            (headers("content-length: 99999999999999999999\r\n"), BadHead::Length),
            (headers("content-length: 1\r\ntransfer-encoding: chunked\r\n"), BadHead::Encoding),
            (headers("transfer-encoding: chunked\r\ncontent-length: 1\r\n"), BadHead::Encoding),
            (headers("transfer-encoding: gzip\r\n"), BadHead::Encoding),
            (headers("host: i\r\n"), BadHead::Host),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), BadHead::Host),
            (headers("expect: much\r\n"), BadHead::Expectation),
            (headers(&"a: b\r\n".repeat(64)), BadHead::TooManyHeaders),
            ("GET / HTTP/2.0\r\n\r\n".to_owned(), BadHead::Malformed(httparse::Error::Version)),
            ("G\u{0}T / HTTP/1.1\r\n\r\n".to_owned(), BadHead::Malformed(httparse::Error::Token)),
            (headers("a b: c\r\n"), BadHead::Malformed(httparse::Error::HeaderName)),
        ] {
            assert_eq!(parse(bytes.as_bytes()), Err(error), "{bytes}");
        }
    }
}
