//! A webhook at work, and an API server's way to call it: by the Service's name, trusting the bundle and nobody else.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use podometer::inject::serve::{Config, Running};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::api_double::Double;

pub(crate) const NAMESPACE: &str = "podometer";
pub(crate) const NAME: &str = "podometer-injector";
pub(crate) const GROUP: &str = "admissionregistration.k8s.io";
pub(crate) const RESOURCE: &str = "mutatingwebhookconfigurations";
/// For what should take no time at all.
const PATIENCE: Duration = Duration::from_mins(1);

/// An API server with a webhook configuration that trusts nobody yet.
pub(crate) async fn api_server() -> Double {
    let double = Double::start().await;
    let webhook = |name: &str, service: &str| json!({"name": name, "clientConfig": {"service": {"name": service, "namespace": NAMESPACE, "path": "/mutate"}}});
    let webhooks = [webhook("first.other.io", "other"), webhook("inject.podometer.io", NAME)];
    double.add(GROUP, RESOURCE, [json!({"metadata": {"name": NAME}, "webhooks": webhooks})]);
    let namespace = |name: &str, labels: Value| json!({"metadata": {"name": name, "labels": labels}});
    double.add(
        "",
        "namespaces",
        [namespace("shop", json!({})), namespace("labelled", json!({"podometer.io/inject": "enabled"}))],
    );
    double
}

/// What flags would give, but for the port, and with rounds that follow each other at once.
pub(crate) fn config(double: &Double) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        metrics_listen: Some("127.0.0.1:0".parse().unwrap()),
        kubeconfig: Some(double.kubeconfig()),
        interval: Duration::from_millis(20),
        ..Config::default()
    }
}

/// The authorities that the API server would trust; `None` before there are any.
pub(crate) fn bundle(double: &Double) -> Option<String> {
    let object = double.object(GROUP, RESOURCE, "", NAME).unwrap();
    assert_eq!(
        object["webhooks"][0]["clientConfig"].get("caBundle"),
        None,
        "another's webhook is left alone"
    );
    let text = object["webhooks"][1]["clientConfig"]["caBundle"].as_str()?;
    Some(String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap())
}

/// A webhook that is ready, and the double that it talks to.
pub(crate) async fn ready() -> (Double, Running) {
    let double = api_server().await;
    let running = Running::start(config(&double)).await.unwrap();
    until(async || is_ready(&double, &running).await).await;
    (double, running)
}

pub(crate) async fn is_ready(double: &Double, running: &Running) -> bool {
    let Some(bundle) = bundle(double) else { return false };
    let Ok((status, _)) = call(running, &bundle, "GET /-/ready", b"").await else { return false };
    status == 200
}

/// Asks again and again, until it is so.
pub(crate) async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let all = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("it never came to that"));
}

pub(crate) async fn connect(
    running: &Running,
    authorities: &str,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(format!("{NAME}.{NAMESPACE}.svc")).unwrap();
    let stream = TcpStream::connect(running.address()).await?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// One request, such as `POST /mutate`; status and body.
pub(crate) async fn call(
    running: &Running,
    authorities: &str,
    line: &str,
    body: &[u8],
) -> std::io::Result<(u16, String)> {
    let mut stream = connect(running, authorities).await?;
    let length = body.len();
    let head =
        format!("{line} HTTP/1.1\r\nhost: webhook\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    // An answer may come before all was taken.
    let _refused = stream.write_all(body).await;
    let _refused = stream.flush().await;
    answer(stream).await
}

pub(crate) async fn answer(mut stream: impl tokio::io::AsyncRead + Unpin) -> std::io::Result<(u16, String)> {
    let mut bytes = Vec::new();
    // A peer that does not say good-bye has said all the same.
    let _ended = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok((status, body.to_owned()))
}

/// The page of metrics, without TLS.
pub(crate) async fn metrics(running: &Running) -> String {
    let mut stream = TcpStream::connect(running.metrics_address().unwrap()).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    answer(stream).await.unwrap().1
}
