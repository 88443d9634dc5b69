//! Pushes of whole pages to one group.

use bytes::Bytes;
use hyper::Method;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::reply::judge;
use crate::encode::prometheus::Format;
use crate::sink::parcel::{Packing, Parcel};
use crate::sink::protocol::{Outgoing, Protocol, Reply, Verdict};

#[derive(Debug)]
pub(super) struct Pushgateway {
    pub(super) method: Method,
    /// Names the group.
    pub(super) path: String,
    pub(super) delete_at_end: bool,
}

impl Protocol for Pushgateway {
    fn request(&self, parcel: &Parcel) -> Outgoing {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(Format::Text.content_type()));
        if let Some(encoding) = parcel.packing().encoding() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        Outgoing { method: self.method.clone(), path: self.path.clone(), headers, body: parcel.body() }
    }

    fn judge(&self, parcel: &Parcel, reply: &Reply) -> Verdict {
        judge(reply, parcel.packing() == Packing::Gzip)
    }

    /// A push is taken or refused as a whole; a part of a page would replace the whole of it.
    fn part(&self, _: &Parcel, _: Option<&str>) -> Option<[Parcel; 2]> {
        None
    }

    /// A push of nothing would empty the group.
    fn probe(&self, _: &Parcel) -> Outgoing {
        let path = "/-/ready".to_owned();
        Outgoing { method: Method::GET, path, headers: HeaderMap::new(), body: Bytes::new() }
    }

    fn farewell(&self) -> Option<Outgoing> {
        let (path, headers) = (self.path.clone(), HeaderMap::new());
        self.delete_at_end.then(|| Outgoing { method: Method::DELETE, path, headers, body: Bytes::new() })
    }
}
