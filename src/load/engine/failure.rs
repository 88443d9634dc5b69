//! Why a request has no response, and under which of k6's codes that is counted.
//!
//! Where k6 documents a code and its program gives another one, for want of a type that tells them apart, the document
//! counts: certificates that are out of date (there 1000) and alerts of TLS (there 1010) are 1300 here.
//!
//! Source: k6 `lib/netext/httpext/error_codes.go`, its page "Error codes".

use std::io;

use rustls::CertificateError;

use super::codes::ErrorCode;
use crate::load::protocol::http1::Fault;
use crate::load::protocol::http2;

/// Why a request has no response.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("lookup: {0}")]
    Lookup(io::Error),
    #[error("dial: {0}")]
    Dial(io::Error),
    #[error("dial: i/o timeout")]
    DialTimeout,
    #[error("TLS handshake: {0}")]
    Handshake(io::Error),
    #[error("write: {0}")]
    Send(io::Error),
    #[error("read: {0}")]
    Receive(io::Error),
    #[error(transparent)]
    Malformed(#[from] Fault),
    #[error(transparent)]
    Http2(#[from] http2::Fault),
    #[error(transparent)]
    Untranslatable(#[from] http2::RequestFault),
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
            Failure::Handshake(error) | Failure::Send(error) | Failure::Receive(error) => of_stream(error),
            Failure::Malformed(_) => ErrorCode::GENERIC,
            Failure::Http2(fault) => ErrorCode::of_http2(fault.from, fault.code),
            Failure::Untranslatable(_) | Failure::Url(_) => ErrorCode(1020),
            Failure::Timeout => ErrorCode::TIMEOUT,
            Failure::BlockedAddress => ErrorCode(1110),
            Failure::BlockedHost => ErrorCode(1111),
        }
    }

    /// The server said that it did nothing about the request.
    pub(super) fn is_unprocessed(&self) -> bool {
        matches!(self, Failure::Http2(fault) if fault.is_unprocessed)
    }

    /// The connection ended under the request.
    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Failure::Send(_) | Failure::Receive(_) | Failure::Malformed(Fault::Closed))
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

/// Of a connection that there was, under TLS or bare.
fn of_stream(error: &io::Error) -> ErrorCode {
    if let Some(problem) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return match problem {
            rustls::Error::InvalidCertificate(problem) => of_certificate(problem),
            _ => ErrorCode(1300),
        };
    }
    match error.kind() {
        io::ErrorKind::ConnectionReset => ErrorCode(1220),
        io::ErrorKind::BrokenPipe => ErrorCode(1201),
        // The end, where something was to come.
        io::ErrorKind::UnexpectedEof => ErrorCode::GENERIC,
        _ if error.raw_os_error().is_some() => ErrorCode(1202),
        _ => ErrorCode(1200),
    }
}

fn of_certificate(problem: &CertificateError) -> ErrorCode {
    match problem {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => ErrorCode(1310),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ErrorCode(1311)
        }
        // One that signed itself and is an authority to all appearance: to Go an unknown one, and to us, who have no
        // type for it.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => ErrorCode(1310),
        _ => ErrorCode(1300),
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
        let tls =
            |error: rustls::Error| Failure::Handshake(io::Error::new(io::ErrorKind::InvalidData, error));
        let certificate = |problem| tls(rustls::Error::InvalidCertificate(problem));
        let http2 = |from, is_unprocessed| Failure::Http2(http2::Fault { from, code: 7, is_unprocessed });
        for (failure, code) in [
            (Failure::Lookup(said("failed to lookup address information: Name or service not known")), 1101),
            (Failure::Lookup(said("Temporary failure in name resolution")), 1100),
            (Failure::Dial(os(rustix::io::Errno::CONNREFUSED)), 1212),
            (Failure::Dial(os(rustix::io::Errno::HOSTUNREACH)), 1213),
            (Failure::Dial(said("odd")), 1210),
            (Failure::DialTimeout, 1211),
            (Failure::Handshake(os(rustix::io::Errno::CONNRESET)), 1220),
            (Failure::Handshake(io::ErrorKind::UnexpectedEof.into()), 1000),
            (tls(rustls::Error::HandshakeNotComplete), 1300),
            (certificate(CertificateError::UnknownIssuer), 1310),
            (certificate(CertificateError::NotValidForName), 1311),
            (certificate(CertificateError::Expired), 1300),
            (Failure::Send(os(rustix::io::Errno::PIPE)), 1201),
            (Failure::Receive(os(rustix::io::Errno::CONNRESET)), 1220),
            (Failure::Receive(os(rustix::io::Errno::NETDOWN)), 1202),
            (Failure::Malformed(Fault::Closed), 1000),
            (http2(http2::FaultFrom::GoAway, true), 1618),
            (http2(http2::FaultFrom::Stream, false), 1638),
            (http2(http2::FaultFrom::Connection, false), 1658),
            (Failure::Untranslatable(http2::RequestFault::Host), 1020),
            (Failure::Timeout, 1050),
            (Failure::Url("names no host"), 1020),
            (Failure::BlockedAddress, 1110),
            (Failure::BlockedHost, 1111),
        ] {
            assert_eq!(failure.code(), ErrorCode(code), "{failure}");
            assert!(failure.code().meaning().is_some());
        }
        assert!(http2(http2::FaultFrom::GoAway, true).is_unprocessed());
        assert!(!http2(http2::FaultFrom::Stream, false).is_unprocessed());
    }

    #[test]
    fn our_own_shortages_are_told_from_the_targets() {
        let os = |errno: rustix::io::Errno| Failure::Dial(io::Error::from(errno)).shortage();
        assert_eq!(os(rustix::io::Errno::MFILE), Some(Shortage::Files));
        assert_eq!(os(rustix::io::Errno::ADDRNOTAVAIL), Some(Shortage::Ports));
        assert_eq!(os(rustix::io::Errno::CONNREFUSED), None);
    }
}
