//! What a kind of server wants and what its answers mean: the seam between delivery, which is one for all sinks,
//! and the protocols, which are pure.

use std::borrow::Cow;
use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::{Method, StatusCode};

use super::parcel::Parcel;

/// A request, but for the server's address, the credentials and our own name, which the client adds.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    /// Path and query; they follow the path of the configured address.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A whole answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The beginning of the body: error bodies echo whole lines, hundreds of kilobytes at times.
    pub(super) body: Bytes,
    /// The connection broke before all of the body came that was announced.
    pub(super) is_cut: bool,
}

/// What servers of HTTPS say to a request that is not encrypted, always with 400. Source: Go 1.12 `net/http`, nginx
/// 1.22, Apache httpd 2.4.
const WANTS_HTTPS: [&str; 3] = [
    "Client sent an HTTP request to an HTTPS server",
    "The plain HTTP request was sent to HTTPS port",
    "speaking plain HTTP to an SSL-enabled server port",
];

impl Reply {
    /// The beginning of the body as text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Retry-After in seconds. A date would need a clock that agrees with the server's: it counts as not given.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        text.trim().parse().ok().map(Duration::from_secs)
    }

    /// What it means for the parcel that was sent: what any server may say, else what the protocol says of it.
    pub(super) fn verdict(&self, protocol: &dyn Protocol, parcel: &Parcel) -> Verdict {
        let text = self.text();
        if self.status == StatusCode::BAD_REQUEST && WANTS_HTTPS.iter().any(|part| text.contains(part)) {
            return Verdict::Hold {
                mend: "the server speaks https there: correct url".into(),
                remedy: false,
            };
        }
        match protocol.judge(parcel, self) {
            // What did not come may have said that it is about single points, or somebody's to mend.
            Verdict::Reject { .. } if self.is_cut => Verdict::Retry { after: None },
            verdict => verdict,
        }
    }
}

/// What an answer means for the parcel that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every point is stored.
    Acknowledged,
    #[allow(dead_code, reason = "for the protocols whose answers count")]
    /// All but so many points are stored, and sending anything again would change nothing.
    Partly { rejected: u64, reason: &'static str },
    /// Some points are refused for good, the others are stored or can be: find out which.
    Isolate {
        reason: &'static str,
        /// How many points the server says it refused, where it counts all of them.
        refused: Option<u64>,
        /// What the server complains about, in the protocol's own terms; given back to [`Protocol::part`].
        subject: Option<String>,
    },
    /// The whole parcel is refused for good.
    Reject { reason: &'static str },
    /// The server takes this parcel once someone mends something; until then it waits. `remedy` where
    /// [`Protocol::remedy`] may be that.
    Hold { mend: Cow<'static, str>, remedy: bool },
    /// The server may take it later.
    Retry { after: Option<Duration> },
}

/// A kind of server.
pub(super) trait Protocol: Debug + Send + Sync {
    /// The request that brings a parcel.
    fn request(&self, parcel: &Parcel) -> Outgoing;

    /// What the answer to it means.
    fn judge(&self, parcel: &Parcel, reply: &Reply) -> Verdict;

    /// Two parts that hold the same points; `None` where the parcel is a single one, or nothing we can read.
    fn part(&self, parcel: &Parcel, subject: Option<&str>) -> Option<[Parcel; 2]>;

    /// A request that changes nothing and is answered as one with points would be.
    fn probe(&self, empty: &Parcel) -> Outgoing {
        self.request(empty)
    }

    /// A request that may bring what the server lacks, such as a database.
    fn remedy(&self) -> Option<Outgoing> {
        None
    }

    /// The last request of a run, after everything was sent: it takes back what should not outlive the sink.
    fn farewell(&self) -> Option<Outgoing> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Batch;
    use crate::sink::parcel::Packing;

    /// Rejects whatever is answered.
    #[derive(Debug)]
    struct Strict;

    impl Protocol for Strict {
        fn request(&self, _: &Parcel) -> Outgoing {
            Outgoing {
                method: Method::POST,
                path: String::new(),
                headers: HeaderMap::new(),
                body: Bytes::new(),
            }
        }

        fn judge(&self, _: &Parcel, _: &Reply) -> Verdict {
            Verdict::Reject { reason: "refused" }
        }

        fn part(&self, _: &Parcel, _: Option<&str>) -> Option<[Parcel; 2]> {
            None
        }
    }

    #[test]
    fn plain_http_to_a_port_of_https_rejects_nothing() {
        let nginx = "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>";
        let go = "Client sent an HTTP request to an HTTPS server.\n";
        let apache = "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />";
        let reject = || Verdict::Reject { reason: "refused" };
        let hold =
            || Verdict::Hold { mend: "the server speaks https there: correct url".into(), remedy: false };
        let parcel = Parcel::pack(Batch { body: Bytes::new(), points: 0 }, Packing::Plain, 0);
        for (status, text, is_cut, expected) in [
            (400, nginx, false, hold()),
            (400, go, false, hold()),
            (400, apache, false, hold()),
            (400, go, true, hold()),
            (422, go, false, reject()),
            (400, "unable to parse", false, reject()),
            (400, "unable to pa", true, Verdict::Retry { after: None }),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let reply = Reply { status, body: text.into(), is_cut, ..Reply::default() };
            assert_eq!(reply.verdict(&Strict, &parcel), expected, "{status} {text}");
        }
    }
}
