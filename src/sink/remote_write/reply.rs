//! What a receiver's answer means for the batch: a pure table.
//!
//! Source: Prometheus Remote-Write 1.0 and 2.0 specifications; Prometheus 2.42 and 3.5 and VictoriaMetrics as measured;
//! Mimir's catalog of errors.

use std::borrow::Cow;
use std::time::Duration;

use crate::encode::remote_write::Version;
use crate::sink::protocol::Verdict;

/// The parts of an answer that count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub(super) status: u16,
    /// The beginning of the body.
    pub(super) text: &'a str,
    /// How many points are written, where the receiver counts them.
    pub(super) written: Option<u64>,
    pub(super) after: Option<Duration>,
}

/// What a fault in a text speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// Single series.
    Series,
    /// The time of the points, which all of a batch share.
    All,
}

/// Texts of a refusal, and the reason under which points are counted. Those of a whole batch are such that no name in
/// a quoted series can hold them.
const FAULTS: &[(&str, &str, Of)] = &[
    ("out of bounds", "out_of_bounds", Of::All),
    ("too old sample", "too_old", Of::All),
    ("timestamp is too old", "too_old", Of::All),
    ("too far in the future", "too_far_in_future", Of::All),
    ("out of order", "out_of_order", Of::Series),
    ("out-of-order", "out_of_order", Of::Series),
    ("duplicate sample", "duplicate", Of::Series),
    ("duplicate-timestamp", "duplicate", Of::Series),
    ("series limit", "limit", Of::Series),
    ("max-series", "limit", Of::Series),
    ("label", "label", Of::Series),
];

const NO_HISTOGRAMS: &str = "native histograms are disabled";

/// Judges an answer to a batch of this version and so many points.
pub(super) fn judge(version: Version, points: u64, told: &Told<'_>) -> Verdict {
    // A receiver that counts what it wrote has kept that, and would refuse the rest again.
    let written = told.written.filter(|_| version == Version::V2);
    match told.status {
        _ if told.text.contains(NO_HISTOGRAMS) && written.is_none_or(|written| written == 0) => {
            Verdict::Isolate {
                reason: "histograms_disabled",
                refused: None,
                subject: Some("histograms".into()),
            }
        }
        200..=299 => match (version, written) {
            (Version::V1, _) => Verdict::Acknowledged,
            (Version::V2, Some(written)) => partly(points, written, "not_written"),
            (Version::V2, None) => hold("the receiver does not speak remote write 2.0: set version to v1"),
        },
        400 | 409 | 422 => refusal(version, points, written, told),
        401 => hold("the receiver does not accept the credentials: check user and password, or token"),
        403 => hold(
            "the credentials may not write here: grant write permission, or check headers for the tenant",
        ),
        404 | 405 => hold(
            "the server does not receive remote write: start Prometheus with --web.enable-remote-write-receiver, or check the path of url",
        ),
        413 => Verdict::Isolate { reason: "too_large", refused: None, subject: None },
        415 => hold(match version {
            Version::V1 => "the receiver does not take remote write 1.0: set version to v2",
            Version::V2 => "the receiver does not speak remote write 2.0: set version to v1",
        }),
        408 | 425 | 429 | 500..=599 => Verdict::Retry { after: told.after },
        300..=399 => hold("an answer that no receiver gives: check url"),
        _ => Verdict::Reject { reason: "refused" },
    }
}

/// Version 2: what is not written is refused for good. Version 1: Prometheus forgets the whole batch for one point that
/// it refuses, Mimir and Thanos store the others; so the batch is cut apart, and what is stored twice stays once.
fn refusal(version: Version, points: u64, written: Option<u64>, told: &Told<'_>) -> Verdict {
    let fault = FAULTS.iter().find(|(part, ..)| told.text.contains(part));
    let reason = fault.map_or("refused", |(_, reason, _)| *reason);
    match (written, fault) {
        (Some(written), _) => partly(points, written, reason),
        (None, Some((.., Of::Series))) => Verdict::Isolate { reason, refused: None, subject: None },
        // Receivers of version 1 may answer like this to what they cannot read; those of version 2 must count.
        (None, None) if version == Version::V2 && told.status == 400 => {
            hold("the receiver cannot read remote write 2.0: set version to v1")
        }
        (None, Some((.., Of::All)) | None) => Verdict::Reject { reason },
    }
}

