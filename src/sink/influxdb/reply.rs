//! What a server's answer means for the batch: a pure table.
//!
//! Source: InfluxDB 1.6 as measured (its texts are matched by their fixed parts), InfluxDB 2 API reference.

use std::time::Duration;

/// What to do with the batch that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every point is stored.
    Acknowledged,
    /// Some lines are refused for good, the others are stored or can be: find out which.
    Isolate {
        reason: &'static str,
        /// How many points the server says it refused, where it counts all of them.
        refused: Option<u64>,
        /// The one measurement that the server complains about.
        measurement: Option<String>,
    },
    /// The whole batch is refused for good.
    Reject { reason: &'static str },
    /// The server takes this batch once someone mends the configuration; until then it waits.
    Hold { mend: &'static str, missing_database: bool },
    /// The server may take it later.
    Retry { after: Option<Duration> },
}

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

/// Judges by status, the beginning of the body and the Retry-After header.
pub(super) fn judge(status: u16, text: &str, retry_after: Option<&str>) -> Verdict {
    let hold = |mend| Verdict::Hold { mend, missing_database: false };
    match status {
        200 | 204 => Verdict::Acknowledged,
        400 | 422 => refusal(text),
        401 => hold("the server does not accept the credentials: check user and password, or token"),
        403 => hold("the credentials may not write here: grant write permission"),
        404 if text.contains("database not found") => {
            Verdict::Hold { mend: "the database does not exist: create it", missing_database: true }
        }
        404 => hold("not found: check url, database, or org and bucket"),
        413 => Verdict::Isolate { reason: "too_large", refused: None, measurement: None },
        500 if text.contains("retention policy not found") => {
            hold("the retention policy does not exist: create it or change retention_policy")
        }
        408 | 429 | 500..=599 => Verdict::Retry { after: retry_after.and_then(seconds) },
        201..=399 => hold("an answer that no write endpoint gives: check url"),
        _ => Verdict::Reject { reason: "refused" },
    }
}

fn refusal(text: &str) -> Verdict {
    if text.contains("database is required") || text.contains("bucket is required") {
        return Verdict::Hold {
            mend: "the server misses the target: check database or bucket",
            missing_database: false,
        };
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
    let measurement = text.split_once("on measurement ").and_then(|(_, rest)| quoted(rest));
    Verdict::Isolate { reason, refused, measurement }
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

/// Retry-After in seconds. A date would need a clock that agrees with the server's, so it counts as not given.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_answers() {
        let isolate = |reason, refused, measurement: Option<&str>| Verdict::Isolate {
            reason,
            refused,
            measurement: measurement.map(str::to_owned),
        };
        let retry = |seconds: Option<u64>| Verdict::Retry { after: seconds.map(Duration::from_secs) };
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
            (429, "", Some("7"), retry(Some(7))),
            (503, "request throttled, queue full", Some("Wed, 21 Oct 2026 07:28:00 GMT"), retry(None)),
            (500, "engine: error writing WAL entry: no space left on device", None, retry(None)),
        ] {
            assert_eq!(judge(status, text, after), expected, "{status} {text}");
        }
        for (status, text, missing) in [
            (401, "authorization failed", false),
            (403, "create admin user first or disable authentication", false),
            (404, r#"{"error":"database not found: \"x\""}"#, true),
            (404, "404 page not found", false),
            (400, "database is required", false),
            (500, r#"{"error":"retention policy not found: x"}"#, false),
            (302, "", false),
        ] {
            let verdict = judge(status, text, None);
            assert!(
                matches!(verdict, Verdict::Hold { missing_database, .. } if missing_database == missing),
                "{status} {text}: {verdict:?}"
            );
        }
    }
}
