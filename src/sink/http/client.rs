//! The servers of a sink: one request at a time, to the first of them that takes it.

use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderValue, PROXY_AUTHORIZATION, TRANSFER_ENCODING, USER_AGENT,
};
use hyper::{Request, Response, StatusCode};

use super::access::{Access, Credentials, masked};
use super::connection::Connection;
use super::endpoint::Endpoint;
use super::proxy::{Proxies, Proxy};
use super::secret::SecretError;
use super::tls::{Tls, TlsConfig, TlsError};
use crate::sink::config::HttpConfig;
use crate::sink::protocol::{Outgoing, Reply};

/// The beginning of an answer says enough.
const BODY_CAP: usize = 4096;

/// Whom to ask, and how.
#[derive(Clone, Debug)]
pub(in crate::sink) struct Servers {
    /// In the order of preference.
    pub(in crate::sink) urls: Vec<String>,
    pub(in crate::sink) access: Access,
    pub(in crate::sink) http: HttpConfig,
    pub(in crate::sink) tls: TlsConfig,
}

/// Why a sink could not be made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] crate::sink::config::Refusal),
    #[error("sinks.{kind} {name}: {error}")]
    Tls { kind: &'static str, name: String, error: Box<TlsError> },
    #[error("sinks.{kind} {name}: there is no server to write to: set url")]
    NoServer { kind: &'static str, name: String },
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::sink) enum SendError {
    #[error("no answer within {0:?}; see whether the server is overloaded, or raise http.timeout")]
    Timeout(Duration),
    #[error("connection: {0}")]
    Connection(String),
    #[error("{0}")]
    Proxy(String),
    #[error("answer: {0}")]
    Answer(String),
    #[error("request: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("url: {0}")]
    Url(#[from] hyper::http::uri::InvalidUri),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl SendError {
    /// True where somebody has to mend a file or setting first.
    pub(in crate::sink) fn is_ours(&self) -> bool {
        matches!(self, SendError::Secret(_) | SendError::Tls(_) | SendError::Proxy(_))
    }
}

#[derive(Debug)]
pub(in crate::sink) struct Client {
    endpoints: Vec<Endpoint>,
    /// The server that is asked; another after it failed.
    current: usize,
    /// The one that was asked last.
    asked: usize,
    connection: Option<Connection>,
    credentials: Credentials,
    tls: Tls,
    proxies: Proxies,
    timeout: Duration,
}

impl Client {
    /// Certificates are read when they are needed: they may come later, or be mended.
    pub(in crate::sink) fn new(
        kind: &'static str,
        name: &str,
        servers: Servers,
    ) -> Result<Client, StartError> {
        let endpoints: Vec<Endpoint> = servers.urls.iter().filter_map(|url| Endpoint::parse(url)).collect();
        if endpoints.is_empty() || endpoints.len() != servers.urls.len() {
            return Err(StartError::NoServer { kind, name: name.to_owned() });
        }
        Ok(Client {
            endpoints,
            current: 0,
            asked: 0,
            connection: None,
            credentials: Credentials::new(servers.access),
            tls: Tls::new(servers.tls),
            proxies: Proxies::new(&servers.http),
            timeout: servers.http.timeout,
        })
    }

    /// Reads the certificates now.
    pub(in crate::sink) fn read_certificates(&mut self) -> Result<(), TlsError> {
        if self.endpoints.iter().any(|endpoint| endpoint.is_https) {
            self.tls.client()?;
        }
        Ok(())
    }

    /// The address that the last request went to, or the first one will.
    pub(in crate::sink) fn server(&self) -> &str {
        &self.endpoints[self.asked].shown
    }

    /// One request and its whole answer. After a failure that another server may not have, the next request goes
    /// to the next one.
    pub(in crate::sink) async fn send(&mut self, outgoing: &Outgoing) -> Result<Reply, SendError> {
        // The connection is kept only by an exchange that ends well: one that is given up half-way is closed.
        let kept = self.connection.take().filter(Connection::is_open);
        self.asked = self.current;
        let timeout = self.timeout;
        let exchange = self.exchange(outgoing, kept);
        let sent = tokio::time::timeout(timeout, exchange).await.unwrap_or(Err(SendError::Timeout(timeout)));
        match sent {
            Ok((reply, connection)) => {
                self.connection = Some(connection);
                if matches!(reply.status.as_u16(), 401 | 403) {
                    self.credentials.forget();
                }
                if reply.status.is_server_error() {
                    self.turn_to_next();
                }
                Ok(reply)
            }
            Err(error) => {
                self.turn_to_next();
                Err(error)
            }
        }
    }

    fn turn_to_next(&mut self) {
        if self.endpoints.len() > 1 {
            self.current = (self.current + 1) % self.endpoints.len();
            self.connection = None;
        }
    }

    async fn exchange(
        &mut self,
        outgoing: &Outgoing,
        kept: Option<Connection>,
    ) -> Result<(Reply, Connection), SendError> {
        let endpoint = &self.endpoints[self.current];
        let proxy = self.proxies.of(endpoint)?;
        let proxy = proxy.as_ref();
        let authorization = self.credentials.header()?;
        let by_proxy = proxy.and_then(|proxy| proxy.authorization.as_ref());
        let shown: Vec<&HeaderValue> = authorization.iter().chain(by_proxy).collect();
        let trust = if endpoint.is_https { Some(self.tls.client()?) } else { None };
        let same = |connection: &Connection| match (&connection.trust, &trust) {
            (Some(old), Some(new)) => std::sync::Arc::ptr_eq(old, new),
            (old, new) => old.is_none() && new.is_none(),
        };
        if let Some(mut connection) = kept.filter(same) {
            let request = request(endpoint, outgoing, &connection, authorization.as_ref(), proxy)?;
            match connection.send(request).await {
                Ok(response) => return Ok((read(through(response, proxy)?, &shown).await?, connection)),
                // Where the server closed it before it saw the request, nothing was lost.
                Err(error) if error.is_canceled() || error.is_closed() || error.is_incomplete_message() => {}
                Err(error) => return Err(SendError::Connection(chain(&error))),
            }
        }
        let tls = match trust {
            Some(trust) => Some((trust, self.tls.server_name(&endpoint.host)?)),
            None => None,
        };
        let mut connection = Connection::open(endpoint, proxy, tls).await?;
        let request = request(endpoint, outgoing, &connection, authorization.as_ref(), proxy)?;
        let response =
            connection.send(request).await.map_err(|error| SendError::Connection(chain(&error)))?;
        Ok((read(through(response, proxy)?, &shown).await?, connection))
    }
}

/// The server's answer, and not that of a proxy which did not let us through.
fn through(response: Response<Incoming>, proxy: Option<&Proxy>) -> Result<Response<Incoming>, SendError> {
    match (response.status(), proxy) {
        (status @ StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(proxy)) => Err(proxy.refused(status)),
        _ => Ok(response),
    }
}

fn request(
    endpoint: &Endpoint,
    outgoing: &Outgoing,
    connection: &Connection,
    authorization: Option<&HeaderValue>,
    proxy: Option<&Proxy>,
) -> Result<Request<Full<Bytes>>, SendError> {
    let mut request = Request::builder()
        .method(outgoing.method.clone())
        .uri(endpoint.target(&outgoing.path, connection.is_absolute)?)
        .header(HOST, &endpoint.authority)
        .header(USER_AGENT, concat!("podometer/", env!("CARGO_PKG_VERSION")));
    if let Some(headers) = request.headers_mut() {
        headers.extend(outgoing.headers.clone());
    }
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    if let Some(authorization) =
        proxy.filter(|_| connection.is_absolute).and_then(|it| it.authorization.as_ref())
    {
        request = request.header(PROXY_AUTHORIZATION, authorization);
    }
    Ok(request.body(Full::new(outgoing.body.clone()))?)
}

/// The beginning of an answer, without what we showed to get it.
async fn read(response: Response<Incoming>, shown: &[&HeaderValue]) -> Result<Reply, SendError> {
    let (head, mut body) = response.into_parts();
    let (mut text, mut is_cut) = (Vec::new(), false);
    while text.len() < BODY_CAP {
        match body.frame().await {
            None => break,
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    let room = data.len().min(BODY_CAP - text.len());
                    text.extend_from_slice(&data.chunk()[..room]);
                }
            }
            // The status already says that the points are stored.
            Some(Err(_)) if head.status.is_success() => break,
            // Some servers refuse while we still write, and then reset the connection: this may be all they said.
            Some(Err(_)) if head.status.is_client_error() && !text.is_empty() => {
                is_cut =
                    head.headers.contains_key(CONTENT_LENGTH) || head.headers.contains_key(TRANSFER_ENCODING);
                break;
            }
            Some(Err(error)) => return Err(SendError::Answer(chain(&error))),
        }
    }
    Ok(Reply { status: head.status, headers: head.headers, body: masked(text.into(), shown), is_cut })
}

/// The error with its causes: the outermost of hyper's says little.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
