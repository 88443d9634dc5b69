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
}

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
