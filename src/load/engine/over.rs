//! What a response came over: k6's tags `proto` and `tls_version`.

use crate::load::file::TlsVersion;

/// The protocol of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    #[default]
    Http1,
    Http2,
}

/// The same for all requests of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Over {
    pub protocol: Protocol,
    /// `None` without TLS.
    pub tls: Option<TlsVersion>,
}

impl Protocol {
    /// As Go writes it, and so k6.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Http1 => "HTTP/1.1",
            Protocol::Http2 => "HTTP/2.0",
        }
    }
}

impl Over {
    pub fn tls_version(self) -> Option<&'static str> {
        self.tls.map(|version| match version {
            TlsVersion::Tls12 => "tls1.2",
            TlsVersion::Tls13 => "tls1.3",
        })
    }
}
