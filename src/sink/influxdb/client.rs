//! One HTTP request at a time, with a deadline over all of it.

use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::config::{Config, ConfigError, Target, percent_encode};
use super::parcel::Parcel;
use super::secret::SecretError;
use super::tls::{self, TlsError};

/// Error bodies echo whole lines, hundreds of kilobytes at times; the beginning says enough.
const ERROR_BODY_CAP: usize = 4096;

/// Why a sink could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("sinks.influxdb {name}: {error}")]
    Tls { name: String, error: TlsError },
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("connection: {0}")]
    Connection(String),
    #[error("answer: {0}")]
    Answer(#[from] hyper::Error),
    #[error("request: {0}")]
    Request(#[from] hyper::http::Error),
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    /// The beginning of the body.
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct Client {
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    target: Target,
    timeout: Duration,
    /// Read again after the server refused it: it may have been replaced.
    authorization: Option<HeaderValue>,
}

impl Client {
    pub(super) fn new(config: &Config) -> Result<Client, ClientError> {
        let target = config.target()?;
        let tls = tls::client_config(&config.tls)
            .map_err(|error| ClientError::Tls { name: config.name.clone(), error })?;
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(config.timeout));
        connector.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let http = HttpClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_mins(1))
            .http1_max_buf_size(64 * 1024)
            .build(connector);
        Ok(Client { http, target, timeout: config.timeout, authorization: None })
    }

    /// Writes one batch.
    pub(super) async fn write(&mut self, parcel: &Parcel) -> Result<Reply, SendError> {
        let uri = self.target.write.clone();
        let encoding = parcel.is_gzip().then_some("gzip");
        self.post(uri, "text/plain; charset=utf-8", encoding, parcel.body()).await
    }

    /// True where there is an order to create the database.
    pub(super) fn may_create(&self) -> bool {
        self.target.create.is_some()
    }

    /// Creates the database.
    pub(super) async fn create_database(&mut self) -> Result<Option<Reply>, SendError> {
        let Some((uri, statement)) = self.target.create.clone() else { return Ok(None) };
        let mut form = String::from("q=");
        percent_encode(&mut form, &statement);
        self.post(uri, "application/x-www-form-urlencoded", None, form.into()).await.map(Some)
    }

    async fn post(
        &mut self,
        uri: Uri,
        content_type: &'static str,
        encoding: Option<&'static str>,
        body: Bytes,
    ) -> Result<Reply, SendError> {
        let mut request = Request::post(uri)
            .header(USER_AGENT, concat!("podometer/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, content_type);
        if let Some(encoding) = encoding {
            request = request.header(CONTENT_ENCODING, encoding);
        }
        if let Some(authorization) = self.authorization()? {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(body))?;
        let exchange = async {
            let response =
                self.http.request(request).await.map_err(|error| SendError::Connection(chain(&error)))?;
            read(response).await
        };
        let reply = tokio::time::timeout(self.timeout, exchange)
            .await
            .map_err(|_| SendError::Timeout(self.timeout))??;
        if matches!(reply.status, 401 | 403) {
            self.authorization = None;
        }
        Ok(reply)
    }

    fn authorization(&mut self) -> Result<Option<HeaderValue>, SecretError> {
        if let (None, Some(secret)) = (&self.authorization, &self.target.secret) {
            self.authorization = Some(secret.authorization(self.target.username.as_deref())?);
        }
        Ok(self.authorization.clone())
    }
}

async fn read(response: Response<Incoming>) -> Result<Reply, SendError> {
    let status = response.status();
    let retry_after =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut text = Vec::new();
    let mut body = response.into_body();
    while text.len() < ERROR_BODY_CAP {
        match body.frame().await {
            None => break,
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    let room = data.len().min(ERROR_BODY_CAP - text.len());
                    text.extend_from_slice(&data.chunk()[..room]);
                }
            }
            // The status already says that the points are stored.
            Some(Err(_)) if status.is_success() => break,
            Some(Err(error)) => return Err(error.into()),
        }
    }
    Ok(Reply { status: status.as_u16(), retry_after, text: String::from_utf8_lossy(&text).into_owned() })
}

/// The error with its causes: the outermost of hyper's says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
