//! What went wrong between two ends of HTTP/2, as their specification numbers it.
//!
//! Source: RFC 9113, section 7.

use h2::Reason;

/// Where an error stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The server said that it goes away.
    GoAway,
    /// One stream was reset, by the server or, for what it sent, by us.
    Stream,
    /// We gave up the connection, for what the server sent.
    Connection,
    /// Something else.
    Other,
}

/// An error and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("http2: {from:?} with error code {code}")]
pub struct Fault {
    pub from: From,
    pub code: u32,
    /// The server has said that it did nothing about the request, so that it may be sent again whatever it is.
    pub is_unprocessed: bool,
}

impl Fault {
    /// `None` for errors of the bytes below.
    pub fn of(error: &h2::Error) -> Option<Fault> {
        if error.is_io() {
            return None;
        }
        let reason = error.reason();
        let code = reason.map_or(0, u32::from);
        let (from, is_unprocessed) = if error.is_go_away() {
            // The library gives it to streams above the last one that the server has taken, and to no other.
            if error.is_remote() { (From::GoAway, true) } else { (From::Connection, false) }
        } else if error.is_reset() {
            (From::Stream, error.is_remote() && reason == Some(Reason::REFUSED_STREAM))
        } else if reason.is_some() {
            (From::Connection, false)
        } else {
            (From::Other, false)
        };
        Some(Fault { from, code, is_unprocessed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_number() {
        let fault = Fault::of(&h2::Error::from(Reason::ENHANCE_YOUR_CALM)).unwrap();
        assert_eq!(fault, Fault { from: From::Connection, code: 11, is_unprocessed: false });
    }
}
