//! Sockets to listen on, one for each thread, between which the kernel shares out what comes; and the limit of open
//! files, which is usually far below what a load test opens.

use std::net::{SocketAddr, TcpListener};

use rustix::io::Errno;
use rustix::net::sockopt::{set_socket_reuseaddr, set_socket_reuseport};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::error::TargetError;

/// Connections that may wait to be accepted; the kernel takes `net.core.somaxconn` where that is less.
const BACKLOG: i32 = 4096;

/// Files that are open beside connections.
const OTHER_FILES: u64 = 64;

/// So many sockets on one address, and the address, which may have been given without a port.
pub(super) fn sockets(
    address: SocketAddr,
    count: usize,
) -> Result<(SocketAddr, Vec<TcpListener>), TargetError> {
    let refused = |source| TargetError::Listen { address, source };
    // The first takes the address for itself, so that a second target fails instead of taking half of what comes;
    // only then it lets our others in.
    let first = socket(address, false, count > 1).map_err(|errno| refused(errno.into()))?;
    let actual = first.local_addr().map_err(refused)?;
    let mut sockets = vec![first];
    for _ in 1..count {
        sockets.push(socket(actual, true, true).map_err(|errno| refused(errno.into()))?);
    }
    Ok((actual, sockets))
}

fn socket(address: SocketAddr, is_shared: bool, is_shared_later: bool) -> Result<TcpListener, Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    // Connections that ended lately do not keep the address.
    set_socket_reuseaddr(&socket, true)?;
    set_socket_reuseport(&socket, is_shared)?;
    bind(&socket, &address)?;
    set_socket_reuseport(&socket, is_shared_later)?;
    listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}

/// Raises the limit of open files as far as is needed and allowed. What is then missing is logged: connections
/// beyond it wait.
pub(super) fn allow_files(connections: usize) {
    let needed = connections as u64 + OTHER_FILES;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return;
    }
    let wanted = maximum.map_or(needed, |maximum| maximum.min(needed));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    if raised.is_err() || wanted < needed {
        tracing::warn!(
            needed,
            allowed = wanted,
            "the limit of open files is below max_connections; raise ulimit -n"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_share_an_address_and_targets_do_not() {
        for count in [1, 3] {
            let (address, sockets) = sockets(SocketAddr::from(([127, 0, 0, 1], 0)), count).unwrap();
            assert_eq!(sockets.len(), count);
            assert!(sockets.iter().all(|socket| socket.local_addr().unwrap() == address));
            for others in [1, 2] {
                let error = super::sockets(address, others).unwrap_err().to_string();
                assert!(error.starts_with(&format!("{address}: cannot be listened on")), "{error}");
            }
            drop(sockets);
            super::sockets(address, count).unwrap();
        }
    }
}
