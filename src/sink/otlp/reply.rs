//! What a server's answer means for the batch: a pure table.
//!
//! Source: OTLP specification 1, "OTLP/HTTP Response" (opentelemetry-proto `docs/specification.md`): 429, 502, 503 and
//! 504 are to be retried, all other 4xx and 5xx must not be; a partial success is never sent again. What waits for
//! somebody to mend the configuration is no retry in that sense.

use hyper::header::CONTENT_TYPE;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message;
use prost::encoding::decode_varint;
use serde::Deserialize;

use crate::sink::protocol::{Reply, Verdict};

/// Texts of a 400 that speak of single points, in small letters, and the reason under which such a point is counted.
/// Stores that take OTLP in say so of samples, as Prometheus does.
const POINT_FAULTS: &[(&str, &str)] = &[
    ("out of order", "out_of_order"),
    ("out-of-order", "out_of_order"),
    ("out of bounds", "out_of_bounds"),
    ("too old", "too_old"),
    ("too far in", "out_of_bounds"),
    ("duplicate sample", "duplicate"),
    ("duplicate timestamp", "duplicate"),
    ("temporality", "temporality"),
    ("limit exceeded", "cardinality"),
    ("series", "cardinality"),
    ("data point", "invalid_point"),
    ("datapoint", "invalid_point"),
    ("label", "invalid_attribute"),
    ("attribute", "invalid_attribute"),
    ("metric name", "invalid_name"),
];

/// `google.rpc.Status`, the body of failures, as far as it is read.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(string, tag = "2")]
    message: String,
}

/// The response in JSON, which some servers give whatever they were asked in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonResponse {
    partial_success: Option<JsonPartial>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonPartial {
    /// Protobuf's JSON has integers of 64 bits as text, or as numbers.
    rejected_data_points: Option<serde_json::Value>,
}

pub(super) fn judge(reply: &Reply) -> Verdict {
    let hold = |mend: &'static str| Verdict::Hold { mend: mend.into(), remedy: false };
    match reply.status.as_u16() {
        200..=299 => match rejected(&reply.body) {
            0 => Verdict::Acknowledged,
            rejected => Verdict::Partly { rejected, reason: "partial_success" },
        },
        300..=399 => hold("the server points elsewhere: check url and path"),
        400 => refusal(&message(reply)),
        401 => hold("the server does not accept the credentials: check token, or user and password"),
        403 => hold("the credentials may not write here: grant write permission"),
        404 | 405 => hold("nothing takes metrics there: check url and path"),
        407 => hold("the proxy does not accept the credentials"),
        413 => Verdict::Isolate { reason: "too_large", refused: None, subject: None },
        415 => hold("the server does not take protobuf, or not compressed: check url, path and gzip"),
        429 | 502..=504 => Verdict::Retry { after: reply.retry_after() },
        500..=599 => Verdict::Reject { reason: "server_error" },
        _ => Verdict::Reject { reason: "refused" },
    }
}

fn refusal(message: &str) -> Verdict {
    let message = message.to_lowercase();
    // VictoriaMetrics says so where others say 404.
    if message.contains("unsupported path") {
        return Verdict::Hold {
            mend: "nothing takes metrics there: check url and path".into(),
            remedy: false,
        };
    }
    if message.contains("unmarshal") || message.contains("decode") {
        return Verdict::Reject { reason: "undecodable" };
    }
    match POINT_FAULTS.iter().find(|(text, _)| message.contains(text)) {
        Some((_, reason)) => Verdict::Isolate { reason, refused: None, subject: None },
        None => Verdict::Reject { reason: "refused" },
    }
}

/// What a failure says: in protobuf as the specification wants it, else as plain text.
fn message(reply: &Reply) -> String {
    let kind = reply.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let status = kind.contains("protobuf").then(|| RpcStatus::decode(&reply.body[..]).ok()).flatten();
    // A long message is cut, and then is no message of protobuf; its text still is in there.
    status.map_or_else(|| reply.text().into_owned(), |status| status.message)
}

