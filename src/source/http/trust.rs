//! Whom an `https` connection trusts: the authorities of a file, the system's, or anyone when asked by name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::error::Kind;
use super::file::{self, Version};

/// The TLS settings of the files as they were last read.
#[derive(Debug)]
pub(super) struct Trust {
    ca_file: Option<PathBuf>,
    insecure_skip_verify: bool,
    held: Option<Held>,
}

#[derive(Clone, Debug)]
struct Held {
    config: Arc<ClientConfig>,
    version: Option<Version>,
}

impl Trust {
    pub(super) fn new(ca_file: Option<PathBuf>, insecure_skip_verify: bool) -> Trust {
        Trust { ca_file, insecure_skip_verify, held: None }
    }

    /// The settings of the file as it is now. They are the same `Arc` as long as nothing changed.
    pub(super) fn config(&mut self) -> Result<Arc<ClientConfig>, Kind> {
        let authority = self.ca_file.as_deref().filter(|_| !self.insecure_skip_verify);
        if let Some(held) = &self.held
            && authority.is_none_or(|path| Version::of(path).ok() == held.version)
        {
            return Ok(held.config.clone());
        }
        let held = build(authority, self.insecure_skip_verify)?;
        Ok(self.held.insert(held).config.clone())
    }
}

fn build(ca_file: Option<&Path>, insecure_skip_verify: bool) -> Result<Held, Kind> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Kind::Tls { error: error.to_string() })?;
    if insecure_skip_verify {
        let verifier = Arc::new(AnyCertificate { provider });
        let config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        return Ok(Held { config: Arc::new(config), version: None });
    }
    let mut roots = RootCertStore::empty();
    let version = ca_file.map(|path| add_file(&mut roots, path)).transpose()?;
    if ca_file.is_none() {
        // That there are none (an image from scratch) is no error here; every server will be refused.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    Ok(Held { config: Arc::new(config), version })
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<Version, Kind> {
    let failed = |problem: String| Kind::CaFile { path: path.to_owned(), problem };
    let (bytes, version) = file::read(path).map_err(|error| failed(error.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failed("holds no certificate".to_owned()));
    }
    Ok(version)
}

/// What a failed handshake means.
pub(super) fn handshake_error(error: &std::io::Error) -> Kind {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(problem)) = inner else {
        return Kind::Tls { error: inner.map_or_else(|| error.to_string(), ToString::to_string) };
    };
    let remedy = match problem {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "set ca_file to the authority that signed it (a kubelet's own is often signed by itself), or \
             insecure_skip_verify: true to trust anyone"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "ask by a name that it carries, or set server_name to one"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "renew it, or check the clocks"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "check the clocks",
        _ => "give the server a certificate that ca_file signed",
    };
    Kind::Certificate { error: problem.to_string(), remedy }
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
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
