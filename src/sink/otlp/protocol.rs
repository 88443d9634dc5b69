//! OTLP over HTTP: binary protobuf by POST.

use hyper::Method;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::reply::judge;
use crate::encode::otlp::split;
use crate::sink::parcel::Parcel;
use crate::sink::protocol::{Outgoing, Protocol, Reply, Verdict};

#[derive(Debug)]
pub(super) struct Otlp {
    /// Follows the configured address.
    pub(super) path: String,
    /// Those that the configuration adds to each request.
    pub(super) headers: HeaderMap,
}

impl Protocol for Otlp {
    fn request(&self, parcel: &Parcel) -> Outgoing {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        if let Some(encoding) = parcel.packing().encoding() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        Outgoing { method: Method::POST, path: self.path.clone(), headers, body: parcel.body() }
    }

    fn judge(&self, parcel: &Parcel, reply: &Reply) -> Verdict {
        match judge(reply) {
            // Nobody can refuse more than it was given.
            Verdict::Partly { rejected, reason } => {
                Verdict::Partly { rejected: rejected.min(parcel.points()), reason }
            }
            other => other,
        }
    }

    fn part(&self, parcel: &Parcel, _: Option<&str>) -> Option<[Parcel; 2]> {
        split(&parcel.unpacked()?).map(|parts| parcel.parts(parts))
    }
}
