//! A connection, and the ones that are kept for the next request.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::error::Kind;
use super::target::Target;
use super::trust::handshake_error;

/// What a connection reads ahead of us; also the longest head of an answer.
const BUFFER_BYTES: usize = 64 << 10;
/// Connections that wait for a next request.
const MAX_KEPT: usize = 4;

/// One connection to one server.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
    target: Target,
    /// The trust under which it was made; `None` for plain HTTP.
    trust: Option<Arc<ClientConfig>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Speaks HTTP over what is connected, and TLS before it where `tls` says so.
    pub(super) async fn open(
        stream: TcpStream,
        target: &Target,
        tls: Option<(Arc<ClientConfig>, Option<&str>)>,
    ) -> Result<Connection, Kind> {
        let Some((trust, name)) = tls else {
            return Connection::over(TokioIo::new(stream), target, None).await;
        };
        let name = target.server_name(name)?;
        let connector = TlsConnector::from(Arc::clone(&trust));
        let stream = connector.connect(name, stream).await.map_err(|error| handshake_error(&error))?;
        Connection::over(TokioIo::new(stream), target, Some(trust)).await
    }

    async fn over<S: Read + Write + Unpin + Send + 'static>(
        stream: S,
        target: &Target,
        trust: Option<Arc<ClientConfig>>,
    ) -> Result<Connection, Kind> {
        let shaken = http1::Builder::new().max_buf_size(BUFFER_BYTES).handshake(stream).await;
        let (sender, connection) = shaken.map_err(|error| Kind::Unreachable { error: error.to_string() })?;
        let driver = tokio::spawn(async move {
            // Whoever sent a request learns of the same error.
            _ = connection.await;
        });
        Ok(Connection { sender, driver, target: target.clone(), trust })
    }
}

/// Looks the host up.
pub(super) async fn resolve(target: &Target) -> Result<Vec<std::net::SocketAddr>, Kind> {
    let failed = |error: String| Kind::Unresolvable { host: target.host.clone(), error };
    let found = crate::resolve::addresses(&target.host, target.port).await;
    let addresses = found.map_err(|error| failed(error.to_string()))?;
    if addresses.is_empty() {
        return Err(failed("it has no address".to_owned()));
    }
    Ok(addresses)
}

/// Connects to the first of the addresses that answers.
pub(super) async fn connect(addresses: &[std::net::SocketAddr]) -> Result<TcpStream, Kind> {
    let stream = TcpStream::connect(addresses).await.map_err(|error| match error.kind() {
        ErrorKind::ConnectionRefused => Kind::Refused,
        _ => Kind::Unreachable { error: error.to_string() },
    })?;
    // Without it a request may wait for the answer to an acknowledgement.
    _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Connections between two requests.
#[derive(Debug, Default)]
pub(super) struct Pool {
    kept: Mutex<Vec<Connection>>,
}

impl Pool {
    /// An open connection to that server that was made under the same trust.
    pub(super) fn take(&self, target: &Target, trust: Option<&Arc<ClientConfig>>) -> Option<Connection> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same_trust = |connection: &Connection| match (&connection.trust, trust) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (old, new) => old.is_none() && new.is_none(),
        };
        kept.retain(|connection| {
            let is_ours = connection.target.shares_connection(target);
            !connection.sender.is_closed() && (!is_ours || is_same_trust(connection))
        });
        let place = kept.iter().position(|connection| connection.target.shares_connection(target))?;
        Some(kept.swap_remove(place))
    }

    pub(super) fn keep(&self, connection: Connection) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push(connection);
    }
}
