//! k6's codes of errors and what each says.
//!
//! Source: k6 `lib/netext/httpext/error_codes.go`; numbers of HTTP/2: RFC 9113, section 7.

use crate::load::protocol::http2::FaultFrom;

/// k6's tag `error_code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub u16);

/// The codes that we give, and what each says. Sorted.
pub const CODES: [(ErrorCode, &str); 65] = [
    (ErrorCode::GENERIC, "the response was malformed or not whole"),
    (ErrorCode(1010), "a network error that is not of TCP"),
    (ErrorCode(1020), "invalid URL, or one that this protocol cannot carry"),
    (ErrorCode::TIMEOUT, "request timeout"),
    (ErrorCode(1100), "lookup failed"),
    (ErrorCode(1101), "lookup: no such host"),
    (ErrorCode(1110), "ip is blacklisted"),
    (ErrorCode(1111), "hostname is blocked"),
    (ErrorCode(1200), "a TCP error"),
    (ErrorCode(1201), "broken pipe"),
    (ErrorCode(1202), "a TCP error of the operating system"),
    (ErrorCode(1210), "dial: failed"),
    (ErrorCode(1211), "dial: i/o timeout"),
    (ErrorCode(1212), "dial: connection refused"),
    (ErrorCode(1213), "dial: an error of the operating system"),
    (ErrorCode(1220), "connection reset by peer"),
    (ErrorCode(1300), "a TLS error"),
    (ErrorCode(1310), "x509: unknown authority"),
    (ErrorCode(1311), "x509: certificate doesn't match hostname"),
    (ErrorCode(1600), "an HTTP/2 error"),
    (ErrorCode(1610), "http2: received GoAway with an unknown http2 ErrCode"),
    (ErrorCode(1611), "http2: received GoAway with http2 ErrCode NO_ERROR"),
    (ErrorCode(1612), "http2: received GoAway with http2 ErrCode PROTOCOL_ERROR"),
    (ErrorCode(1613), "http2: received GoAway with http2 ErrCode INTERNAL_ERROR"),
    (ErrorCode(1614), "http2: received GoAway with http2 ErrCode FLOW_CONTROL_ERROR"),
    (ErrorCode(1615), "http2: received GoAway with http2 ErrCode SETTINGS_TIMEOUT"),
    (ErrorCode(1616), "http2: received GoAway with http2 ErrCode STREAM_CLOSED"),
    (ErrorCode(1617), "http2: received GoAway with http2 ErrCode FRAME_SIZE_ERROR"),
    (ErrorCode(1618), "http2: received GoAway with http2 ErrCode REFUSED_STREAM"),
    (ErrorCode(1619), "http2: received GoAway with http2 ErrCode CANCEL"),
    (ErrorCode(1620), "http2: received GoAway with http2 ErrCode COMPRESSION_ERROR"),
    (ErrorCode(1621), "http2: received GoAway with http2 ErrCode CONNECT_ERROR"),
    (ErrorCode(1622), "http2: received GoAway with http2 ErrCode ENHANCE_YOUR_CALM"),
    (ErrorCode(1623), "http2: received GoAway with http2 ErrCode INADEQUATE_SECURITY"),
    (ErrorCode(1624), "http2: received GoAway with http2 ErrCode HTTP_1_1_REQUIRED"),
    (ErrorCode(1630), "http2: stream error with an unknown http2 ErrCode"),
    (ErrorCode(1631), "http2: stream error with http2 ErrCode NO_ERROR"),
    (ErrorCode(1632), "http2: stream error with http2 ErrCode PROTOCOL_ERROR"),
    (ErrorCode(1633), "http2: stream error with http2 ErrCode INTERNAL_ERROR"),
    (ErrorCode(1634), "http2: stream error with http2 ErrCode FLOW_CONTROL_ERROR"),
    (ErrorCode(1635), "http2: stream error with http2 ErrCode SETTINGS_TIMEOUT"),
    (ErrorCode(1636), "http2: stream error with http2 ErrCode STREAM_CLOSED"),
    (ErrorCode(1637), "http2: stream error with http2 ErrCode FRAME_SIZE_ERROR"),
    (ErrorCode(1638), "http2: stream error with http2 ErrCode REFUSED_STREAM"),
    (ErrorCode(1639), "http2: stream error with http2 ErrCode CANCEL"),
    (ErrorCode(1640), "http2: stream error with http2 ErrCode COMPRESSION_ERROR"),
    (ErrorCode(1641), "http2: stream error with http2 ErrCode CONNECT_ERROR"),
    (ErrorCode(1642), "http2: stream error with http2 ErrCode ENHANCE_YOUR_CALM"),
    (ErrorCode(1643), "http2: stream error with http2 ErrCode INADEQUATE_SECURITY"),
    (ErrorCode(1644), "http2: stream error with http2 ErrCode HTTP_1_1_REQUIRED"),
    (ErrorCode(1650), "http2: connection error with an unknown http2 ErrCode"),
    (ErrorCode(1651), "http2: connection error with http2 ErrCode NO_ERROR"),
    (ErrorCode(1652), "http2: connection error with http2 ErrCode PROTOCOL_ERROR"),
    (ErrorCode(1653), "http2: connection error with http2 ErrCode INTERNAL_ERROR"),
    (ErrorCode(1654), "http2: connection error with http2 ErrCode FLOW_CONTROL_ERROR"),
    (ErrorCode(1655), "http2: connection error with http2 ErrCode SETTINGS_TIMEOUT"),
    (ErrorCode(1656), "http2: connection error with http2 ErrCode STREAM_CLOSED"),
    (ErrorCode(1657), "http2: connection error with http2 ErrCode FRAME_SIZE_ERROR"),
    (ErrorCode(1658), "http2: connection error with http2 ErrCode REFUSED_STREAM"),
    (ErrorCode(1659), "http2: connection error with http2 ErrCode CANCEL"),
    (ErrorCode(1660), "http2: connection error with http2 ErrCode COMPRESSION_ERROR"),
    (ErrorCode(1661), "http2: connection error with http2 ErrCode CONNECT_ERROR"),
    (ErrorCode(1662), "http2: connection error with http2 ErrCode ENHANCE_YOUR_CALM"),
    (ErrorCode(1663), "http2: connection error with http2 ErrCode INADEQUATE_SECURITY"),
    (ErrorCode(1664), "http2: connection error with http2 ErrCode HTTP_1_1_REQUIRED"),
];

