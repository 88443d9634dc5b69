//! Remote write over HTTP: one address, two messages.
//!
//! Source: Prometheus Remote-Write 1.0 and 2.0 specifications.

use hyper::Method;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::reply::{Told, judge};
use crate::encode::remote_write::{Part, Version, split};
use crate::sink::parcel::Parcel;
use crate::sink::protocol::{Outgoing, Protocol, Reply, Verdict};

const VERSION: HeaderName = HeaderName::from_static("x-prometheus-remote-write-version");

/// What a receiver of version 2 counts.
const WRITTEN: [HeaderName; 3] = [
    HeaderName::from_static("x-prometheus-remote-write-samples-written"),
    HeaderName::from_static("x-prometheus-remote-write-histograms-written"),
    HeaderName::from_static("x-prometheus-remote-write-exemplars-written"),
];

#[derive(Debug)]
pub(super) struct RemoteWrite {
    /// From the configuration.
    pub(super) headers: HeaderMap,
}

impl Protocol for RemoteWrite {
    fn request(&self, parcel: &Parcel) -> Outgoing {
        let (kind, number) = match version(parcel) {
            Version::V1 => ("application/x-protobuf", "0.1.0"),
            Version::V2 => ("application/x-protobuf;proto=io.prometheus.write.v2.Request", "2.0.0"),
        };
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(VERSION, HeaderValue::from_static(number));
        if let Some(encoding) = parcel.packing().encoding() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        // The address is complete.
        Outgoing { method: Method::POST, path: String::new(), headers, body: parcel.body() }
    }

    fn judge(&self, parcel: &Parcel, reply: &Reply) -> Verdict {
        let told = Told {
            status: reply.status.as_u16(),
            text: &reply.text(),
            written: written(&reply.headers),
            after: reply.retry_after(),
        };
        judge(version(parcel), parcel.points(), &told)
    }

    fn part(&self, parcel: &Parcel, subject: Option<&str>) -> Option<[Parcel; 2]> {
        let part = if subject.is_some() { Part::Histograms } else { Part::Halves };
        split(version(parcel), &parcel.unpacked()?, part).map(|parts| parcel.parts(parts))
    }
}

/// What waits may have been written with another version than the configuration now has.
fn version(parcel: &Parcel) -> Version {
    if parcel.form() == Version::V2 as u8 { Version::V2 } else { Version::V1 }
}

/// How many points the receiver says it has written; `None` where it says nothing of the kind. One header that is
/// missing stands for none of its kind.
fn written(headers: &HeaderMap) -> Option<u64> {
    let mut sum = None;
    for name in &WRITTEN {
        let Some(count) = headers.get(name).and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok())
        else {
            continue;
        };
        sum = Some(sum.unwrap_or(0) + count);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Batch;
    use crate::sink::parcel::Packing;

    fn parcel(version: Version) -> Parcel {
        Parcel::pack(Batch { body: "not a request".into(), points: 3 }, Packing::Snappy, version as u8)
    }

    #[test]
    fn requests_say_what_they_hold() {
        let mut headers = HeaderMap::new();
        headers.insert("x-scope-orgid", HeaderValue::from_static("team"));
        let protocol = RemoteWrite { headers };
        for (version, kind, number) in [
            (Version::V1, "application/x-protobuf", "0.1.0"),
            (Version::V2, "application/x-protobuf;proto=io.prometheus.write.v2.Request", "2.0.0"),
        ] {
            let outgoing = protocol.request(&parcel(version));
            assert_eq!((outgoing.method, outgoing.path.as_str()), (Method::POST, ""));
            assert_eq!(outgoing.headers[CONTENT_TYPE], kind);
            assert_eq!(outgoing.headers[CONTENT_ENCODING], "snappy");
            assert_eq!(outgoing.headers[VERSION], number);
            assert_eq!(outgoing.headers["x-scope-orgid"], "team");
            assert!(protocol.part(&parcel(version), None).is_none(), "nothing to cut");
        }
    }

    #[test]
    fn what_was_written_is_the_sum_of_what_is_told() {
        let mut headers = HeaderMap::new();
        assert_eq!(written(&headers), None);
        headers.insert(&WRITTEN[1], HeaderValue::from_static("3"));
        assert_eq!(written(&headers), Some(3));
        headers.insert(&WRITTEN[0], HeaderValue::from_static(" 726"));
        headers.insert(&WRITTEN[2], HeaderValue::from_static("x"));
        assert_eq!(written(&headers), Some(729));
    }
}
