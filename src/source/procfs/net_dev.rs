//! /proc/net/dev, of the node or of one process.

use super::fault::Unread;
use crate::model::node::NetInterface;

/// A node with one veth a pod stays far below this.
const MAX_INTERFACES: usize = 8192;

/// Two header lines, then `name: ` and sixteen columns. The name may touch the first number.
/// Source: proc_pid_net(5); column order from Linux `net/core/net-procfs.c`.
pub fn parse_net_dev(text: &str, unread: &mut Unread) -> Vec<NetInterface> {
    let mut interfaces = Vec::new();
    for (index, line) in text.lines().enumerate().skip(2).filter(|(_, line)| !line.trim().is_empty()) {
        match parse_row(line) {
            Some(interface) if interfaces.len() < MAX_INTERFACES => interfaces.push(interface),
            _ => unread.note(index, line),
        }
    }
    interfaces
}

fn parse_row(line: &str) -> Option<NetInterface> {
    // The last colon: the name of an alias holds one itself.
    let (name, rest) = line.rsplit_once(':')?;
    let name = name.trim();
    let mut words = rest.split_ascii_whitespace();
    let mut columns = [0_u64; 16];
    for column in &mut columns {
        *column = words.next()?.parse().ok()?;
    }
    if name.is_empty() {
        return None;
    }
    Some(NetInterface {
        name: name.into(),
        rx_bytes: columns[0],
        rx_packets: columns[1],
        rx_errors: columns[2],
        rx_dropped: columns[3],
        rx_fifo: columns[4],
        rx_frame: columns[5],
        rx_compressed: columns[6],
        rx_multicast: columns[7],
        tx_bytes: columns[8],
        tx_packets: columns[9],
        tx_errors: columns[10],
        tx_dropped: columns[11],
        tx_fifo: columns[12],
        tx_collisions: columns[13],
        tx_carrier: columns[14],
        tx_compressed: columns[15],
        speed_mbit: None,
        operstate: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_order_and_names_that_touch_numbers() {
        let mut unread = Unread::default();
        let text = "Inter-| Receive\n face |bytes\n  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n\
                    eth0:1: 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n short: 1 2 3\n: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
        let interfaces = parse_net_dev(text, &mut unread);
        assert_eq!(interfaces.len(), 2);
        let eth0 = &interfaces[0];
        assert_eq!((&*eth0.name, eth0.rx_bytes, eth0.rx_packets), ("eth0", 1, 2));
        assert_eq!((eth0.rx_errors, eth0.rx_dropped, eth0.rx_multicast), (3, 4, 8));
        assert_eq!((eth0.tx_bytes, eth0.tx_packets, eth0.tx_errors, eth0.tx_dropped), (9, 10, 11, 12));
        assert_eq!((eth0.tx_fifo, eth0.tx_collisions, eth0.tx_carrier, eth0.tx_compressed), (13, 14, 15, 16));
        assert_eq!(&*interfaces[1].name, "eth0:1");
        assert_eq!((unread.count, unread.first), (2, Some((5, " short: 1 2 3".to_owned()))));
    }
}
