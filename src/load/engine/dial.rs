//! How a connection comes to be: the addresses of its host, tried one after the other, TLS where that is wanted, what
//! is spoken over it, and how long that took.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ProtocolVersion;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connection::Connection;
use super::failure::Failure;
use super::http2::Client;
use super::over::{Over, Protocol};
use super::plan::Host;
use super::stream::Stream;
use super::thread::Thread;
use crate::load::file::TlsVersion;

/// k6's limit for lookup and dialling.
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// What opening a connection took, in nanoseconds, as far as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Opening {
    /// Of TCP alone: a lookup is in k6's `http_req_blocked` and not in its `http_req_connecting`.
    pub(super) connecting: u64,
    /// Of TLS, where there was a handshake and it came to its end.
    pub(super) handshaking: u64,
}

/// Opens a connection to a host, by its place on the thread, before the run has come to `until_ns`.
pub(super) async fn dial(
    thread: &Thread,
    host: usize,
    until_ns: u64,
    opening: &mut Opening,
) -> Result<Connection, Failure> {
    let left = thread.clock.until(until_ns);
    let begun = Cell::new(None);
    let server = thread.host(host);
    let open = async {
        let addresses = addresses(thread, host, &server).await?;
        begun.set(Some(thread.clock.now_ns()));
        connect(&addresses).await
    };
    let opened = timeout(left.min(DIAL_TIMEOUT), open).await;
    opening.connecting = begun.get().map_or(0, |begun| thread.clock.now_ns() - begun);
    let stream = match opened {
        Ok(opened) => opened?,
        Err(_) if left <= DIAL_TIMEOUT => return Err(Failure::Timeout),
        Err(_) => return Err(Failure::DialTimeout),
    };
    // k6 has no limit for handshakes but the request's own.
    let greeted = timeout(thread.clock.until(until_ns), greet(thread, &server, stream, opening)).await;
    greeted.unwrap_or(Err(Failure::Timeout))
}

/// Where a server is; the one to be tried first in front.
async fn addresses(thread: &Thread, place: usize, host: &Host) -> Result<Vec<SocketAddr>, Failure> {
    let names = &thread.plan.names;
    if names.is_blocked(&host.name) {
        return Err(Failure::BlockedHost);
    }
    let mut found = if let Some(address) = names.instead_of(&host.name, host.port) {
        vec![address]
    } else {
        let below = |bound| thread.random.borrow_mut().below(bound);
        thread.lookups.addresses(place, host, thread.clock, below).await?
    };
    found.retain(|address| !names.is_blacklisted(address.ip()));
    if found.is_empty() { Err(Failure::BlockedAddress) } else { Ok(found) }
}

/// Brings a stream to where requests can be sent.
async fn greet(
    thread: &Thread,
    host: &Host,
    stream: TcpStream,
    opening: &mut Opening,
) -> Result<Connection, Failure> {
    let (stream, over) = if host.is_tls {
        let begun = thread.clock.now_ns();
        let stream = shake_hands(thread, &host.name, stream).await?;
        opening.handshaking = thread.clock.now_ns() - begun;
        let session = stream.get_ref().1;
        let protocol = if session.alpn_protocol() == Some(b"h2") { Protocol::Http2 } else { Protocol::Http1 };
        let tls = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
            _ => TlsVersion::Tls13,
        };
        (Stream::Tls(Box::new(stream)), Over { protocol, tls: Some(tls) })
    } else {
        let protocol = if thread.plan.has_prior_knowledge { Protocol::Http2 } else { Protocol::Http1 };
        (Stream::Plain(stream), Over { protocol, tls: None })
    };
    Ok(match over.protocol {
        Protocol::Http1 => Connection::http1(stream, over),
        Protocol::Http2 => Connection::http2(Client::open(stream, thread.clock).await?, over),
    })
}

async fn shake_hands(
    thread: &Thread,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Failure> {
    let failed = |text: &str| Failure::Handshake(io::Error::other(text.to_owned()));
    let tls = thread.plan.tls.get().map_err(failed)?;
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| failed("no certificate can carry the name of the host"))?;
    let connector = TlsConnector::from(Arc::clone(tls.client(host)));
    connector.connect(name, stream).await.map_err(Failure::Handshake)
}

/// The first address that answers.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    // The first failure says more than that of the address which is tried when nothing else is left.
    let mut first = None;
    for address in addresses {
        let connected = TcpStream::connect(address).await;
        match connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
            Ok(stream) => return Ok(stream),
            Err(error) => _ = first.get_or_insert(error),
        }
    }
    Err(Failure::Dial(first.unwrap_or_else(|| io::Error::other("the name has no address"))))
}
