//! An answer and its bytes.

use serde::Serialize;

pub(super) const JSON: &str = "application/json";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
/// The text format of Prometheus.
pub(super) const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is said to a request.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    /// The header `allow`, where the method was wrong.
    pub(super) allow: Option<&'static str>,
}

impl Reply {
    pub(super) fn json<T: Serialize + ?Sized>(status: u16, value: &T) -> Reply {
        // Our own values always have a form in JSON.
        let body = serde_json::to_vec(value).unwrap_or_default();
        Reply { status, content_type: JSON, body, allow: None }
    }

    pub(super) fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Reply {
        Reply { status, content_type, body: text.into().into_bytes(), allow: None }
    }

    pub(super) fn empty(status: u16) -> Reply {
        Reply::text(status, TEXT, "")
    }

    /// Adds its bytes. `keep` says whether the connection goes on; to HEAD the body is left out.
    pub(super) fn write(&self, out: &mut Vec<u8>, keep: bool, is_head: bool) {
        let has_body = status_has_body(self.status);
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(itoa::Buffer::new().format(self.status).as_bytes());
        out.push(b' ');
        out.extend_from_slice(reason(self.status).as_bytes());
        out.extend_from_slice(b"\r\nserver: podometer-target\r\n");
        if has_body {
            out.extend_from_slice(b"content-type: ");
            out.extend_from_slice(self.content_type.as_bytes());
            out.extend_from_slice(b"\r\ncontent-length: ");
            out.extend_from_slice(itoa::Buffer::new().format(self.body.len()).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        if let Some(allow) = self.allow {
            out.extend_from_slice(b"allow: ");
            out.extend_from_slice(allow.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        if !keep {
            out.extend_from_slice(b"connection: close\r\n");
        }
        out.extend_from_slice(b"\r\n");
        if has_body && !is_head {
            out.extend_from_slice(&self.body);
        }
    }
}

/// RFC 9110, 6.4.1: neither has content, and a 204 has no content-length either.
fn status_has_body(status: u16) -> bool {
    !matches!(status, 204 | 304)
}

/// Each status that has a count of its own, and its phrase; the others are counted by their class.
pub(super) const STATUSES: [(u16, &str, &str); 34] = [
    (200, "200", "OK"),
    (201, "201", "Created"),
    (202, "202", "Accepted"),
    (204, "204", "No Content"),
    (206, "206", "Partial Content"),
    (301, "301", "Moved Permanently"),
    (302, "302", "Found"),
    (303, "303", "See Other"),
    (304, "304", "Not Modified"),
    (307, "307", "Temporary Redirect"),
    (308, "308", "Permanent Redirect"),
    (400, "400", "Bad Request"),
    (401, "401", "Unauthorized"),
    (402, "402", "Payment Required"),
    (403, "403", "Forbidden"),
    (404, "404", "Not Found"),
    (405, "405", "Method Not Allowed"),
    (406, "406", "Not Acceptable"),
    (408, "408", "Request Timeout"),
    (409, "409", "Conflict"),
    (410, "410", "Gone"),
    (411, "411", "Length Required"),
    (412, "412", "Precondition Failed"),
    (413, "413", "Content Too Large"),
    (415, "415", "Unsupported Media Type"),
    (418, "418", "I'm a teapot"),
    (422, "422", "Unprocessable Content"),
    (429, "429", "Too Many Requests"),
    (431, "431", "Request Header Fields Too Large"),
    (500, "500", "Internal Server Error"),
    (501, "501", "Not Implemented"),
    (502, "502", "Bad Gateway"),
    (503, "503", "Service Unavailable"),
    (504, "504", "Gateway Timeout"),
];

/// The labels of all other statuses, from 200 on.
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// How many values the label `status` can have.
pub(super) const STATUS_LABELS: usize = STATUSES.len() + CLASSES.len();

/// The place of the label of a status.
pub(super) fn status_place(status: u16) -> usize {
    let class = usize::from(status / 100).clamp(2, 5) - 2;
    STATUSES.binary_search_by_key(&status, |row| row.0).unwrap_or(STATUSES.len() + class)
}

pub(super) fn status_label(place: usize) -> &'static str {
    STATUSES.get(place).map_or_else(|| CLASSES[place - STATUSES.len()], |row| row.1)
}

fn reason(status: u16) -> &'static str {
    STATUSES.get(status_place(status)).map_or("", |row| row.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(reply: &Reply, keep: bool, is_head: bool) -> String {
        let mut out = Vec::new();
        reply.write(&mut out, keep, is_head);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_answer_has_exactly_what_it_needs() {
        let ok = Reply::text(200, TEXT, "ok\n");
        let head = "HTTP/1.1 200 OK\r\nserver: podometer-target\r\ncontent-type: text/plain; charset=utf-8\r\n\
                    content-length: 3\r\n";
        assert_eq!(bytes(&ok, true, false), format!("{head}\r\nok\n"));
        assert_eq!(bytes(&ok, true, true), format!("{head}\r\n"));
        assert_eq!(bytes(&ok, false, false), format!("{head}connection: close\r\n\r\nok\n"));
        let gone = "HTTP/1.1 204 No Content\r\nserver: podometer-target\r\n\r\n";
        assert_eq!(bytes(&Reply::text(204, TEXT, "never"), true, false), gone);
        let wrong = Reply { allow: Some("GET"), ..Reply::empty(405) };
        assert!(bytes(&wrong, true, false).contains("\r\nallow: GET\r\n"));
    }

    #[test]
    fn every_status_has_one_label() {
        assert!(STATUSES.is_sorted_by_key(|row| row.0));
        for (status, label) in
            [(200, "200"), (299, "2xx"), (399, "3xx"), (420, "4xx"), (504, "504"), (599, "5xx")]
        {
            assert_eq!(status_label(status_place(status)), label);
        }
        for (status, label, _) in STATUSES {
            assert_eq!(status.to_string(), label);
        }
    }
}
