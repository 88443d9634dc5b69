//! Why a request has no response, and under which of k6's codes that is counted.
//!
//! Source: k6 `lib/netext/httpext/error_codes.go`.

use std::io;

use crate::load::protocol::http1::Fault;

/// k6's tag `error_code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub u16);

/// The codes that we give, and what each says.
pub const CODES: [(ErrorCode, &str); 16] = [
    (ErrorCode::GENERIC, "the response was malformed or not whole"),
    (ErrorCode(1010), "a network error that is not of TCP"),
    (ErrorCode(1020), "invalid URL"),
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
];

impl ErrorCode {
    pub const GENERIC: ErrorCode = ErrorCode(1000);
    pub const TIMEOUT: ErrorCode = ErrorCode(1050);

    /// Of a response: k6 counts those from 400 on as 1000 above their status.
    pub fn of_status(status: u16) -> Option<ErrorCode> {
        (400..600).contains(&status).then(|| ErrorCode(1000 + status))
    }

    /// `None` for codes of statuses.
    pub fn meaning(self) -> Option<&'static str> {
        CODES.iter().find(|(code, _)| *code == self).map(|(_, meaning)| *meaning)
    }
}

/// Why a request has no response.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("lookup: {0}")]
    Lookup(io::Error),
    #[error("dial: {0}")]
    Dial(io::Error),
    #[error("dial: i/o timeout")]
    DialTimeout,
    #[error("write: {0}")]
    Send(io::Error),
    #[error("read: {0}")]
    Receive(io::Error),
    #[error(transparent)]
    Malformed(#[from] Fault),
    #[error("request timeout")]
    Timeout,
    /// Of a URL that was known only when it was rendered.
    #[error("the URL {0}")]
    Url(&'static str),
    #[error("hostname is blocked")]
    BlockedHost,
    #[error("ip is blacklisted")]
    BlockedAddress,
}

/// A lack of our own, which says nothing of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shortage {
    Files,
    Ports,
}

impl Failure {
    pub(super) fn code(&self) -> ErrorCode {
        match self {
            Failure::Lookup(error) if is_unknown_name(error) => ErrorCode(1101),
            Failure::Lookup(_) => ErrorCode(1100),
            Failure::DialTimeout => ErrorCode(1211),
            Failure::Dial(error) => match error.kind() {
                io::ErrorKind::ConnectionRefused => ErrorCode(1212),
                io::ErrorKind::ConnectionReset => ErrorCode(1220),
                _ if error.raw_os_error().is_some() => ErrorCode(1213),
                _ => ErrorCode(1210),
            },
            Failure::Send(error) | Failure::Receive(error) => match error.kind() {
                io::ErrorKind::ConnectionReset => ErrorCode(1220),
                io::ErrorKind::BrokenPipe => ErrorCode(1201),
                _ if error.raw_os_error().is_some() => ErrorCode(1202),
                _ => ErrorCode(1200),
            },
            Failure::Malformed(_) => ErrorCode::GENERIC,
            Failure::Timeout => ErrorCode::TIMEOUT,
            Failure::Url(_) => ErrorCode(1020),
            Failure::BlockedAddress => ErrorCode(1110),
            Failure::BlockedHost => ErrorCode(1111),
        }
    }

    pub(super) fn shortage(&self) -> Option<Shortage> {
        let (Failure::Dial(error) | Failure::Lookup(error)) = self else { return None };
        match rustix::io::Errno::from_io_error(error)? {
            rustix::io::Errno::MFILE | rustix::io::Errno::NFILE => Some(Shortage::Files),
            rustix::io::Errno::ADDRNOTAVAIL => Some(Shortage::Ports),
            _ => None,
        }
    }
}

/// What the C library says of a name that does not exist; it gives no other sign.
fn is_unknown_name(error: &io::Error) -> bool {
    let text = error.to_string();
    ["not known", "No address associated", "nodename nor servname"].iter().any(|said| text.contains(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_k6s_code() {
        let os = |errno: rustix::io::Errno| io::Error::from(errno);
        let said = |text: &str| io::Error::other(text.to_owned());
        for (failure, code) in [
            (Failure::Lookup(said("failed to lookup address information: Name or service not known")), 1101),
            (Failure::Lookup(said("Temporary failure in name resolution")), 1100),
            (Failure::Dial(os(rustix::io::Errno::CONNREFUSED)), 1212),
            (Failure::Dial(os(rustix::io::Errno::HOSTUNREACH)), 1213),
            (Failure::Dial(said("odd")), 1210),
            (Failure::DialTimeout, 1211),
            (Failure::Send(os(rustix::io::Errno::PIPE)), 1201),
            (Failure::Receive(os(rustix::io::Errno::CONNRESET)), 1220),
            (Failure::Receive(os(rustix::io::Errno::NETDOWN)), 1202),
            (Failure::Malformed(Fault::Closed), 1000),
            (Failure::Timeout, 1050),
            (Failure::Url("names no host"), 1020),
            (Failure::BlockedAddress, 1110),
            (Failure::BlockedHost, 1111),
        ] {
            assert_eq!(failure.code(), ErrorCode(code), "{failure}");
            assert!(failure.code().meaning().is_some());
        }
        assert_eq!(ErrorCode::of_status(404), Some(ErrorCode(1404)));
        assert_eq!(ErrorCode::of_status(399), None);
    }

    #[test]
    fn our_own_shortages_are_told_from_the_targets() {
        let os = |errno: rustix::io::Errno| Failure::Dial(io::Error::from(errno)).shortage();
        assert_eq!(os(rustix::io::Errno::MFILE), Some(Shortage::Files));
        assert_eq!(os(rustix::io::Errno::ADDRNOTAVAIL), Some(Shortage::Ports));
        assert_eq!(os(rustix::io::Errno::CONNREFUSED), None);
    }
}
