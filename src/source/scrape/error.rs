//! Why a target told nothing. Each message is one line that names the address and what mends it.

use super::config::Target;
use crate::model::scraped::Kind as TargetKind;
use crate::source::http::{HttpError, Kind};

/// A reading that failed.
#[derive(Debug, thiserror::Error)]
pub enum ScrapeError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("{url}: 401 Unauthorized: {remedy}")]
    Unauthorized { url: String, remedy: &'static str },
    #[error(
        "{url}: 403 Forbidden; allow this pod's or the loopback address there, or log in as somebody who may"
    )]
    Forbidden { url: String },
    #[error("{url}: 404 Not Found; {remedy}")]
    NotFound { url: String, remedy: &'static str },
    #[error("{url}: {problem}; {remedy}")]
    NoDocument { url: String, problem: String, remedy: &'static str },
    #[error("{url}: the Jolokia agent refuses to read {said}; allow reading in its jolokia-access.xml")]
    Refused { url: String, said: String },
}

impl ScrapeError {
    /// One of a closed list of words, for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            ScrapeError::Http(error) => error.reason(),
            ScrapeError::Unauthorized { .. } => "unauthorized",
            ScrapeError::Forbidden { .. } => "forbidden",
            ScrapeError::NotFound { .. } => "not_found",
            ScrapeError::NoDocument { .. } => "no_document",
            ScrapeError::Refused { .. } => "refused_beans",
        }
    }

    /// The words of an application's answer, in the place of those for a kubelet's.
    pub(super) fn of(error: HttpError, target: &Target) -> ScrapeError {
        let url = target.url.clone();
        match error.kind {
            Kind::Unauthorized { .. } => ScrapeError::Unauthorized { url, remedy: login_remedy(target) },
            Kind::Forbidden { .. } => ScrapeError::Forbidden { url },
            Kind::NotFound => {
                let remedy = match target.kind {
                    TargetKind::Prometheus => "set url to the path of its page, often /metrics",
                    TargetKind::Jolokia => "set url to the agent's path, often /jolokia",
                    TargetKind::Nginx => "set url to the location that has stub_status",
                };
                ScrapeError::NotFound { url, remedy }
            }
            _ => ScrapeError::Http(error),
        }
    }

    pub(super) fn no_document(target: &Target, problem: impl Into<String>) -> ScrapeError {
        let remedy = match target.kind {
            TargetKind::Prometheus => "set url to a page of Prometheus text or OpenMetrics",
            TargetKind::Jolokia => "set url to a Jolokia agent",
            TargetKind::Nginx => "set url to a location with the directive stub_status",
        };
        ScrapeError::NoDocument { url: target.url.clone(), problem: problem.into(), remedy }
    }
}

fn login_remedy(target: &Target) -> &'static str {
    if target.username.is_some() {
        "user and password were refused; see password_file or password_env"
    } else if target.token_file.is_some() || target.token_env.is_some() {
        "the token was refused; see token_file or token_env"
    } else {
        "it wants a login; set username and password_file, or token_file"
    }
}
