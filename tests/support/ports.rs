//! Ports for servers that are started as processes of their own, and can only be told where to listen.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixListener;
use std::sync::Mutex;

/// Below the range from which the kernel takes ports of its own accord, for outgoing connections and for port 0
/// (`net.ipv4.ip_local_port_range`, 32768 and more): what is free there stays free until it is asked for.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// What this process gave away. An abstract socket's name belongs to the process until it ends.
static CLAIMS: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());

/// A port of 127.0.0.1 where nobody listens, which no other call gives in this or any other test that runs.
#[allow(dead_code, reason = "not each of the tests that share this wants both forms")]
pub(crate) fn free_port() -> u16 {
    free_address().port()
}

/// The same with its address.
pub(crate) fn free_address() -> SocketAddr {
    let mut claims = CLAIMS.lock().unwrap();
    let first = std::process::id() as usize * 64;
    let ports = RANGE.cycle().skip(first % RANGE.len()).take(RANGE.len());
    for port in ports {
        let name = std::os::unix::net::SocketAddr::from_abstract_name(format!("podometer-test-port-{port}"))
            .unwrap();
        let Ok(claim) = UnixListener::bind_addr(&name) else { continue };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            claims.push(claim);
            return address;
        }
    }
    panic!("all ports of {RANGE:?} are taken")
}
