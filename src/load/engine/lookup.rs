//! The addresses behind names, as one thread knows them: believed for k6's `dns.ttl`, and handed out in turns so that no
//! address takes all of the load. Whoever asks for the same name at one time waits for one lookup: see `resolve`.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use super::clock::Clock;
use super::failure::Failure;
use super::plan::Host;
use crate::load::file::{Dns, DnsPolicy, DnsSelect};
use crate::load::span::Span;
use crate::resolve;

/// So many addresses of a name are kept, and all of them are tried before a dial fails.
const MOST_ADDRESSES: usize = 16;

/// Of the hosts of the plan, in its order, and behind them of those that were met since.
#[derive(Debug)]
pub(super) struct Lookups {
    dns: Dns,
    known: RefCell<Vec<Option<Addresses>>>,
}

/// What a name stands for, and until when that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Addresses {
    all: Rc<[SocketAddr]>,
    /// So many at the front are of the family that is wanted; the others are for want of these.
    preferred: usize,
    until_ns: u64,
    /// How often it was handed out.
    turn: usize,
}

impl Lookups {
    pub(super) fn new(dns: Dns) -> Lookups {
        Lookups { dns, known: RefCell::default() }
    }

    /// In the order in which they should be tried this time. `below` draws a number below another one.
    pub(super) async fn addresses(
        &self,
        place: usize,
        host: &Host,
        clock: Clock,
        below: impl Fn(u64) -> u64,
    ) -> Result<Vec<SocketAddr>, Failure> {
        if let Some(known) = self.known(place, clock, &below) {
            return Ok(known);
        }
        let found = resolve::addresses(&host.name, host.port).await.map_err(Failure::Lookup)?;
        // Others waited for the same, and one of them may have been here before.
        if let Some(known) = self.known(place, clock, &below) {
            return Ok(known);
        }
        let (all, preferred) = arranged(found, self.dns.policy).map_err(Failure::Lookup)?;
        let lasts = self.dns.ttl.map_or(u64::MAX, Span::nanos);
        let mut found = Addresses { all, preferred, until_ns: clock.now_ns().saturating_add(lasts), turn: 0 };
        let first = found.hand_out(self.dns.select, &below);
        let mut known = self.known.borrow_mut();
        if known.len() <= place {
            known.resize(place + 1, None);
        }
        known[place] = Some(found);
        Ok(first)
    }

    /// As long as they are believed.
    fn known(&self, place: usize, clock: Clock, below: &impl Fn(u64) -> u64) -> Option<Vec<SocketAddr>> {
        let mut known = self.known.borrow_mut();
        let known = known.get_mut(place)?.as_mut().filter(|known| clock.now_ns() < known.until_ns)?;
        Some(known.hand_out(self.dns.select, below))
    }
}

impl Addresses {
    fn hand_out(&mut self, select: DnsSelect, below: impl Fn(u64) -> u64) -> Vec<SocketAddr> {
        let first = match select {
            DnsSelect::First => 0,
            DnsSelect::Random => below(self.preferred as u64) as usize,
            DnsSelect::RoundRobin => self.turn % self.preferred,
        };
        self.turn = self.turn.wrapping_add(1);
        let mut all = self.all.to_vec();
        all[..self.preferred].rotate_left(first);
        all
    }
}

