//! Bearer token and TLS, and both read again when their files change.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use podometer::server::{Config, TlsConfig};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::bounds::start_error;
use super::harness::{Server, ask};

/// Writes a file whose time differs from any before.
fn write(path: &Path, text: &str, age: u64) {
    std::fs::write(path, text).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + age)).unwrap();
}

#[tokio::test]
async fn without_the_token_only_probes_are_answered() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    write(&path, "first\n", 1);
    let server = Server::start(Config { bearer_token_file: Some(path.clone()), ..Config::default() }).await;
    for headers in [&[][..], &[("authorization", "Bearer second")], &[("authorization", "Basic first")]] {
        for route in ["/metrics", "/", "/api/v1/pods", "/nowhere"] {
            let answer = server.get(route, headers).await;
            assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"), "{route}");
        }
    }
    for probe in ["/-/healthy", "/-/ready"] {
        assert_eq!(server.get(probe, &[]).await.status, 200, "{probe}");
    }
    assert_eq!(server.get("/metrics", &[("authorization", "bearer first")]).await.status, 200);

    write(&path, "second", 2);
    assert_eq!(server.get("/metrics", &[("authorization", "Bearer first")]).await.status, 401);
    assert_eq!(server.get("/metrics", &[("authorization", "Bearer second")]).await.status, 200);
    write(&path, " \n", 3);
    assert_eq!(server.get("/metrics", &[("authorization", "Bearer second")]).await.status, 200, "kept");
    assert_eq!(server.get("/metrics", &[("authorization", "Bearer ")]).await.status, 401);
}

#[tokio::test]
async fn a_token_that_cannot_be_had_keeps_the_server_from_starting() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let from_file = Config { bearer_token_file: Some(path.clone()), ..Config::default() };
    assert!(start_error(from_file.clone()).to_string().contains(path.to_str().unwrap()));
    write(&path, "\n", 1);
    assert!(start_error(from_file.clone()).to_string().contains("the token is empty"));
    let name = "PODOMETER_TEST_NO_SUCH_TOKEN".to_owned();
    let from_env = Config { bearer_token_env: Some(name.clone()), ..Config::default() };
    assert!(start_error(from_env).to_string().contains(&name));
    let both = Config { bearer_token_env: Some(name), ..from_file };
    assert!(start_error(both).to_string().contains("keep one"));
}

/// Makes a certificate for `localhost` and writes it with its key.
fn new_certificate(tls: &TlsConfig, age: u64) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    write(&tls.cert_file, &made.cert.pem(), age);
    write(&tls.key_file, &made.signing_key.serialize_pem(), age);
    made.cert.der().clone()
}

async fn connect(
    server: &Server,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let client =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let stream = TcpStream::connect(server.address).await?;
    TlsConnector::from(Arc::new(client)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

#[tokio::test]
async fn tls_serves_and_takes_a_new_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let tls =
        TlsConfig { cert_file: directory.path().join("tls.crt"), key_file: directory.path().join("tls.key") };
    let first = new_certificate(&tls, 1);
    let server = Server::start(Config { tls: Some(tls.clone()), ..Config::default() }).await;
    let stream = connect(&server, &first).await.unwrap();
    let answer = ask(stream, "GET", "/metrics", &[]).await;
    assert!(answer.status == 200 && answer.text().contains("podometer_build_info"));

    let second = new_certificate(&tls, 2);
    assert!(connect(&server, &first).await.is_err(), "the old certificate is no longer shown");
    assert_eq!(ask(connect(&server, &second).await.unwrap(), "GET", "/-/healthy", &[]).await.status, 200);

    write(&tls.cert_file, "no certificate", 3);
    assert_eq!(
        ask(connect(&server, &second).await.unwrap(), "GET", "/-/healthy", &[]).await.status,
        200,
        "kept"
    );

    let config = Config { tls: Some(tls.clone()), ..Config::default() };
    assert!(start_error(config).to_string().contains(tls.cert_file.to_str().unwrap()));
}

#[tokio::test]
async fn a_plain_request_to_a_tls_port_is_counted_and_ended() {
    let directory = tempfile::tempdir().unwrap();
    let tls =
        TlsConfig { cert_file: directory.path().join("tls.crt"), key_file: directory.path().join("tls.key") };
    new_certificate(&tls, 1);
    let server = Server::start(Config { tls: Some(tls), ..Config::default() }).await;
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut plain, b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut plain, &mut answer).await;
    assert!(!answer.starts_with(b"HTTP/"));
    assert!(server.end().await.cut_off.contains(&("tls_handshake", 1)));
}
