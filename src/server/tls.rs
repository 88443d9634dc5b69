//! The TLS side of the listener; certificate files are read again when one changes.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::config::TlsConfig;
use super::error::ServerError;

/// Accepts handshakes with the newest certificate that could be read.
#[derive(Debug)]
pub(super) struct Tls {
    config: TlsConfig,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    server: Arc<ServerConfig>,
    versions: [Option<SystemTime>; 2],
}

impl Tls {
    pub(super) fn from_config(config: TlsConfig) -> Result<Tls, ServerError> {
        let kept = Kept { versions: versions_of(&config), server: read_files(&config)? };
        Ok(Tls { config, kept: Mutex::new(kept) })
    }

    /// For one connection. Files that cannot be read leave the certificate that was.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = versions_of(&self.config);
        if versions != kept.versions {
            kept.versions = versions;
            match read_files(&self.config) {
                Ok(server) => {
                    kept.server = server;
                    tracing::info!(path = %self.config.cert_file.display(), "certificate read again");
                }
                Err(error) => tracing::warn!(%error, "certificate kept as it was"),
            }
        }
        TlsAcceptor::from(Arc::clone(&kept.server))
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
    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(pair_error)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(pair_error)?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}