/// How many points an answer of success says were refused. What cannot be read says nothing else than its status.
fn rejected(body: &[u8]) -> u64 {
    let count = if body.first() == Some(&b'{') {
        let response = serde_json::from_slice::<JsonResponse>(body).ok();
        let partial = response.and_then(|response| response.partial_success);
        partial.and_then(|partial| match partial.rejected_data_points? {
            serde_json::Value::String(text) => text.parse().ok(),
            number => number.as_i64(),
        })
    } else {
        match ExportMetricsServiceResponse::decode(body) {
            Ok(response) => response.partial_success.map(|partial| partial.rejected_data_points),
            Err(_) => cut_count(body),
        }
    };
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

/// The count at the beginning of a response whose message is too long to be here whole.
fn cut_count(mut body: &[u8]) -> Option<i64> {
    const PARTIAL_SUCCESS: u64 = 1 << 3 | 2;
    const REJECTED_DATA_POINTS: u64 = 1 << 3;
    let body = &mut body;
    let begins = decode_varint(body).ok()? == PARTIAL_SUCCESS;
    let _length = decode_varint(body).ok()?;
    let counts = decode_varint(body).ok()? == REJECTED_DATA_POINTS;
    let count = decode_varint(body).ok()?;
    (begins && counts).then_some(count as i64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::StatusCode;
    use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER};
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsPartialSuccess;

    use super::*;

    fn reply(status: u16, body: &[u8]) -> Reply {
        Reply {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.to_vec().into(),
            is_cut: false,
        }
    }

    fn response(rejected_data_points: i64, error_message: &str) -> Vec<u8> {
        let partial =
            ExportMetricsPartialSuccess { rejected_data_points, error_message: error_message.into() };
        ExportMetricsServiceResponse { partial_success: Some(partial) }.encode_to_vec()
    }

    #[test]
    fn a_success_says_what_it_did_not_take() {
        let partly = |rejected| Verdict::Partly { rejected, reason: "partial_success" };
        let long = response(7, &"x".repeat(10_000));
        for (body, expected) in [
            (&b""[..], Verdict::Acknowledged),
            (&response(0, "a warning"), Verdict::Acknowledged),
            (&response(3, "why"), partly(3)),
            (&long[..4096], partly(7)),
            (&response(-1, ""), Verdict::Acknowledged),
            (b"{}", Verdict::Acknowledged),
            (b"{\"partialSuccess\":{}}", Verdict::Acknowledged),
            (b"{\"partialSuccess\":{\"rejectedDataPoints\":\"4\"}}", partly(4)),
            (b"{\"partialSuccess\":{\"rejectedDataPoints\":5}}", partly(5)),
            (b"OK", Verdict::Acknowledged),
        ] {
            assert_eq!(judge(&reply(200, body)), expected, "{:?}", String::from_utf8_lossy(body));
        }
        assert_eq!(judge(&reply(202, b"")), Verdict::Acknowledged);
    }

    #[test]
    fn a_bad_request_is_taken_apart_only_for_a_point() {
        let isolate = |reason| Verdict::Isolate { reason, refused: None, subject: None };
        for (text, expected) in [
            ("err-mimir-sample-out-of-order: ...", isolate("out_of_order")),
            ("invalid temporality and type combination for metric \"a\"", isolate("temporality")),
            ("metric x: data point without a value", isolate("invalid_point")),
            ("per-user series limit of 10 exceeded", isolate("cardinality")),
            (
                "cannot decode OpenTelemetry protocol data: cannot read varint",
                Verdict::Reject { reason: "undecodable" },
            ),
            ("who knows", Verdict::Reject { reason: "refused" }),
            ("", Verdict::Reject { reason: "refused" }),
        ] {
            assert_eq!(judge(&reply(400, text.as_bytes())), expected, "{text}");
            let mut protobuf = reply(400, &RpcStatus { message: text.into() }.encode_to_vec());
            protobuf.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
            assert_eq!(judge(&protobuf), expected, "{text} in google.rpc.Status");
        }
    }

    #[test]
    fn statuses() {
        for status in [429, 502, 503, 504] {
            let mut reply = reply(status, b"");
            assert_eq!(judge(&reply), Verdict::Retry { after: None });
            reply.headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
            assert_eq!(judge(&reply), Verdict::Retry { after: Some(Duration::from_secs(7)) });
        }
        for (status, word) in [
            (302, "path"),
            (401, "credentials"),
            (403, "permission"),
            (404, "path"),
            (407, "proxy"),
            (415, "gzip"),
        ] {
            let verdict = judge(&reply(status, b""));
            assert!(
                matches!(&verdict, Verdict::Hold { mend, .. } if mend.contains(word)),
                "{status}: {verdict:?}"
            );
        }
        let verdict = judge(&reply(400, b"unsupported path requested: \"/v1/metrics\"\n"));
        assert!(matches!(&verdict, Verdict::Hold { .. }), "{verdict:?}");
        assert_eq!(judge(&reply(500, b"")), Verdict::Reject { reason: "server_error" });
        assert_eq!(judge(&reply(422, b"")), Verdict::Reject { reason: "refused" });
        assert!(matches!(judge(&reply(413, b"")), Verdict::Isolate { reason: "too_large", .. }));
    }
}
