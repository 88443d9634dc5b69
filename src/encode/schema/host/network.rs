//! `net`, `netstat` and `nstat`.

use super::HostOptions;
use super::point::{Integer, Points, integers};
use crate::model::node::{NetInterface, Node, Protocol, Sockets, TcpState};

const NET: &[Integer<NetInterface>] = &[
    ("bytes_sent", |interface| Some(interface.tx_bytes)),
    ("bytes_recv", |interface| Some(interface.rx_bytes)),
    ("packets_sent", |interface| Some(interface.tx_packets)),
    ("packets_recv", |interface| Some(interface.rx_packets)),
    ("err_in", |interface| Some(interface.rx_errors)),
    ("err_out", |interface| Some(interface.tx_errors)),
    ("drop_in", |interface| Some(interface.rx_dropped)),
    ("drop_out", |interface| Some(interface.tx_dropped)),
];

/// `tcp_none` are sockets in no state that the kernel documents.
const NETSTAT: &[Integer<Sockets>] = &[
    ("tcp_established", |sockets| sockets.tcp(TcpState::Established)),
    ("tcp_syn_sent", |sockets| sockets.tcp(TcpState::SynSent)),
    ("tcp_syn_recv", |sockets| Some(sockets.tcp(TcpState::SynRecv)? + sockets.tcp(TcpState::NewSynRecv)?)),
    ("tcp_fin_wait1", |sockets| sockets.tcp(TcpState::FinWait1)),
    ("tcp_fin_wait2", |sockets| sockets.tcp(TcpState::FinWait2)),
    ("tcp_time_wait", |sockets| sockets.tcp(TcpState::TimeWait)),
    ("tcp_close", |sockets| sockets.tcp(TcpState::Close)),
    ("tcp_close_wait", |sockets| sockets.tcp(TcpState::CloseWait)),
    ("tcp_last_ack", |sockets| sockets.tcp(TcpState::LastAck)),
    ("tcp_listen", |sockets| sockets.tcp(TcpState::Listen)),
    ("tcp_closing", |sockets| sockets.tcp(TcpState::Closing)),
    ("tcp_none", |sockets| sockets.tcp.map(|counts| counts[0])),
    ("udp_socket", |sockets| sockets.udp),
];

const NSTAT: &[(&str, Protocol)] =
    &[("netstat", Protocol::Netstat), ("snmp", Protocol::Snmp), ("snmp6", Protocol::Snmp6)];

pub(super) fn write_net(node: &Node, options: &HostOptions<'_>, points: &mut Points<'_, '_>) {
    let shown = |interface: &&NetInterface| {
        options.all_interfaces || !(interface.is_loopback() || interface.is_down())
    };
    for interface in node.interfaces.iter().filter(shown) {
        points.point("net", &[("interface", &interface.name)], |out| {
            integers(out, NET, interface);
            out.signed(
                "speed",
                interface.speed_mbit.and_then(|speed| i64::try_from(speed).ok()).unwrap_or(-1),
            );
        });
    }
    if options.protocol_row {
        points.point("net", &[("interface", "all")], |out| {
            for counter in &node.protocols.snmp {
                let (protocol, name) = counter.parts();
                let field = format!("{protocol}_{name}").to_ascii_lowercase();
                out.signed(&field, counter.value);
            }
        });
    }
}

pub(super) fn write_netstat(node: &Node, points: &mut Points<'_, '_>) {
    points.point("netstat", &[], |out| integers(out, NETSTAT, &node.sockets));
}

pub(super) fn write_nstat(node: &Node, points: &mut Points<'_, '_>) {
    for (name, protocol) in NSTAT {
        points.point("nstat", &[("name", name)], |out| {
            for counter in node.protocols.file(*protocol) {
                out.signed(&counter.name, counter.value);
            }
        });
    }
}
