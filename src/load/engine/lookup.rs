//! The addresses behind names, as one thread knows them: asked for once however many users wait, believed
//! for k6's `dns.ttl`, and handed out in turns so that no address takes all of the load.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use tokio::sync::watch;
use tokio::task::spawn_local;

use super::clock::Clock;
use super::counted::again;
use super::failure::Failure;
use super::plan::Host;
use crate::load::file::{Dns, DnsPolicy, DnsSelect};
use crate::load::span::Span;

/// So many addresses of a name are kept, and all of them are tried before a dial fails.
const MOST_ADDRESSES: usize = 16;

/// Of the hosts of the plan, in its order, and behind them of those that were met since.
#[derive(Debug)]
pub(super) struct Lookups {
    dns: Dns,
    states: RefCell<Vec<State>>,
}

/// `None` until the lookup ends.
type Answer = watch::Receiver<Option<Result<(), Rc<io::Error>>>>;

#[derive(Clone, Debug)]
enum State {
    Unknown,
    UnderWay(Answer),
    Known(Addresses),
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
        Lookups { dns, states: RefCell::default() }
    }

    /// Where nothing was found so far an address that is written as one is known.
    fn state<'a>(states: &'a mut Vec<State>, place: usize, host: &Host) -> &'a mut State {
        if states.len() <= place {
            states.resize(place + 1, State::Unknown);
        }
        let state = &mut states[place];
        if let (State::Unknown, Ok(address)) = (&*state, host.name.parse::<IpAddr>()) {
            let all = [SocketAddr::new(address, host.port)].into();
            *state = State::Known(Addresses { all, preferred: 1, until_ns: u64::MAX, turn: 0 });
        }
        state
    }

    /// In the order in which they should be tried this time. `below` draws a number below another one.
    pub(super) async fn addresses(
        self: &Rc<Self>,
        place: usize,
        host: &Host,
        clock: Clock,
        below: impl Fn(u64) -> u64,
    ) -> Result<Vec<SocketAddr>, Failure> {
        loop {
            let mut answer = {
                let mut states = self.states.borrow_mut();
                let state = Self::state(&mut states, place, host);
                match state {
                    State::Known(known) if clock.now_ns() < known.until_ns => {
                        return Ok(known.hand_out(self.dns.select, &below));
                    }
                    State::UnderWay(answer) => answer.clone(),
                    State::Known(_) | State::Unknown => {
                        let (tell, answer) = watch::channel(None);
                        *state = State::UnderWay(answer.clone());
                        let (names, host) = (Rc::clone(self), host.clone());
                        // A task of its own: whoever asked first may give up before the others.
                        spawn_local(async move {
                            let found = names.look_up(place, &host, clock).await;
                            tell.send_replace(Some(found.map_err(Rc::new)));
                        });
                        answer
                    }
                }
            };
            let told = answer.wait_for(Option::is_some).await;
            match told.as_deref() {
                Ok(Some(Err(error))) => return Err(Failure::Lookup(again(error))),
                Ok(_) => {}
                Err(_) => return Err(Failure::Lookup(io::Error::other("the lookup ended without a result"))),
            }
        }
    }

    async fn look_up(&self, place: usize, host: &Host, clock: Clock) -> io::Result<()> {
        let found = tokio::net::lookup_host((&*host.name, host.port)).await;
        let found = found.and_then(|found| arranged(found.collect(), self.dns.policy));
        let mut states = self.states.borrow_mut();
        match found {
            Ok((all, preferred)) => {
                let now = clock.now_ns();
                // At least as long as it takes those who wait for it to read it.
                let lasts = self.dns.ttl.map_or(u64::MAX, Span::nanos).max(1_000_000_000);
                let known = Addresses { all, preferred, until_ns: now.saturating_add(lasts), turn: 0 };
                states[place] = State::Known(known);
                Ok(())
            }
            Err(error) => {
                states[place] = State::Unknown;
                Err(error)
            }
        }
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
    use std::task::{Context, Waker};

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
    async fn a_literal_address_is_known_and_many_share_one_lookup() {
        let hosts =
            ["192.0.2.7", "::1", "localhost"].map(|name| Host { name: name.into(), port: 80, is_tls: false });
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let names = Rc::new(Lookups::new(Dns::default()));
                let clock = Clock::start();
                for (place, wanted) in [(0, "192.0.2.7:80"), (1, "[::1]:80")] {
                    let found = names.addresses(place, &hosts[place], clock, |_| 0).await.unwrap();
                    assert_eq!(found, [wanted.parse().unwrap()]);
                }
                let ask = || names.addresses(2, &hosts[2], clock, |_| 0);
                // The first gives up while nothing is known; the lookup goes on for the others.
                let impatient = std::pin::pin!(ask()).poll(&mut Context::from_waker(Waker::noop()));
                assert!(impatient.is_pending());
                assert!(matches!(names.states.borrow()[2], State::UnderWay(_)));
                let (one, other) = tokio::join!(ask(), ask());
                assert!(one.unwrap()[0].ip().is_loopback());
                assert!(other.is_ok());
                assert!(matches!(names.states.borrow()[2], State::Known(Addresses { turn: 2, .. })));
            })
            .await;
    }
}
