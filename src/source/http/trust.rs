//! Whom an `https` connection trusts: the authorities of a file, the system's, or anyone when asked by name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::error::Kind;
use super::file::{self, Version};
use crate::trust::{Trusted, client, system_authorities};

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
    let (trusted, version) = match ca_file {
        _ if insecure_skip_verify => (Trusted::Anyone, None),
        Some(path) => {
            let (roots, version) = authorities(path)?;
            (Trusted::Authorities(roots), Some(version))
        }
        None => (Trusted::Authorities(system_authorities()), None),
    };
    let builder = client(trusted).map_err(|error| Kind::Tls { error: error.to_string() })?;
    Ok(Held { config: Arc::new(builder.with_no_client_auth()), version })
}

fn authorities(path: &Path) -> Result<(RootCertStore, Version), Kind> {
    let mut roots = RootCertStore::empty();
    let failed = |problem: String| Kind::CaFile { path: path.to_owned(), problem };
    let (bytes, version) = file::read(path).map_err(|error| failed(error.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failed("holds no certificate".to_owned()));
    }
    Ok((roots, version))
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
