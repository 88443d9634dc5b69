//! Bytes that come and go: network interfaces and disks.

use super::attribute::{DEVICE, DIRECTION, DISK_DIRECTION, INTERFACE, SOURCE};
use super::read::{put, read_ns, seconds_ns};
use super::row::{Emit, Value};
use super::subject::Subject;
use crate::model::kubelet::NetworkStats;
use crate::model::reconciled::SourceKind;
use crate::model::unit::{Interface, Pace};

type Counts = [(&'static str, fn(&Interface) -> u64, fn(&NetworkStats) -> Option<u64>); 2];

pub(super) const BYTES: Counts =
    [("receive", |i| i.rx_bytes, |n| n.rx_bytes), ("transmit", |i| i.tx_bytes, |n| n.tx_bytes)];
pub(super) const ERRORS: Counts =
    [("receive", |i| i.rx_errors, |n| n.rx_errors), ("transmit", |i| i.tx_errors, |n| n.tx_errors)];

/// Each interface but the loopback; where none was read here, the kubelet's default one.
pub(super) fn network(subject: &Subject<'_>, emit: &mut Emit<'_>, counts: &Counts) {
    let snapshot = subject.shared.snapshot;
    // Networks are read together with the node.
    let at = snapshot.node.as_deref().map_or(snapshot.taken, |node| node.taken).wall_ns;
    for interface in subject.interfaces.iter().filter(|interface| &*interface.name != "lo") {
        for (direction, own, _) in counts {
            let attributes = [(DIRECTION, *direction), (INTERFACE, &*interface.name)];
            emit(&attributes, Value::Integer(own(interface)), at);
        }
    }
    let Some(said) = subject.said_network else { return };
    for (direction, _, value) in counts {
        if let Some(value) = value(said) {
            let source = (SOURCE, SourceKind::Kubelet.name());
            let attributes = [(DIRECTION, *direction), (INTERFACE, &*said.name), source];
            emit(&attributes, Value::Integer(value), seconds_ns(said.time_s, subject));
        }
    }
}

pub(super) fn disk_io(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    let Some(unit) = subject.unit else { return };
    for io in &unit.io {
        let device = subject.shared.devices.label(io);
        for (direction, bytes) in [("read", io.rbytes), ("write", io.wbytes)] {
            if let Some(bytes) = bytes {
                let attributes = [(DISK_DIRECTION, direction), (DEVICE, &*device)];
                put(subject, emit, &attributes, Value::Integer(bytes), read_ns(unit, Pace::Slow, subject));
            }
        }
    }
}
