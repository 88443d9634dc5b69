//! A small HTTP client: one GET with a deadline and a bound on the answer.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderValue, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;

const DEADLINE: Duration = Duration::from_secs(2);
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Fetches one address.
#[derive(Debug)]
pub(super) struct Fetch {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    uri: Uri,
    token: Option<HeaderValue>,
}

/// What a server said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Fetch {
    /// `path` is asked for where the address has none of its own.
    pub(super) fn new(url: &str, path: &str, token_file: Option<&Path>) -> anyhow::Result<Fetch> {
        let uri = address(url, path)?;
        let roots =
            if uri.scheme_str() == Some("https") { system_roots()? } else { rustls::RootCertStore::empty() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let token = token_file.map(token).transpose()?;
        Ok(Fetch { client: Client::builder(TokioExecutor::new()).build(connector), uri, token })
    }

    /// The whole answer, whatever its status.
    pub(super) async fn get(&self) -> anyhow::Result<Answer> {
        let asked = tokio::time::timeout(DEADLINE, self.exchange()).await;
        asked
            .unwrap_or_else(|_| bail!("no answer within {} s", DEADLINE.as_secs()))
            .with_context(|| self.uri.to_string())
    }

    /// A document of a running agent, or one line that says what to do about there being none.
    pub(super) async fn document<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        let answer = self.get().await?;
        let uri = &self.uri;
        match answer.status.as_u16() {
            200 => {}
            401 | 403 => bail!("{uri}: {}; give the agent's token with --token-file", answer.status),
            503 => bail!("{uri}: {}; the agent has no values yet, try again in a second", answer.status),
            _ => bail!("{uri}: {}; is that a podometer agent?", answer.status),
        }
        serde_json::from_slice(&answer.body).with_context(|| format!("{uri}: is no podometer document"))
    }

    async fn exchange(&self) -> anyhow::Result<Answer> {
        let mut request = Request::get(&self.uri)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("podometer/", env!("CARGO_PKG_VERSION")));
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        let response = self.client.request(request.body(Empty::new())?).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("answer cut off: {error}"))?.to_bytes();
        Ok(Answer { status, body })
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }
}

fn address(url: &str, path: &str) -> anyhow::Result<Uri> {
    let allowed = "allowed: http://HOST[:PORT] or https://HOST[:PORT]";
    if url
        .split_once("://")
        .is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|host| host.contains('@')))
    {
        bail!("the address holds a user or password; give a token with --token-file");
    }
    let uri: Uri = url.parse().with_context(|| format!("{url}: is no address; {allowed}"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        bail!("{url}: is no HTTP address; {allowed}");
    }
    if !matches!(uri.path(), "" | "/") {
        return Ok(uri);
    }
    let mut parts = uri.into_parts();
    parts.path_and_query = Some(path.parse()?);
    Ok(Uri::from_parts(parts)?)
}

fn system_roots() -> anyhow::Result<rustls::RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = rustls::RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        bail!("no root certificates on this system; install ca-certificates or set SSL_CERT_FILE");
    }
    Ok(roots)
}

fn token(file: &Path) -> anyhow::Result<HeaderValue> {
    let text = std::fs::read_to_string(file).with_context(|| format!("token file {}", file.display()))?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", text.trim()))
        .with_context(|| format!("token file {}: holds characters that no token has", file.display()))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let of = |url: &str| address(url, "/api/v1/pods").map(|uri| uri.to_string());
        assert_eq!(of("http://h:1").unwrap(), "http://h:1/api/v1/pods");
        assert_eq!(of("https://h/").unwrap(), "https://h/api/v1/pods");
        assert_eq!(of("http://h/prefix/pods?x=1").unwrap(), "http://h/prefix/pods?x=1");
        for wrong in ["h:1", "ftp://h", "", "http://", "http://h h"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        let told = of("http://u:hunter2@h/").unwrap_err();
        assert!(!format!("{told:#}").contains("hunter2"));
    }

    #[test]
    fn a_token_is_trimmed_and_never_shown() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        std::fs::write(&file, "hunter2\n").unwrap();
        assert_eq!(token(&file).unwrap(), "Bearer hunter2");
        let fetch = Fetch::new("http://h", "/", Some(&file)).unwrap();
        assert!(!format!("{fetch:?}").contains("hunter2"));
        std::fs::write(&file, "two\nlines").unwrap();
        assert!(token(&file).is_err());
    }
}
