//! What a Pushgateway's answer means for a push: a pure table.
//!
//! Source: Pushgateway 1.5.1 as measured (its texts are matched by their fixed parts); prometheus/pushgateway
//! `README.md` for 200 and 202.

use crate::sink::protocol::{Reply, Verdict};

/// Texts of a 400 that speak of the group and not of what was pushed.
const GROUP_FAULTS: [&str; 4] =
    ["job name is required", "improper label name", "odd number of components", "invalid base64"];

pub(super) fn judge(reply: &Reply, is_gzip: bool) -> Verdict {
    let hold = |mend: &'static str| Verdict::Hold { mend: mend.into(), remedy: false };
    match reply.status.as_u16() {
        200 | 202 => Verdict::Acknowledged,
        400 => refusal(&reply.text(), is_gzip),
        401 => hold("the server does not accept the credentials: check user and password, or token"),
        403 => hold("the credentials may not push here: grant permission"),
        404 | 405 => hold("nothing takes pushes there: check url"),
        407 => hold("the proxy does not accept the credentials"),
        413 => Verdict::Reject { reason: "too_large" },
        415 => hold("the server does not take compressed pushes: set gzip to false"),
        408 | 429 | 500..=599 => Verdict::Retry { after: reply.retry_after() },
        201..=399 => hold("an answer that no Pushgateway gives: check url"),
        _ => Verdict::Reject { reason: "refused" },
    }
}

fn refusal(text: &str, is_gzip: bool) -> Verdict {
    if GROUP_FAULTS.iter().any(|fault| text.contains(fault)) {
        return Verdict::Hold {
            mend: "the server does not take this group: check job and grouping".into(),
            remedy: false,
        };
    }
    // Ours begins with a comment: whoever stumbles over the first line has not unpacked it.
    if is_gzip && text.contains("parsing error in line 1:") {
        let mend = "the server does not take compressed pushes: set gzip to false";
        return Verdict::Hold { mend: mend.into(), remedy: false };
    }
    // Another group has a metric of the same name and another type, or ours has a series twice.
    if text.contains("inconsistent") {
        return Verdict::Reject { reason: "inconsistent" };
    }
    Verdict::Reject { reason: if text.contains("parsing error") { "unparsable" } else { "refused" } }
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;
    use hyper::header::HeaderMap;

    use super::*;

    #[test]
    fn measured_answers() {
        let is = |status: u16, text: &'static str, is_gzip| {
            let status = StatusCode::from_u16(status).unwrap();
            judge(&Reply { status, headers: HeaderMap::new(), body: text.into(), is_cut: false }, is_gzip)
        };
        for (status, text, is_gzip, expected) in [
            (200, "", true, Verdict::Acknowledged),
            (202, "", false, Verdict::Acknowledged),
            (
                400,
                "pushed metrics are invalid or inconsistent with existing metrics: collected metric \"a\" {...} is not a GAUGE",
                true,
                Verdict::Reject { reason: "inconsistent" },
            ),
            (
                400,
                "text format parsing error in line 7: unexpected end of input stream",
                true,
                Verdict::Reject { reason: "unparsable" },
            ),
            (
                400,
                "text format parsing error in line 1: invalid metric name",
                false,
                Verdict::Reject { reason: "unparsable" },
            ),
            (400, "who knows", false, Verdict::Reject { reason: "refused" }),
            (413, "", false, Verdict::Reject { reason: "too_large" }),
            (503, "", false, Verdict::Retry { after: None }),
            (500, "", false, Verdict::Retry { after: None }),
        ] {
            assert_eq!(is(status, text, is_gzip), expected, "{status} {text}");
        }
        for (status, text, is_gzip, word) in [
            (307, "", false, "url"),
            (400, "job name is required", false, "job"),
            (400, "improper label name \"a-b\"", false, "grouping"),
            (400, "text format parsing error in line 1: invalid metric name", true, "gzip"),
            (401, "", false, "credentials"),
            (403, "", false, "permission"),
            (404, "404 page not found", false, "url"),
            (405, "Method Not Allowed", false, "url"),
        ] {
            let verdict = is(status, text, is_gzip);
            assert!(
                matches!(&verdict, Verdict::Hold { mend, .. } if mend.contains(word)),
                "{status} {text}: {verdict:?}"
            );
        }
    }
}
