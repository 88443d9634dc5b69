//! Whom an `https` connection trusts, and how we show who we are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde::Deserialize;

use super::file::Version;
use crate::trust::{Trusted, client, system_authorities};

/// How an `https` server is trusted, and how we show who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// PEM file with the authorities to trust instead of the system's; read again when it changes.
    pub ca_file: Option<PathBuf>,
    /// PEM file with our own certificate, for servers that ask for one; read again when it changes.
    pub cert_file: Option<PathBuf>,
    /// PEM file with the key of that certificate; read again when it changes.
    pub key_file: Option<PathBuf>,
    /// The name that the server's certificate must carry, where it is not the address's host.
    pub server_name: Option<String>,
    /// Accept any certificate: the connection is then open to whoever sits in between.
    pub insecure_skip_verify: bool,
}

impl TlsConfig {
    pub(in crate::sink) fn fault(&self) -> Option<(&'static str, String)> {
        (self.cert_file.is_some() != self.key_file.is_some())
            .then(|| ("tls.cert_file", "needs key_file, and that needs cert_file".into()))
    }
}

/// Why no TLS client could be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("tls.{key} {path}: {error}")]
    File { key: &'static str, path: PathBuf, error: rustls_pki_types::pem::Error },
    #[error("tls.ca_file {path} holds no certificate")]
    NoCertificate { path: PathBuf },
    #[error("tls.cert_file {path}: {error}")]
    Identity { path: PathBuf, error: rustls::Error },
    #[error("tls: {0}")]
    Rustls(#[from] rustls::Error),
    #[error("tls.server_name {name:?} is no name or IP address")]
    ServerName { name: String },
}

/// The TLS settings of the files as they were last read.
#[derive(Debug)]
pub(super) struct Tls {
    config: TlsConfig,
    held: Option<(Arc<ClientConfig>, [Version; 3])>,
}

impl Tls {
    pub(super) fn new(config: TlsConfig) -> Tls {
        Tls { config, held: None }
    }

    /// The settings of the files as they are now: the same `Arc` as long as nothing changed. Files that are being
    /// replaced, so that they do not fit each other for a moment, cost nothing: the settings before them stay.
    pub(super) fn client(&mut self) -> Result<Arc<ClientConfig>, TlsError> {
        let files = [&self.config.ca_file, &self.config.cert_file, &self.config.key_file];
        let versions = files.map(|file| Version::of(file.as_deref().unwrap_or(Path::new(""))));
        if let Some((held, seen)) = &self.held
            && *seen == versions
        {
            return Ok(Arc::clone(held));
        }
        match (client_config(&self.config), &self.held) {
            (Ok(made), _) => Ok(Arc::clone(&self.held.insert((Arc::new(made), versions)).0)),
            (Err(error), Some((held, _))) => {
                tracing::debug!(%error, "certificates not read; those before are used");
                Ok(Arc::clone(held))
            }
            (Err(error), None) => Err(error),
        }
    }

    /// The name that the server at `host` must show.
    pub(super) fn server_name(&self, host: &str) -> Result<ServerName<'static>, TlsError> {
        let name = self.config.server_name.as_deref().unwrap_or(host).to_owned();
        ServerName::try_from(name.clone()).map_err(|_| TlsError::ServerName { name })
    }
}

/// Without `ca_file` the system's authorities count.
fn client_config(config: &TlsConfig) -> Result<ClientConfig, TlsError> {
    let trusted = match &config.ca_file {
        _ if config.insecure_skip_verify => Trusted::Anyone,
        Some(path) => Trusted::Authorities(authorities(path)?),
        None => Trusted::Authorities(system_authorities()),
    };
    let builder = client(trusted)?;
    let (Some(cert_file), Some(key_file)) = (&config.cert_file, &config.key_file) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates("cert_file", cert_file)?;
    let key = PrivateKeyDer::from_pem_file(key_file).map_err(|error| TlsError::File {
        key: "key_file",
        path: key_file.clone(),
        error,
    })?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| TlsError::Identity { path: cert_file.clone(), error })
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |error| TlsError::File { key, path: path.to_owned(), error };
    CertificateDer::pem_file_iter(path).map_err(failed)?.map(|found| found.map_err(failed)).collect()
}

fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca_file", path)? {
        roots.add(certificate)?;
    }
    if roots.is_empty() {
        return Err(TlsError::NoCertificate { path: path.to_owned() });
    }
    Ok(roots)
}

/// What a failed handshake means, and what mends it.
pub(super) fn handshake_text(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(problem) = inner else { return format!("the TLS handshake failed: {error}") };
    let rustls::Error::InvalidCertificate(problem) = problem else {
        return format!("the TLS handshake failed: {problem}");
    };
    let remedy = match problem {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "set tls.ca_file to the authority that signed it"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "use a url with a name that it carries, or set tls.server_name to one"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => "renew it, or check the clocks",
        _ => "give the server a certificate that tls.ca_file signed",
    };
    format!("the server's certificate is not trusted: {problem}; {remedy}")
}
