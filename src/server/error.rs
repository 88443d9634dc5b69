//! What can keep the server from starting or from answering.

use std::path::PathBuf;

/// Each names the file or the setting at fault.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("server.bearer_token_file: {path}: {source}; write the token there, readable by this user")]
    TokenFile { path: PathBuf, source: std::io::Error },
    #[error("server.bearer_token_file: {path}: the token is empty; write one")]
    EmptyTokenFile { path: PathBuf },
    #[error("server.bearer_token_env: environment variable {name} is not set or empty; set it to the token")]
    TokenVariable { name: String },
    #[error("server: both bearer_token_file and bearer_token_env are set; keep one")]
    TwoTokens,
    #[error("server.tls.cert_file: {path}: {reason}; put a PEM certificate chain there")]
    Certificate { path: PathBuf, reason: String },
    #[error(
        "server.tls.key_file: {path}: {reason}; put the certificate's PEM key there, readable by this user"
    )]
    Key { path: PathBuf, reason: String },
    #[error(
        "server.tls: certificate {cert} and key {key}: {source}; give a key that belongs to the certificate"
    )]
    KeyPair { cert: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("max_connections: 0 would serve nobody; at least 1 is needed")]
    NoConnections,
    #[error("gzip_level: {level} is not between 1 and 9")]
    GzipLevel { level: u32 },
    #[error("compression of {page}: {reason}")]
    Compression { page: &'static str, reason: String },
}
