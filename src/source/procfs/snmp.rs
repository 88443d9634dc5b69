//! /proc/net/snmp, netstat, snmp6 and sockstat.

use super::fault::Unread;
use crate::model::node::{ProtocolCounter, SockStat};

/// Kernels print about 400; a bound for a file from outside.
const MAX_COUNTERS: usize = 4096;

/// Pairs of lines, `Tcp: names...` and `Tcp: values...`: snmp and netstat. Sorted by name.
pub fn parse_pairs(text: &str, unread: &mut Unread) -> Vec<ProtocolCounter> {
    let mut counters = Vec::new();
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    while let Some((head_index, head)) = lines.next() {
        let Some((index, line)) = lines.next() else {
            unread.note(head_index, head);
            break;
        };
        let (Some((protocol, names)), Some((same, values))) = (head.split_once(':'), line.split_once(':'))
        else {
            unread.note(index, line);
            continue;
        };
        let Ok(protocol_len) = u8::try_from(protocol.len()) else {
            unread.note(index, line);
            continue;
        };
        if protocol != same {
            unread.note(index, line);
            continue;
        }
        let mut names = names.split_ascii_whitespace();
        let mut whole = true;
        for word in values.split_ascii_whitespace() {
            match (names.next(), word.parse()) {
                (Some(name), Ok(value)) if counters.len() < MAX_COUNTERS => {
                    let name = format!("{protocol}{name}").into();
                    counters.push(ProtocolCounter { name, protocol_len, value });
                }
                _ => whole = false,
            }
        }
        if !whole || names.next().is_some() {
            unread.note(index, line);
        }
    }
    sorted(counters)
}

/// One name and value a line: snmp6. Sorted by name.
pub fn parse_snmp6(text: &str, unread: &mut Unread) -> Vec<ProtocolCounter> {
    let mut counters = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let mut words = line.split_ascii_whitespace();
        match (words.next(), words.next().map(str::parse)) {
            (Some(name), Some(Ok(value))) if counters.len() < MAX_COUNTERS => {
                counters.push(ProtocolCounter { name: name.into(), protocol_len: 0, value });
            }
            _ => unread.note(index, line),
        }
    }
    sorted(counters)
}

fn sorted(mut counters: Vec<ProtocolCounter>) -> Vec<ProtocolCounter> {
    counters.sort_by(|a, b| a.name.cmp(&b.name));
    counters.dedup_by(|a, b| a.name == b.name);
    counters
}

/// Lines are `TCP: inuse 1 orphan 0 ...`; sockstat and sockstat6 fill the same table.
pub fn parse_sockstat(text: &str, sockstat: &mut SockStat, unread: &mut Unread) {
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let Some((protocol, rest)) = line.split_once(':') else {
            unread.note(index, line);
            continue;
        };
        let mut words = rest.split_ascii_whitespace();
        while let Some(word) = words.next() {
            let value = words.next().and_then(|value| value.parse().ok());
            if value.is_none() {
                unread.note(index, line);
                break;
            }
            if let Some(slot) = sockstat.slot(&format!("{protocol}_{word}")) {
                *slot = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(counters: &[ProtocolCounter], name: &str) -> Option<i64> {
        counters.iter().find(|counter| &*counter.name == name).map(|counter| counter.value)
    }

    #[test]
    fn pairs_give_full_names_and_negative_limits() {
        let mut unread = Unread::default();
        let text = "Tcp: RtoMin MaxConn\nTcp: 200 -1\nTcpExt: TCPAbortOnData A\nTcpExt: 13 x\nIp: A\nUdp: 1\nIcmp: A\n";
        let counters = parse_pairs(text, &mut unread);
        assert_eq!(get(&counters, "TcpMaxConn"), Some(-1));
        assert_eq!(get(&counters, "TcpExtTCPAbortOnData"), Some(13));
        assert_eq!(counters.len(), 3);
        assert_eq!(counters.iter().find(|c| &*c.name == "TcpRtoMin").unwrap().parts(), ("Tcp", "RtoMin"));
        assert!(counters.is_sorted_by(|a, b| a.name < b.name));
        assert_eq!((unread.count, unread.first), (3, Some((4, "TcpExt: 13 x".to_owned()))));
    }

    #[test]
    fn snmp6_has_one_name_a_line() {
        let mut unread = Unread::default();
        let counters = parse_snmp6("Ip6InReceives   \t1\nIp6InDiscards\n", &mut unread);
        assert_eq!(get(&counters, "Ip6InReceives"), Some(1));
        assert_eq!(unread.first, Some((2, "Ip6InDiscards".to_owned())));
    }

    #[test]
    fn sockstat_fills_one_table_from_two_files() {
        let mut unread = Unread::default();
        let mut sockstat = SockStat::default();
        parse_sockstat(
            "sockets: used 14\nTCP: inuse 1 orphan 0 tw 2 alloc 1 mem 137\n",
            &mut sockstat,
            &mut unread,
        );
        parse_sockstat("TCP6: inuse 5\nUDP6: inuse\n", &mut sockstat, &mut unread);
        assert_eq!(
            (sockstat.sockets_used, sockstat.tcp_tw, sockstat.tcp6_inuse),
            (Some(14), Some(2), Some(5))
        );
        assert_eq!(sockstat.udp6_inuse, None);
        assert_eq!(unread.first, Some((2, "UDP6: inuse".to_owned())));
    }
}