/// Those of the policy, the wanted family first, and how many are of that family.
fn arranged(mut found: Vec<SocketAddr>, policy: DnsPolicy) -> io::Result<(Rc<[SocketAddr]>, usize)> {
    match policy {
        DnsPolicy::Any => {}
        DnsPolicy::OnlyIpv4 => found.retain(SocketAddr::is_ipv4),
        DnsPolicy::OnlyIpv6 => found.retain(SocketAddr::is_ipv6),
        DnsPolicy::PreferIpv4 => found.sort_by_key(SocketAddr::is_ipv6),
        DnsPolicy::PreferIpv6 => found.sort_by_key(SocketAddr::is_ipv4),
    }
    found.truncate(MOST_ADDRESSES);
    let Some(first) = found.first() else {
        return Err(io::Error::other("No address associated with the name"));
    };
    let preferred = match policy {
        DnsPolicy::Any => found.len(),
        _ => found.iter().filter(|address| address.is_ipv4() == first.is_ipv4()).count(),
    };
    Ok((found.into(), preferred))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 80)).collect()
    }

    #[test]
    fn the_policy_says_which_family_comes_first() {
        let found = ["::1", "192.0.2.1", "::2", "192.0.2.2", "192.0.2.3"];
        for (policy, wanted, preferred) in [
            (DnsPolicy::Any, &found[..], 5),
            (DnsPolicy::PreferIpv4, &["192.0.2.1", "192.0.2.2", "192.0.2.3", "::1", "::2"], 3),
            (DnsPolicy::PreferIpv6, &["::1", "::2", "192.0.2.1", "192.0.2.2", "192.0.2.3"], 2),
            (DnsPolicy::OnlyIpv4, &["192.0.2.1", "192.0.2.2", "192.0.2.3"], 3),
            (DnsPolicy::OnlyIpv6, &["::1", "::2"], 2),
        ] {
            let (all, count) = arranged(addresses(&found), policy).unwrap();
            assert_eq!((&*all, count), (&*addresses(wanted), preferred), "{policy:?}");
        }
        let none = arranged(addresses(&["::1"]), DnsPolicy::OnlyIpv4).unwrap_err();
        assert_eq!(Failure::Lookup(none).code(), super::super::ErrorCode(1101));
        let many: Vec<SocketAddr> = (0..100).map(|last| SocketAddr::from(([192, 0, 2, last], 80))).collect();
        assert_eq!(arranged(many, DnsPolicy::Any).unwrap().0.len(), MOST_ADDRESSES);
    }

    #[test]
    fn addresses_take_turns_and_the_other_family_stays_behind() {
        let (all, preferred) =
            arranged(addresses(&["192.0.2.1", "192.0.2.2", "::1"]), DnsPolicy::PreferIpv4).unwrap();
        let mut known = Addresses { all, preferred, until_ns: 0, turn: 0 };
        let mut firsts = |select| -> Vec<String> {
            let drawn = std::cell::Cell::new(0);
            let below = |bound| {
                drawn.set(drawn.get() + 1);
                drawn.get() % bound
            };
            let mut hand_out = || known.hand_out(select, below);
            let orders = [hand_out(), hand_out(), hand_out()];
            assert!(orders.iter().all(|order| order.len() == 3 && order[2].is_ipv6()));
            orders.iter().map(|order| order[0].ip().to_string()).collect()
        };
        assert_eq!(firsts(DnsSelect::RoundRobin), ["192.0.2.1", "192.0.2.2", "192.0.2.1"]);
        assert_eq!(firsts(DnsSelect::Random), ["192.0.2.2", "192.0.2.1", "192.0.2.2"]);
        assert_eq!(firsts(DnsSelect::First), ["192.0.2.1"; 3]);
    }

    #[tokio::test]
    async fn what_was_found_is_known_until_its_time_is_over() {
        let host = |name: &str| Host { name: name.into(), port: 80, is_tls: false };
        let clock = Clock::start();
        let lookups = Lookups::new(Dns::default());
        for (place, name, wanted) in [(0, "192.0.2.7", "192.0.2.7:80"), (3, "::1", "[::1]:80")] {
            let found = lookups.addresses(place, &host(name), clock, |_| 0).await.unwrap();
            assert_eq!(found, [wanted.parse().unwrap()]);
        }
        let local = host("localhost");
        let ask = || lookups.addresses(1, &local, clock, |_| 0);
        let (one, other) = tokio::join!(ask(), ask());
        assert!(one.unwrap()[0].ip().is_loopback() && other.is_ok());
        assert_eq!(lookups.known.borrow()[1].as_ref().unwrap().turn, 2);
        let forgetful = Lookups::new(Dns { ttl: Some(Span::default()), ..Dns::default() });
        assert!(forgetful.addresses(0, &local, clock, |_| 0).await.is_ok());
        assert!(forgetful.known(0, clock, &|_| 0).is_none());
    }
}
