//! Why there is no document. Each message is one line that names the address and what mends it, and never a token.

use std::path::PathBuf;
use std::time::Duration;

use super::rights::{Right, older_right_for};

/// A document that did not come.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {kind}")]
pub struct HttpError {
    /// The address that was asked; `***` where it holds a password.
    pub url: Box<str>,
    pub kind: Kind,
}

impl HttpError {
    /// One of a closed list of words, for metrics.
    pub fn reason(&self) -> &'static str {
        self.kind.reason()
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Kind {
    #[error("{problem}; allowed: {}", super::target::ALLOWED)]
    BadUrl { problem: &'static str },
    #[error("token_file {}: {problem}; mount the service account's token there", path.display())]
    TokenFile { path: PathBuf, problem: String },
    #[error("the secret in {place}: {problem}; put a token or password there that this user can read")]
    Secret { place: String, problem: String },
    #[error("ca_file {}: {problem}; name a PEM file with the authority that signs the server's certificate", path.display())]
    CaFile { path: PathBuf, problem: String },
    #[error(
        "the host {host} cannot be resolved: {error}; use an address that this DNS knows, such as the node's IP"
    )]
    Unresolvable { host: String, error: String },
    #[error("connection refused; is the server running, and is this its port?")]
    Refused,
    #[error(
        "cannot be reached: {error}; check the address and that no firewall or network policy is between"
    )]
    Unreachable { error: String },
    #[error("no TLS: {error}; does the server speak HTTPS on this port?")]
    Tls { error: String },
    #[error("the server's certificate is not trusted: {error}; {remedy}")]
    Certificate { error: String, remedy: &'static str },
    #[error(
        "no whole answer within {limit:?} (stopped while {phase}); see what keeps the server busy, or raise timeout"
    )]
    Timeout { limit: Duration, phase: &'static str },
    #[error("401 Unauthorized: {}", unauthorized(token_file.as_ref()))]
    Unauthorized { token_file: Option<PathBuf> },
    #[error("403 Forbidden: {}", forbidden(subject.as_deref(), *right))]
    Forbidden { subject: Option<String>, right: Option<Right> },
    #[error("404 Not Found: this server has no such document; check the address and its port")]
    NotFound,
    #[error("answered {status}{}", said(body))]
    Status { status: u16, body: String },
    #[error("the answer broke off after {bytes} bytes: {error}")]
    Truncated { bytes: usize, error: String },
    #[error("the answer is longer than {limit} bytes; raise max_body_bytes if that is right")]
    TooLarge { limit: usize },
}

impl Kind {
    /// The closed list.
    pub const REASONS: [&str; 16] = [
        "bad_url",
        "token_file",
        "ca_file",
        "unresolvable",
        "refused",
        "unreachable",
        "tls",
        "certificate",
        "timeout",
        "unauthorized",
        "forbidden",
        "not_found",
        "status",
        "truncated",
        "too_large",
        "secret",
    ];

    pub const fn reason(&self) -> &'static str {
        Kind::REASONS[match self {
            Kind::BadUrl { .. } => 0,
            Kind::TokenFile { .. } => 1,
            Kind::CaFile { .. } => 2,
            Kind::Unresolvable { .. } => 3,
            Kind::Refused => 4,
            Kind::Unreachable { .. } => 5,
            Kind::Tls { .. } => 6,
            Kind::Certificate { .. } => 7,
            Kind::Timeout { .. } => 8,
            Kind::Unauthorized { .. } => 9,
            Kind::Forbidden { .. } => 10,
            Kind::NotFound => 11,
            Kind::Status { .. } => 12,
            Kind::Truncated { .. } => 13,
            Kind::TooLarge { .. } => 14,
            Kind::Secret { .. } => 15,
        }]
    }
}

fn unauthorized(token_file: Option<&PathBuf>) -> String {
    match token_file {
        Some(path) => format!(
            "the token of {} was refused; it must be a service account's token of this cluster, and a kubelet must \
             run with --authentication-token-webhook",
            path.display()
        ),
        None => "no token was sent; set token_file to the service account's token".to_owned(),
    }
}

fn forbidden(subject: Option<&str>, right: Option<Right>) -> String {
    let subject = subject.unwrap_or("this service account");
    let Some(Right { resource, verb }) = right else {
        return format!("{subject} may not read this; grant it the right in its ClusterRole");
    };
    let older = right
        .and_then(older_right_for)
        .map_or_else(String::new, |older| format!(" ({older} before Kubernetes 1.33)"));
    format!(
        "{subject} lacks the verb {verb} on {resource}{older}; add to its ClusterRole: apiGroups: [\"\"], resources: \
         [\"{resource}\"], verbs: [\"{verb}\"]"
    )
}

/// The beginning of what the server said, on one line.
fn said(body: &str) -> String {
    let line: String = body.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}

#[cfg(test)]
mod tests {
    use super::super::rights::right_for;
    use super::*;

    #[test]
    fn a_refusal_names_subject_resource_and_verb() {
        let error = HttpError {
            url: "https://10.0.0.5:10250/stats/summary".into(),
            kind: Kind::Forbidden {
                subject: Some("system:serviceaccount:m:p".into()),
                right: right_for("/stats/summary"),
            },
        };
        assert_eq!(error.reason(), "forbidden");
        assert_eq!(
            error.to_string(),
            "https://10.0.0.5:10250/stats/summary: 403 Forbidden: system:serviceaccount:m:p lacks the verb get on \
             nodes/stats; add to its ClusterRole: apiGroups: [\"\"], resources: [\"nodes/stats\"], verbs: [\"get\"]"
        );
        let pods = Kind::Forbidden { subject: None, right: right_for("/pods") }.to_string();
        assert!(pods.contains("nodes/pods (nodes/proxy before Kubernetes 1.33)"), "{pods}");
    }

    #[test]
    fn a_servers_words_stay_on_one_line() {
        let kind = Kind::Status { status: 500, body: "a\nb\u{1b}[31m".to_owned() + &"x".repeat(9999) };
        let text = kind.to_string();
        assert!(text.starts_with("answered 500: a b [31m") && text.len() < 300, "{text}");
    }
}
