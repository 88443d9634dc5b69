//! Whom an `https` connection trusts, and how we show who we are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use serde::Deserialize;

use super::file::Version;

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

/// Without `ca_file` the system's authorities count; that there are none (an image from scratch) is no error
/// here, only every `https` server will then be refused.
fn client_config(config: &TlsConfig) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = if config.insecure_skip_verify {
        let verifier = Arc::new(AnyCertificate { provider });
        builder.dangerous().with_custom_certificate_verifier(verifier)
    } else {
        let mut roots = RootCertStore::empty();
        match &config.ca_file {
            Some(path) => add_file(&mut roots, path)?,
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        builder.with_root_certificates(roots)
    };
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

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), TlsError> {
    for certificate in certificates("ca_file", path)? {
        roots.add(certificate)?;
    }
    if roots.is_empty() {
        return Err(TlsError::NoCertificate { path: path.to_owned() });
    }
    Ok(())
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

/// Trusts every certificate, for `insecure_skip_verify`; the handshake's signatures are still checked.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
