//! Servers behind TLS, and certificates of every kind for them.

use std::cell::Cell;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use podometer::load::engine::{Host, LateTls, Plan, TlsSettings};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;

use crate::harness::plan;

/// An authority, its files and what it signs.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    directory: tempfile::TempDir,
}

/// A server's certificate, and what else it is set up with.
pub(crate) struct Shown {
    pub(crate) names: Vec<String>,
    pub(crate) is_expired: bool,
    pub(crate) versions: &'static [&'static SupportedProtocolVersion],
    pub(crate) protocols: &'static [&'static str],
    pub(crate) asks_who: bool,
}

impl Default for Shown {
    fn default() -> Shown {
        Shown {
            names: vec!["localhost".into()],
            is_expired: false,
            versions: rustls::DEFAULT_VERSIONS,
            protocols: &[],
            asks_who: false,
        }
    }
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), own.pem()).unwrap();
        Authority { issuer: Issuer::new(params, key), certificate: own.der().clone(), directory }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A certificate and its key; as files, too.
    pub(crate) fn sign(&self, shown: &Shown) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new(shown.names.clone()).unwrap();
        if shown.is_expired {
            params.not_before = rcgen::date_time_ymd(2000, 1, 1);
            params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.file("cert.pem"), signed.pem()).unwrap();
        std::fs::write(self.file("key.pem"), key.serialize_pem()).unwrap();
        (signed.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }

    pub(crate) fn acceptor(&self, shown: &Shown) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let (certificate, key) = self.sign(shown);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(shown.versions).unwrap();
        let builder = if shown.asks_who {
            let mut roots = RootCertStore::empty();
            roots.add(self.certificate.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let mut config = builder.with_single_cert(vec![certificate], key).unwrap();
        config.alpn_protocols = shown.protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }

    pub(crate) fn trusted(&self) -> TlsSettings {
        TlsSettings { authorities: Some(self.file("ca.pem")), ..TlsSettings::default() }
    }
}

/// A server on a thread of its own that does this with each connection; it is told how many there were before. It ends
/// with the test.
pub(crate) fn serve<F>(answer: impl Fn(TcpStream, usize) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let count = Cell::new(0);
        LocalSet::new().block_on(&runtime, async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                spawn_local(answer(stream, count.replace(count.get() + 1)));
            }
        });
    });
    address
}

/// The usual plan, over TLS.
pub(crate) fn secure(address: SocketAddr, json: &str, settings: &TlsSettings) -> Plan {
    secured(plan(address, "/", json), address, settings)
}

/// The same plan with TLS.
pub(crate) fn secured(mut plan: Plan, address: SocketAddr, settings: &TlsSettings) -> Plan {
    plan.hosts = vec![Host { name: "localhost".into(), port: address.port(), is_tls: true }];
    plan.tls = LateTls::new(settings.clone());
    plan
}
