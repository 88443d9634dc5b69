//! Whom the sink trusts.

use std::sync::Arc;

use podometer::encode::influx::Batch;
use podometer::sink::State;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::script::{Server, start, status};

/// A certificate for localhost that signs itself, as PEM, and a server that shows it.
fn acceptor() -> (String, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = CertificateDer::from(made.cert.der().to_vec());
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    (made.cert.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_and_a_named_authority_trusted() {
    let (pem, tls) = acceptor();
    let server = Server::start_with(Some(tls), |_, _| status("204 No Content")).await;
    let batch = || Batch::from_lines("m v=1i 1\n".into());

    let stranger = start(&server.config());
    stranger.push(batch());
    stranger.wait_until(|_, status| status.state == State::Retrying).await;
    assert!(stranger.status().message.contains("certificate"), "{}", stranger.status().message);
    assert!(server.requests().is_empty());

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, &pem).unwrap();
    let mut config = server.config();
    config.tls.ca_file = Some(file.clone());
    let trusting = start(&config);
    trusting.push(batch());
    trusting.wait_until(|ledger, _| ledger.acknowledged == 1).await;

    let mut config = server.config();
    config.tls.insecure_skip_verify = true;
    let careless = start(&config);
    careless.push(batch());
    careless.wait_until(|ledger, _| ledger.acknowledged == 1).await;

    std::fs::write(&file, "no certificate").unwrap();
    config = server.config();
    config.tls.ca_file = Some(file);
    let plan = config.plan().unwrap();
    let error = plan.try_out().unwrap_err().to_string();
    assert!(error.contains("ca.pem") && error.contains("influxdb"), "{error}");
    // A running sink waits for the file to be mended.
    let waiting = start(&config);
    waiting.push(batch());
    waiting.wait_until(|_, status| status.state == State::Held && status.message.contains("ca.pem")).await;
    std::fs::write(config.tls.ca_file.as_ref().unwrap(), &pem).unwrap();
    waiting.wait_until(|ledger, _| ledger.acknowledged == 1).await;
}
