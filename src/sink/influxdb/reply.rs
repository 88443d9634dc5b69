//! What a server's answer means for the batch: a pure table.
//!
//! Source: InfluxDB 1.6 as measured (its texts are matched by their fixed parts), InfluxDB 2 API reference.

use std::borrow::Cow;
use std::time::Duration;

use super::config::Version;
use crate::sink::protocol::Verdict;

/// Texts of a 400 or 422 that speak of single lines, and the reason under which such a line is counted.
const LINE_FAULTS: &[(&str, &str)] = &[
    ("field type conflict", "type_conflict"),
    ("beyond retention", "beyond_retention"),
    ("outside retention", "beyond_retention"),
    ("max-values-per-tag limit", "cardinality"),
    ("max-series-per-database limit", "cardinality"),
    ("max key length exceeded", "key_too_long"),
    ("unable to parse", "unparsable"),
    ("partial write", "partial_write"),
];

/// Judges by status and the beginning of the body.
pub(super) fn judge(version: Version, status: u16, text: &str, after: Option<Duration>) -> Verdict {
    match status {
        200 | 204 => Verdict::Acknowledged,
        400 | 422 => refusal(text),
        401 => hold("the server does not accept the credentials: check user and password, or token"),
        403 => hold("the credentials may not write here: grant write permission"),
        404 if text.contains("database not found") => {
            Verdict::Hold { mend: "the database does not exist: create it".into(), remedy: true }
        }
        404 if text.contains("page not found") => hold(match version {
            Version::V1 => "the server has no /write: check url, or set version",
            Version::V2 => {
                "the server has no /api/v2/write: InfluxDB 1 wants database in place of org and bucket"
            }
            Version::V3 => "the server has no /api/v3/write_lp: set version to v1 or v2",
        }),
        404 => hold("not found: check url, database, or org and bucket"),
        405 => hold("nothing takes writes there: check url"),
        413 => Verdict::Isolate { reason: "too_large", refused: None, subject: None },
        415 => hold("the server does not take compressed writes: set gzip to false"),
        500 if text.contains("retention policy not found") => {
            hold("the retention policy does not exist: create it or change retention_policy")
        }
        408 | 429 | 500..=599 => Verdict::Retry { after },
        201..=399 => hold("an answer that no write endpoint gives: check url"),
        _ => Verdict::Reject { reason: "refused" },
    }
}

fn hold(mend: &'static str) -> Verdict {
    Verdict::Hold { mend: Cow::Borrowed(mend), remedy: false }
}

fn refusal(text: &str) -> Verdict {
    if text.contains("database is required") || text.contains("bucket is required") {
        return hold("the server misses the target: check database or bucket");
    }
    // The body arrived broken, which says nothing about the points.
    if text.contains("unexpected EOF") && !text.contains("unable to parse") {
        return Verdict::Retry { after: None };
    }
    let Some((_, reason)) = LINE_FAULTS.iter().find(|(part, _)| text.contains(part)) else {
        return Verdict::Reject { reason: "refused" };
    };
    // Lines that cannot be parsed are not in the server's count.
    let refused = if text.contains("unable to parse") { None } else { count_after(text, "dropped=") };
    let subject = text.split_once("on measurement ").and_then(|(_, rest)| quoted(rest));
    Verdict::Isolate { reason, refused, subject }
}

fn count_after(text: &str, key: &str) -> Option<u64> {
    let (_, rest) = text.split_once(key)?;
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

/// The text between quotes, which are escaped where the message stands in JSON.
fn quoted(text: &str) -> Option<String> {
    let rest = text.strip_prefix('"').or_else(|| text.strip_prefix("\\\""))?;
    let end = rest.find('"')?;
    Some(rest[..end].trim_end_matches('\\').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_answers() {
        let isolate = |reason, refused, subject: Option<&str>| Verdict::Isolate {
            reason,
            refused,
            subject: subject.map(str::to_owned),
        };
        let seconds = Duration::from_secs;
        let retry = |after: Option<u64>| Verdict::Retry { after: after.map(seconds) };
        let conflict = r#"{"error":"partial write: field type conflict: input field \"x\" on measurement \"m\" is type string, already exists as type float dropped=1"}"#;
        for (status, text, after, expected) in [
            (204, "", None, Verdict::Acknowledged),
            (200, "", None, Verdict::Acknowledged),
            (400, conflict, None, isolate("type_conflict", Some(1), Some("m"))),
            (
                400,
                "partial write: unable to parse 'x': missing fields dropped=0",
                None,
                isolate("unparsable", None, None),
            ),
            (400, "unable to parse 'm v=1u': invalid number", None, isolate("unparsable", None, None)),
            (
                400,
                "partial write: points beyond retention policy dropped=12",
                None,
                isolate("beyond_retention", Some(12), None),
            ),
            (
                400,
                "partial write: max-values-per-tag limit exceeded (1/1): dropped=2",
                None,
                isolate("cardinality", Some(2), None),
            ),
            (400, "max key length exceeded: 70000 > 65535", None, isolate("key_too_long", None, None)),
            (400, "unexpected EOF", None, retry(None)),
            (400, "who knows", None, Verdict::Reject { reason: "refused" }),
            (413, "Request Entity Too Large", None, isolate("too_large", None, None)),
            (
                400,
                r#"{"error":"partial write of line protocol occurred","data":[{"line_number":2}]}"#,
                None,
                isolate("partial_write", None, None),
            ),
            (429, "", Some(7), retry(Some(7))),
            (503, "request throttled, queue full", None, retry(None)),
            (500, "engine: error writing WAL entry: no space left on device", None, retry(None)),
        ] {
            assert_eq!(judge(Version::V1, status, text, after.map(seconds)), expected, "{status} {text}");
        }
        for (status, text, missing) in [
            (401, "authorization failed", false),
            (403, "create admin user first or disable authentication", false),
            (404, r#"{"error":"database not found: \"x\""}"#, true),
            (404, "404 page not found", false),
            (400, "database is required", false),
            (500, r#"{"error":"retention policy not found: x"}"#, false),
            (302, "", false),
            (405, "Method Not Allowed", false),
            (415, "unsupported content encoding", false),
        ] {
            let verdict = judge(Version::V1, status, text, None);
            assert!(
                matches!(verdict, Verdict::Hold { remedy, .. } if remedy == missing),
                "{status} {text}: {verdict:?}"
            );
        }
    }
}