/// `HTTP_1_1_REQUIRED`: k6 has a code of its own for each number up to it.
const MOST_NUMBER: u32 = 13;

impl ErrorCode {
    pub const GENERIC: ErrorCode = ErrorCode(1000);
    pub const TIMEOUT: ErrorCode = ErrorCode(1050);

    /// Of a response: k6 counts those from 400 on as 1000 above their status.
    pub fn of_status(status: u16) -> Option<ErrorCode> {
        (400..600).contains(&status).then(|| ErrorCode(1000 + status))
    }

    /// Of an error of HTTP/2 and its number there.
    pub(super) fn of_http2(from: FaultFrom, number: u32) -> ErrorCode {
        let first = match from {
            FaultFrom::GoAway => 1610,
            FaultFrom::Stream => 1630,
            FaultFrom::Connection => 1650,
            FaultFrom::Other => return ErrorCode(1600),
        };
        let behind = if number > MOST_NUMBER { 0 } else { 1 + number as u16 };
        ErrorCode(first + behind)
    }

    /// `None` for codes of statuses.
    pub fn meaning(self) -> Option<&'static str> {
        let at = CODES.binary_search_by_key(&self, |(code, _)| *code).ok()?;
        Some(CODES[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_each_number_of_http2() {
        assert!(CODES.is_sorted_by(|one, other| one.0 < other.0));
        for (from, first) in
            [(FaultFrom::GoAway, 1610), (FaultFrom::Stream, 1630), (FaultFrom::Connection, 1650)]
        {
            for (number, behind) in [(0, 1), (13, 14), (14, 0), (u32::MAX, 0)] {
                let code = ErrorCode::of_http2(from, number);
                assert_eq!(code, ErrorCode(first + behind));
                assert!(code.meaning().is_some());
            }
            let meant = ErrorCode::of_http2(from, 11).meaning().unwrap();
            assert!(meant.ends_with("ENHANCE_YOUR_CALM"), "{meant}");
        }
        assert_eq!(ErrorCode::of_http2(FaultFrom::Other, 3), ErrorCode(1600));
        assert_eq!(ErrorCode::of_status(404), Some(ErrorCode(1404)));
        assert_eq!(ErrorCode::of_status(399), None);
    }
}