fn partly(points: u64, written: u64, reason: &'static str) -> Verdict {
    match points.saturating_sub(written) {
        0 => Verdict::Acknowledged,
        rejected if rejected == points => Verdict::Reject { reason },
        rejected => Verdict::Partly { rejected, reason },
    }
}

fn hold(mend: &'static str) -> Verdict {
    Verdict::Hold { mend: Cow::Borrowed(mend), remedy: false }
}

#[cfg(test)]
mod tests {
    use super::Version::{V1, V2};
    use super::*;

    fn judged(version: Version, status: u16, text: &str, written: Option<u64>) -> Verdict {
        judge(version, 10, &Told { status, text, written, after: Some(Duration::from_secs(7)) })
    }

    #[test]
    fn measured_answers() {
        let isolate = |reason| Verdict::Isolate { reason, refused: None, subject: None };
        let histograms = || Verdict::Isolate {
            reason: "histograms_disabled",
            refused: None,
            subject: Some("histograms".into()),
        };
        let partly = |rejected, reason| Verdict::Partly { rejected, reason };
        let retry = || Verdict::Retry { after: Some(Duration::from_secs(7)) };
        let reject = |reason| Verdict::Reject { reason };
        let newer = "duplicate sample for timestamp 1795692540000; overrides not allowed: existing 1.25, new value 77";
        for (version, status, text, written, expected) in [
            (V1, 204, "", None, Verdict::Acknowledged),
            (V1, 200, "", Some(0), Verdict::Acknowledged),
            (V2, 204, "", Some(10), Verdict::Acknowledged),
            (V2, 204, "", Some(7), partly(3, "not_written")),
            (V1, 400, "out of order sample\n", None, isolate("out_of_order")),
            (V1, 400, "duplicate sample for timestamp\n", None, isolate("duplicate")),
            (V1, 400, newer, None, isolate("duplicate")),
            (V1, 400, "out of bounds\n", None, reject("out_of_bounds")),
            (V1, 400, "too old sample", None, reject("too_old")),
            (V1, 409, "store locally: add 2 samples: out of order sample", None, isolate("out_of_order")),
            (V1, 400, "(err-mimir-sample-out-of-order)", None, isolate("out_of_order")),
            (
                V1,
                400,
                "per-user series limit of 1 exceeded (err-mimir-max-series-per-user)",
                None,
                isolate("limit"),
            ),
            (V1, 400, "snappy: corrupt input", None, reject("refused")),
            (V2, 400, newer, Some(9), partly(1, "duplicate")),
            (V2, 400, "out of order sample for series {}", Some(0), reject("out_of_order")),
            (V2, 400, "who knows", Some(4), partly(6, "refused")),
            (V2, 400, "bad exemplar", Some(10), Verdict::Acknowledged),
            (V2, 400, "out of order sample", None, isolate("out_of_order")),
            (V1, 500, "native histograms are disabled\n", None, histograms()),
            (V2, 500, "native histograms are disabled\n", Some(0), histograms()),
            (V2, 400, "native histograms are disabled\n", Some(8), partly(2, "refused")),
            (V1, 413, "", None, isolate("too_large")),
            (V1, 429, "", None, retry()),
            (V2, 500, "commit error", Some(0), retry()),
            (V1, 503, "", None, retry()),
            (V1, 418, "", None, reject("refused")),
        ] {
            assert_eq!(judged(version, status, text, written), expected, "{version:?} {status} {text}");
        }
    }

    #[test]
    fn what_someone_must_mend() {
        for (version, status, text, part) in [
            (V2, 204, "", "set version to v1"),
            (V2, 400, "proto: wrong wireType = 2", "set version to v1"),
            (V2, 415, "", "set version to v1"),
            (V1, 415, "", "set version to v2"),
            (V1, 401, "", "credentials"),
            (V1, 403, "", "permission"),
            (V1, 404, "remote write receiver needs to be enabled", "--web.enable-remote-write-receiver"),
            (V1, 302, "", "check url"),
        ] {
            let Verdict::Hold { mend, remedy: false } = judged(version, status, text, None) else {
                panic!("{version:?} {status} {text}");
            };
            assert!(mend.contains(part), "{version:?} {status}: {mend}");
        }
    }
}
