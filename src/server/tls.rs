//! The TLS side of the listener: certificate files, read again when one changes, or what is handed over.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::config::TlsConfig;
use super::error::ServerError;

/// Accepts handshakes with the newest certificate.
#[derive(Debug)]
pub struct Tls(From);

#[derive(Debug)]
enum From {
    /// The newest that could be read.
    Files { config: TlsConfig, kept: Mutex<Kept> },
    /// The newest that was handed over; `None` before the first.
    Handed(Arc<ArcSwapOption<ServerConfig>>),
}

#[derive(Debug)]
struct Kept {
    server: Arc<ServerConfig>,
    versions: [Option<SystemTime>; 2],
}

impl Tls {
    pub(super) fn from_config(config: TlsConfig) -> Result<Tls, ServerError> {
        let kept = Kept { versions: versions_of(&config), server: read_files(&config)? };
        Ok(Tls(From::Files { config, kept: Mutex::new(kept) }))
    }

    /// Whoever holds the other end hands over certificates while the server runs.
    pub fn handed(newest: Arc<ArcSwapOption<ServerConfig>>) -> Tls {
        Tls(From::Handed(newest))
    }

    /// For one connection; `None` before there is a certificate. Files that cannot be read leave the one that was.
    pub(super) fn acceptor(&self) -> Option<TlsAcceptor> {
        let (config, kept) = match &self.0 {
            From::Files { config, kept } => (config, kept),
            From::Handed(newest) => return newest.load_full().map(TlsAcceptor::from),
        };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = versions_of(config);
        if versions != kept.versions {
            kept.versions = versions;
            match read_files(config) {
                Ok(server) => {
                    kept.server = server;
                    tracing::info!(path = %config.cert_file.display(), "certificate read again");
                }
                Err(error) => tracing::warn!(%error, "certificate kept as it was"),
            }
        }
        Some(TlsAcceptor::from(Arc::clone(&kept.server)))
    }
}

fn versions_of(config: &TlsConfig) -> [Option<SystemTime>; 2] {
    let version = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    [version(&config.cert_file), version(&config.key_file)]
}

fn read_files(config: &TlsConfig) -> Result<Arc<ServerConfig>, ServerError> {
    let in_certificate = |reason: String| ServerError::Certificate { path: config.cert_file.clone(), reason };
    let chain = CertificateDer::pem_file_iter(&config.cert_file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| in_certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(in_certificate("it holds no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&config.key_file)
        .map_err(|error| ServerError::Key { path: config.key_file.clone(), reason: error.to_string() })?;
    let pair_error = |source| ServerError::KeyPair {
        cert: config.cert_file.clone(),
        key: config.key_file.clone(),
        source,
    };
    server_config(chain, key).map_err(pair_error)
}

/// What a listener of HTTP/1.1 needs to show a certificate.
pub fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}
