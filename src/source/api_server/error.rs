//! Why the API server gave nothing. Each message is one line that names what was asked and what mends it, and
//! never a token.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::rights::{Missing, missing_from};

/// An answer that did not come.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct ApiError {
    /// The address that was asked, or the file that says which it is.
    pub place: Box<str>,
    pub kind: Kind,
}

impl ApiError {
    pub(super) fn new(place: impl Into<Box<str>>, kind: Kind) -> ApiError {
        ApiError { place: place.into(), kind }
    }

    /// One of a closed list of words, for metrics.
    pub fn reason(&self) -> &'static str {
        self.kind.reason()
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Kind {
    #[error("{problem}; set api_server.kubeconfig, or run in a pod with a service account")]
    Configuration { problem: String },
    #[error("cannot be reached: {error}; check the address and that no network policy is between")]
    Unreachable { error: String },
    #[error(
        "the server's certificate is not trusted: {error}; name the cluster's authority in the kubeconfig"
    )]
    Certificate { error: String },
    #[error("no answer within {limit:?}")]
    Timeout { limit: Duration },
    #[error(
        "401 Unauthorized: the token or certificate was refused; it must be a service account's token of this cluster \
         that has not expired"
    )]
    Unauthorized,
    #[error("403 Forbidden: {}", forbidden(missing.as_ref()))]
    Forbidden { missing: Option<Missing> },
    #[error("404 Not Found: this server does not have it{}", said(message))]
    NotFound { message: String },
    #[error("410 Gone: the place in the stream is too old; it is read anew")]
    Gone,
    #[error("answered {status}{}", said(message))]
    Status { status: u16, message: String, retry_after: Option<Duration> },
    #[error("the answer broke off after {bytes} bytes: {error}")]
    Truncated { bytes: usize, error: String },
    #[error("the answer, or one line of it, is longer than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("is not what was asked for: {problem}")]
    Document { problem: String },
}

impl Kind {
    /// The closed list.
    pub const REASONS: [&str; 12] = [
        "configuration",
        "unreachable",
        "certificate",
        "timeout",
        "unauthorized",
        "forbidden",
        "not_found",
        "gone",
        "status",
        "truncated",
        "too_large",
        "document",
    ];

    pub const fn reason(&self) -> &'static str {
        Kind::REASONS[match self {
            Kind::Configuration { .. } => 0,
            Kind::Unreachable { .. } => 1,
            Kind::Certificate { .. } => 2,
            Kind::Timeout { .. } => 3,
            Kind::Unauthorized => 4,
            Kind::Forbidden { .. } => 5,
            Kind::NotFound { .. } => 6,
            Kind::Gone => 7,
            Kind::Status { .. } => 8,
            Kind::Truncated { .. } => 9,
            Kind::TooLarge { .. } => 10,
            Kind::Document { .. } => 11,
        }]
    }

    /// What a status means, with the `Status` document that comes with it, as far as it is one.
    pub fn of_status(status: u16, body: &[u8], retry_after: Option<Duration>) -> Kind {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Status {
            message: String,
        }
        let message = serde_json::from_slice::<Status>(body)
            .map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |status| status.message);
        match status {
            401 => Kind::Unauthorized,
            403 => Kind::Forbidden { missing: missing_from(&message) },
            404 => Kind::NotFound { message },
            410 => Kind::Gone,
            _ => Kind::Status { status, message, retry_after },
        }
    }

    /// What a request that got no answer failed of.
    pub(super) fn of_transport(error: &(dyn std::error::Error + 'static)) -> Kind {
        let mut text = error.to_string();
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(rustls::Error::InvalidCertificate(problem)) = rustls_error(error) {
                return Kind::Certificate { error: problem.to_string() };
            }
            text = error.to_string();
            cause = error.source();
        }
        // The innermost cause says most: the outer ones are "client error (Connect)".
        Kind::Unreachable { error: text }
    }
}

/// An `io::Error` holds what went wrong inside of itself, at times in another `io::Error`, and not as its source.
fn rustls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut error = error;
    while let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        error = inner;
    }
    error.downcast_ref()
}

/// A kubeconfig or a service account that cannot be used.
pub(super) fn configuration(place: Option<&PathBuf>, problem: &dyn std::error::Error) -> ApiError {
    let place = place.map_or_else(|| "service account".to_owned(), |path| path.display().to_string());
    ApiError::new(place, Kind::Configuration { problem: problem.to_string() })
}

fn forbidden(missing: Option<&Missing>) -> String {
    let unknown = || "this account may not read it; grant it the right in its ClusterRole".to_owned();
    missing.map_or_else(unknown, ToString::to_string)
}

/// The beginning of what the server said, on one line.
fn said(message: &str) -> String {
    let line: String = message.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_document_says_what_is_missing() {
        let body = br#"{"kind":"Status","status":"Failure","code":403,"message":"pods is forbidden: User \"u\" cannot watch resource \"pods\" in API group \"\" at the cluster scope"}"#;
        let error = ApiError::new("https://10.0.0.1/api/v1/pods", Kind::of_status(403, body, None));
        assert_eq!(error.reason(), "forbidden");
        assert!(
            error.to_string().contains("u lacks the verb watch on pods; add to its ClusterRole"),
            "{error}"
        );
        let broken = Kind::of_status(503, b"<html>\nbusy\x1b", None).to_string();
        assert_eq!(broken, "answered 503: <html> busy");
        assert!(Kind::of_status(500, &[b'x'; 9999], None).to_string().len() < 300);
    }

    #[test]
    fn every_reason_is_its_own() {
        let reasons: std::collections::BTreeSet<_> = Kind::REASONS.into_iter().collect();
        assert_eq!(reasons.len(), Kind::REASONS.len());
        assert_eq!(Kind::Gone.reason(), "gone");
        assert_eq!(Kind::Document { problem: String::new() }.reason(), "document");
    }
}
