//! A request as bytes, serialised once before the run.

use std::fmt::Write;

/// A request that is the same each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    bytes: Box<[u8]>,
    is_head: bool,
}

/// What a request cannot be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    #[error("method {0:?} is no HTTP token")]
    Method(String),
    #[error("path {0:?} holds a space or a control character")]
    Path(String),
    #[error("header {0:?} is no HTTP token")]
    HeaderName(String),
    #[error("the value of header {0:?} holds a line end or another control character")]
    HeaderValue(String),
}

impl Request {
    /// `path` is path and query, `host` the value of the header of that name. Where there is a body, or the method is
    /// one that has one, its length is told.
    pub fn new(
        method: &str,
        path: &str,
        host: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Request, RequestFault> {
        if !is_token(method) {
            return Err(RequestFault::Method(method.into()));
        }
        if path.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(RequestFault::Path(path.into()));
        }
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        let given = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        if !given("host") {
            _ = write!(head, "Host: {host}\r\n");
        }
        for (name, value) in headers {
            if !is_token(name) {
                return Err(RequestFault::HeaderName(name.clone()));
            }
            if value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
                return Err(RequestFault::HeaderValue(name.clone()));
            }
            _ = write!(head, "{name}: {value}\r\n");
        }
        let has_body = !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH");
        if has_body && !given("content-length") && !given("transfer-encoding") {
            _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        Ok(Request { bytes: bytes.into(), is_head: method == "HEAD" })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The answer to it has no body, whatever its head says.
    pub fn is_head(&self) -> bool {
        self.is_head
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<String, String> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let request = Request::new(method, path, "h:1", &headers, body.as_bytes());
        request
            .map(|request| String::from_utf8(request.bytes().to_vec()).unwrap())
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn bytes_are_what_a_server_reads() {
        assert_eq!(text("GET", "/a?b=c", &[], "").unwrap(), "GET /a?b=c HTTP/1.1\r\nHost: h:1\r\n\r\n");
        assert_eq!(
            text("POST", "/", &[("Accept", "*/*"), ("host", "other")], "xy").unwrap(),
            "POST / HTTP/1.1\r\nAccept: */*\r\nhost: other\r\nContent-Length: 2\r\n\r\nxy"
        );
        assert!(text("PUT", "/", &[], "").unwrap().contains("Content-Length: 0\r\n"));
        assert!(!text("DELETE", "/", &[], "").unwrap().contains("Content-Length"));
    }

    #[test]
    fn nothing_is_smuggled_in() {
        for (method, path, headers, part) in [
            ("GE T", "/", &[][..], "method"),
            ("", "/", &[][..], "method"),
            ("GET", "/a b", &[][..], "path"),
            ("GET", "/\r\nX: y", &[][..], "path"),
            ("GET", "/", &[("a b", "c")][..], "header"),
            ("GET", "/", &[("a", "b\r\nc: d")][..], "value of header"),
        ] {
            assert!(text(method, path, headers, "").unwrap_err().contains(part), "{method} {path}");
        }
    }
}
