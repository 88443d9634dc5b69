//! Names, fetched again and again from the place that is configured.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::own_pod::OwnPod;
use super::sampling::node_name;
use crate::identity::{Config, Directory};
use crate::sampler::Feeds;

/// Far above the list of a full node (250 pods of 10 kB).
const MAX_DOCUMENT_BYTES: usize = 64 << 20;
/// A kubelet under load takes seconds to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads the document at `path` and publishes it as the directory of this version.
pub(super) fn load_file(path: &Path, labels: &[String], feeds: &Feeds, version: u64) -> anyhow::Result<()> {
    let place = path.display().to_string();
    let size = std::fs::metadata(path).with_context(|| format!("identity.pods_file: {place}"))?.len();
    if size > MAX_DOCUMENT_BYTES as u64 {
        bail!("identity.pods_file: {place}: has {size} bytes; allowed: up to {MAX_DOCUMENT_BYTES}");
    }
    let text = std::fs::read(path).with_context(|| format!("identity.pods_file: {place}"))?;
    let directory = Directory::parse(&place, &text, labels, version)?;
    feeds.directory.store(Arc::new(directory));
    Ok(())
}

/// A sidecar knows its own pod's name before anyone is asked.
pub(super) fn take_own(
    own: Option<&OwnPod>,
    config: &crate::config::Config,
    feeds: &Feeds,
) -> anyhow::Result<()> {
    // A better one than a pod's own word may be there already.
    if !feeds.directory.load().is_empty() {
        return Ok(());
    }
    if let Some(directory) = own.map(|own| own.directory(&node_name(config))).transpose()?.flatten() {
        feeds.directory.store(Arc::new(directory));
    }
    Ok(())
}

/// Keeps the directory fresh until the task is dropped. A failure keeps the last good one.
pub(super) async fn keep_fresh(config: Config, feeds: Feeds) {
    if config.pods_file.is_none() && config.pods_url.is_none() {
        return;
    }
    let client = match http_client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "names cannot be fetched");
            return;
        }
    };
    let mut ticks = tokio::time::interval(config.poll_interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut version = 0;
    let mut was_good: Option<bool> = None;
    loop {
        ticks.tick().await;
        version += 1;
        let outcome = match (&config.pods_file, &config.pods_url) {
            (Some(file), _) => load_file(file, &config.labels, &feeds, version),
            (None, Some(url)) => load_url(&client, url, &config.labels, &feeds, version).await,
            (None, None) => return,
        };
        let is_good = outcome.is_ok();
        if was_good != Some(is_good) {
            match outcome {
                Ok(()) => tracing::info!(pods = feeds.directory.load().len(), "names are known"),
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "names cannot be read; the last ones stay");
                }
            }
        }
        was_good = Some(is_good);
    }
}

type HttpClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

async fn load_url(
    client: &HttpClient,
    url: &str,
    labels: &[String],
    feeds: &Feeds,
    version: u64,
) -> anyhow::Result<()> {
    let text = tokio::time::timeout(TIMEOUT, fetch(client, url))
        .await
        .with_context(|| format!("identity.pods_url: {url}: no answer within {TIMEOUT:?}"))?
        .with_context(|| format!("identity.pods_url: {url}"))?;
    let directory = Directory::parse(url, &text, labels, version)?;
    feeds.directory.store(Arc::new(directory));
    Ok(())
}

fn http_client() -> anyhow::Result<HttpClient> {
    let mut roots = rustls::RootCertStore::empty();
    // An image without CA files is no error: plain HTTP needs none.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

async fn fetch(client: &HttpClient, url: &str) -> anyhow::Result<Bytes> {
    let uri: Uri = url.parse()?;
    let response = client.request(Request::get(uri).body(Empty::new())?).await?;
    if !response.status().is_success() {
        bail!("answered {}; a kubelet's read-only port or an API proxy is needed", response.status());
    }
    let body = Limited::new(response.into_body(), MAX_DOCUMENT_BYTES).collect().await;
    Ok(body.map_err(|error| anyhow::anyhow!("body: {error}"))?.to_bytes())
}
