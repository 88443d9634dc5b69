//! What can keep the server from starting or from answering.

use std::path::PathBuf;

/// Each names the file or the setting at fault.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("bearer token file {path}: {source}")]
    TokenFile { path: PathBuf, source: std::io::Error },
    #[error("bearer token file {path}: the token is empty")]
    EmptyTokenFile { path: PathBuf },
    #[error("bearer token: environment variable {name} is not set or empty")]
    TokenVariable { name: String },
    #[error("bearer token: both bearer_token_file and bearer_token_env are set; keep one")]
    TwoTokens,
    #[error("TLS certificate file {path}: {reason}")]
    Certificate { path: PathBuf, reason: String },
    #[error("TLS key file {path}: {reason}")]
    Key { path: PathBuf, reason: String },
    #[error("TLS certificate {cert} and key {key}: {source}")]
    KeyPair { cert: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("max_connections: 0 would serve nobody; at least 1 is needed")]
    NoConnections,
    #[error("gzip_level: {level} is not between 1 and 9")]
    GzipLevel { level: u32 },
    #[error("compression of {page}: {reason}")]
    Compression { page: &'static str, reason: String },
}
