//! How a source asks its server.

use std::path::PathBuf;
use std::time::Duration;

/// Who asks, where that is not a service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    Bearer(Secret),
    Basic { username: String, password: Secret },
}

/// Where a secret is found; only the place is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    File(PathBuf),
    /// A variable of the environment.
    Environment(String),
}

/// The settings of one client. A source makes it from its own section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Authorities (PEM) that sign the server's certificate; without it the system's. Read again when it changes.
    pub ca_file: Option<PathBuf>,
    /// Bearer token to send; read again when it changes and after each refusal.
    pub token_file: Option<PathBuf>,
    /// Who asks, in the place of `token_file`.
    pub login: Option<Login>,
    /// Forms of the document that are asked for; without it whatever the server has.
    pub accept: Option<&'static str>,
    /// Trust any certificate.
    pub insecure_skip_verify: bool,
    /// The name that the certificate must carry, where it is not the address's host.
    pub server_name: Option<String>,
    /// From the first step to the last byte of the body.
    pub timeout: Duration,
    /// Longest body that is taken.
    pub max_body_bytes: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            ca_file: None,
            token_file: None,
            login: None,
            accept: None,
            insecure_skip_verify: false,
            server_name: None,
            timeout: Duration::from_secs(10),
            max_body_bytes: 64 << 20,
        }
    }
}
