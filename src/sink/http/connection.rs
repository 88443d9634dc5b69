//! One connection to one server, direct or through a proxy, kept for the next request.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, PROXY_AUTHORIZATION};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::client::{SendError, chain};
use super::endpoint::Endpoint;
use super::proxy::Proxy;
use super::tls::handshake_text;
use crate::resolve;

/// What a connection reads ahead of us; also the longest head of an answer.
const BUFFER_BYTES: usize = 64 << 10;

/// What may carry HTTP.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that speaks HTTP.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
    /// The proxy reads the request itself, so it needs the whole address.
    pub(super) is_absolute: bool,
    /// Under which certificates it was made.
    pub(super) trust: Option<Arc<ClientConfig>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    pub(super) async fn open(
        endpoint: &Endpoint,
        proxy: Option<&Proxy>,
        tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    ) -> Result<Connection, SendError> {
        let (host, port) = proxy.map_or((&endpoint.host, endpoint.port), |proxy| (&proxy.host, proxy.port));
        let mut stream: Box<dyn Stream> = Box::new(connect(host, port).await?);
        let Some((trust, name)) = tls else {
            return Connection::over(stream, proxy.is_some(), None).await;
        };
        if let Some(proxy) = proxy {
            stream = tunnel(stream, endpoint, proxy).await?;
        }
        let secured = TlsConnector::from(Arc::clone(&trust)).connect(name, stream).await;
        let secured = secured.map_err(|error| SendError::Connection(handshake_text(&error)))?;
        Connection::over(Box::new(secured), false, Some(trust)).await
    }

    async fn over(
        stream: Box<dyn Stream>,
        is_absolute: bool,
        trust: Option<Arc<ClientConfig>>,
    ) -> Result<Connection, SendError> {
        let (sender, driver) = handshake(stream).await?;
        Ok(Connection { sender, driver, is_absolute, trust })
    }

    /// Whether the server has not closed it, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        self.sender.ready().await?;
        self.sender.send_request(request).await
    }
}

async fn handshake<B: Body<Data = Bytes, Error = std::convert::Infallible> + Send + 'static>(
    stream: Box<dyn Stream>,
) -> Result<(SendRequest<B>, JoinHandle<()>), SendError> {
    let shaken = http1::Builder::new().max_buf_size(BUFFER_BYTES).handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(|error| SendError::Connection(chain(&error)))?;
    let driver = tokio::spawn(async move {
        // Whoever sent a request learns of the same error.
        _ = connection.with_upgrades().await;
    });
    Ok((sender, driver))
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, SendError> {
    let failed = |error: std::io::Error| {
        let mend = "start the server, let us through to it, or correct the address";
        SendError::Connection(format!("{host}:{port}: {error}; {mend}"))
    };
    let addresses = resolve::addresses(host, port).await.map_err(failed)?;
    let stream = TcpStream::connect(&addresses[..]).await.map_err(failed)?;
    // Without it a request may wait for the answer to an acknowledgement.
    _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Asks the proxy for a way through to the server. Source: RFC 9110 section 9.3.6.
async fn tunnel(
    stream: Box<dyn Stream>,
    endpoint: &Endpoint,
    proxy: &Proxy,
) -> Result<Box<dyn Stream>, SendError> {
    let (mut sender, driver) = handshake::<Empty<Bytes>>(stream).await?;
    let host =
        if endpoint.host.contains(':') { format!("[{}]", endpoint.host) } else { endpoint.host.clone() };
    let place = format!("{host}:{}", endpoint.port);
    let mut request = Request::builder().method(Method::CONNECT).uri(&place).header(HOST, &place);
    if let Some(authorization) = &proxy.authorization {
        request = request.header(PROXY_AUTHORIZATION, authorization);
    }
    let request = request.body(Empty::new())?;
    let failed = |error: &dyn std::error::Error| {
        SendError::Connection(format!("proxy {}:{}: {}", proxy.host, proxy.port, chain(error)))
    };
    let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
    if !response.status().is_success() {
        let status = response.status();
        _ = response.into_body().collect().await;
        driver.abort();
        return Err(proxy.refused(status));
    }
    let upgraded = hyper::upgrade::on(response).await.map_err(|error| failed(&error))?;
    Ok(Box::new(TokioIo::new(upgraded)))
}
