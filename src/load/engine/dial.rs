//! How a connection comes to be: the addresses of its host, tried one after the other, and how long that took.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection::Connection;
use super::failure::Failure;
use super::thread::Thread;

/// k6's limit for lookup and dialling.
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// What opening a connection took, in nanoseconds, as far as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Opening {
    /// Of TCP alone: a lookup is in k6's `http_req_blocked` and not in its `http_req_connecting`.
    pub(super) connecting: u64,
}

/// Opens a connection to a host of the plan, before the run has come to `until_ns`.
pub(super) async fn dial(
    thread: &Thread,
    host: usize,
    until_ns: u64,
    opening: &mut Opening,
) -> Result<Connection, Failure> {
    let left = thread.clock.until(until_ns);
    let begun = Cell::new(None);
    let open = async {
        let below = |bound| thread.random.borrow_mut().below(bound);
        let name = &thread.plan.hosts[host];
        let addresses = thread.names.addresses(host, name, thread.clock, below).await?;
        begun.set(Some(thread.clock.now_ns()));
        connect(&addresses).await
    };
    let opened = timeout(left.min(DIAL_TIMEOUT), open).await;
    opening.connecting = begun.get().map_or(0, |begun| thread.clock.now_ns() - begun);
    match opened {
        Ok(opened) => opened.map(Connection::new),
        Err(_) if left <= DIAL_TIMEOUT => Err(Failure::Timeout),
        Err(_) => Err(Failure::DialTimeout),
    }
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
