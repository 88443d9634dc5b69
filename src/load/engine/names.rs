//! Which addresses stand behind a name, by the options `hosts`, `blockHostnames`, `blacklistIPs` and `dns`.
//!
//! Source: k6 `lib/netext/dialer.go`, `lib/types/hosts.go`, `lib/types/hostnametrie.go`.

use std::net::{IpAddr, SocketAddr};

use crate::load::file::{Dns, DnsPolicy, DnsSelect, Options};
use crate::load::random::Random;

/// What is said of names and addresses before the run.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// A name, perhaps with a port or with `*.` in front, and where it really is; the longest first.
    instead: Box<[(Pattern, Place)]>,
    blocked: Box<[Pattern]>,
    blacklist: Box<[Network]>,
    dns: Dns,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    /// In small letters, without the star; empty for every name.
    name: Box<str>,
    is_suffix: bool,
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    address: IpAddr,
    port: Option<u16>,
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Names {
    /// On failure each thing that is wrong.
    pub(super) fn of(options: &Options) -> Result<Names, Vec<String>> {
        let mut problems = Vec::new();
        let mut instead = Vec::new();
        for (name, to) in &options.hosts {
            match place(to) {
                Some(place) => instead.push((Pattern::of(name), place)),
                None => problems.push(format!(
                    "options.hosts.{name}: \"{to}\" is no address; allowed: one such as 127.0.0.1 or 127.0.0.1:8080"
                )),
            }
        }
        instead.sort_by_key(|(pattern, _)| {
            (pattern.is_suffix, pattern.port.is_none(), usize::MAX - pattern.name.len())
        });
        let mut blacklist = Vec::new();
        for text in &options.blacklist_ips {
            match Network::of(text) {
                Some(network) => blacklist.push(network),
                None => problems.push(format!(
                    "options.blacklistIPs: \"{text}\" is no network; allowed: one such as 10.0.0.0/8"
                )),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Names {
            instead: instead.into(),
            blocked: options.block_hostnames.iter().map(|name| Pattern::of(name)).collect(),
            blacklist: blacklist.into(),
            dns: options.dns,
        })
    }

    pub(super) fn is_blocked(&self, host: &str) -> bool {
        self.blocked.iter().any(|pattern| pattern.is_met(host, None))
    }

    pub(super) fn is_blacklisted(&self, address: IpAddr) -> bool {
        self.blacklist.iter().any(|network| network.has(address))
    }

    /// Where a server is that is not to be looked up.
    pub(super) fn instead_of(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let (_, place) = self.instead.iter().find(|(pattern, _)| pattern.is_met(host, Some(port)))?;
        Some(SocketAddr::new(place.address, place.port.unwrap_or(port)))
    }

    /// How long a name is believed, in nanoseconds.
    pub(super) fn last_ns(&self) -> u64 {
        self.dns.ttl.map_or(u64::MAX, crate::load::span::Span::nanos)
    }

    /// What is left of a name's addresses, those that are tried first in front.
    pub(super) fn allowed(&self, mut found: Vec<SocketAddr>) -> Vec<SocketAddr> {
        match self.dns.policy {
            DnsPolicy::Any => {}
            DnsPolicy::OnlyIpv4 => found.retain(SocketAddr::is_ipv4),
            DnsPolicy::OnlyIpv6 => found.retain(SocketAddr::is_ipv6),
            DnsPolicy::PreferIpv4 => found.sort_by_key(SocketAddr::is_ipv6),
            DnsPolicy::PreferIpv6 => found.sort_by_key(SocketAddr::is_ipv4),
        }
        found
    }

    /// Puts the one in front that is this connection's, of those of the first one's family. `turn` counts connections.
    pub(super) fn select(&self, addresses: &mut [SocketAddr], turn: usize, random: &mut Random) {
        let Some(first) = addresses.first().map(SocketAddr::is_ipv4) else { return };
        let alike = match self.dns.policy {
            DnsPolicy::Any => addresses.len(),
            _ => addresses.iter().take_while(|address| address.is_ipv4() == first).count(),
        };
        let by = match self.dns.select {
            DnsSelect::First => 0,
            DnsSelect::Random => random.below(alike as u64) as usize,
            DnsSelect::RoundRobin => turn % alike,
        };
        addresses[..alike].rotate_left(by);
    }
}

impl Pattern {
    fn of(text: &str) -> Pattern {
        let (name, port) = match text.rsplit_once(':') {
            // An IPv6 address has more than one colon.
            Some((name, port)) if !name.contains(':') => match port.parse() {
                Ok(port) => (name, Some(port)),
                Err(_) => (text, None),
            },
            _ => (text, None),
        };
        let (name, is_suffix) = name.strip_prefix('*').map_or((name, false), |rest| (rest, true));
        Pattern { name: name.to_ascii_lowercase().into(), is_suffix, port }
    }

    fn is_met(&self, host: &str, port: Option<u16>) -> bool {
        let host = host.to_ascii_lowercase();
        let is_named = if self.is_suffix { host.ends_with(&*self.name) } else { host == *self.name };
        is_named && (self.port.is_none() || self.port == port)
    }
}

fn place(text: &str) -> Option<Place> {
    let bare = text.parse().map(|address| Place { address, port: None });
    let whole =
        || text.parse().map(|place: SocketAddr| Place { address: place.ip(), port: Some(place.port()) });
    bare.or_else(|_| whole()).ok()
}

impl Network {
    /// One address alone is a network, too.
    fn of(text: &str) -> Option<Network> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(one, bits)| (one, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Network { address, bits })
    }

    fn has(&self, address: IpAddr) -> bool {
        let same = |one: u128, other: u128, width: u32| {
            let rest = width - self.bits;
            rest == width || (one ^ other) >> rest == 0
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same(own.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(options: Options) -> Names {
        Names::of(&options).unwrap()
    }

    #[test]
    fn names_stand_for_addresses() {
        let hosts = [("h", "10.0.0.1"), ("h:81", "10.0.0.2:8081"), ("*.h", "10.0.0.3"), ("v", "[::1]:5")];
        let hosts = hosts.map(|(name, to)| (name.to_owned(), to.to_owned())).into();
        let names = names(Options { hosts, ..Options::default() });
        for (host, port, expected) in [
            ("h", 80, Some("10.0.0.1:80")),
            ("H", 81, Some("10.0.0.2:8081")),
            ("a.h", 81, Some("10.0.0.3:81")),
            ("v", 80, Some("[::1]:5")),
            ("ah", 80, None),
        ] {
            let found = names.instead_of(host, port).map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{host}:{port}");
        }
        let wrong = Options {
            hosts: [("h".to_owned(), "there".to_owned())].into(),
            blacklist_ips: vec!["10.0.0.0/33".to_owned()],
            ..Options::default()
        };
        let told = Names::of(&wrong).unwrap_err();
        assert!(told[0].contains("\"there\" is no address") && told[1].contains("10.0.0.0/33"), "{told:?}");
    }

    #[test]
    fn names_and_addresses_can_be_forbidden() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let names = names(Options {
            block_hostnames: texts(&["*.bad", "worse"]),
            blacklist_ips: texts(&["10.0.0.0/8", "192.168.1.1", "fd00::/8", "0.0.0.0/32"]),
            ..Options::default()
        });
        for (host, expected) in [("a.bad", true), ("bad", false), ("WORSE", true), ("a.worse", false)] {
            assert_eq!(names.is_blocked(host), expected, "{host}");
        }
        for (address, expected) in [
            ("10.200.3.4", true),
            ("11.0.0.1", false),
            ("192.168.1.1", true),
            ("192.168.1.2", false),
            ("::ffff:10.0.0.1", true),
            ("fd12::1", true),
            ("fe80::1", false),
        ] {
            assert_eq!(names.is_blacklisted(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn of_several_addresses_one_is_first() {
        let all: Vec<SocketAddr> =
            ["[::1]:1", "1.1.1.1:1", "2.2.2.2:1"].map(|text| text.parse().unwrap()).into();
        for (policy, left) in [
            (DnsPolicy::PreferIpv4, "1.1.1.1:1 2.2.2.2:1 [::1]:1"),
            (DnsPolicy::PreferIpv6, "[::1]:1 1.1.1.1:1 2.2.2.2:1"),
            (DnsPolicy::OnlyIpv4, "1.1.1.1:1 2.2.2.2:1"),
            (DnsPolicy::OnlyIpv6, "[::1]:1"),
            (DnsPolicy::Any, "[::1]:1 1.1.1.1:1 2.2.2.2:1"),
        ] {
            let dns = Dns { policy, select: DnsSelect::RoundRobin, ..Dns::default() };
            let names = names(Options { dns, ..Options::default() });
            let mut found = names.allowed(all.clone());
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(shown.join(" "), left, "{policy:?}");
            let second = found[1 % found.len()];
            names.select(&mut found, 1, &mut Random::new(1));
            let is_mixed = policy == DnsPolicy::PreferIpv6 || policy == DnsPolicy::OnlyIpv6;
            assert_eq!(found[0] == second, !is_mixed || found.len() == 1, "{policy:?}");
        }
    }
}
