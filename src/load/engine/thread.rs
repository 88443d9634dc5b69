//! What the users of one thread have in common.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};

use super::clock::Clock;
use super::deadline::Deadlines;
use super::meter::Meter;
use super::note::Spot;
use super::numbers::Numbers;
use super::plan::{Host, Plan};
use super::report::Told;
use super::shared::{Shared, Stop};
use crate::load::protocol::Origin;
use crate::load::random::Random;

/// How much is read at a time.
const BUFFER: usize = 64 << 10;

/// What a name stands for, and until when that is believed.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pub(super) all: Vec<SocketAddr>,
    pub(super) until_ns: u64,
}

/// One thread and its users.
pub(super) struct Thread {
    pub(super) plan: Arc<Plan>,
    pub(super) shared: Arc<Shared>,
    pub(super) clock: Clock,
    /// Which of the threads it is.
    pub(super) place: usize,
    pub(super) meter: RefCell<Meter>,
    pub(super) deadlines: Deadlines,
    pub(super) buffer: RefCell<Box<[u8]>>,
    /// For what is written out of its order.
    pub(super) scratch: RefCell<Vec<u8>>,
    pub(super) random: RefCell<Random>,
    /// Those of the plan, and behind them those that were met since.
    hosts: RefCell<Vec<Host>>,
    addresses: RefCell<Vec<Option<Addresses>>>,
    /// How many connections were to be opened.
    pub(super) dials: Cell<usize>,
    /// Of users, by scenario.
    pub(super) numbers: Vec<Numbers>,
    /// Users that run, and that were made.
    pub(super) vus: Cell<u64>,
    pub(super) vus_max: Cell<u64>,
    pub(super) stop: watch::Receiver<Stop>,
    tell: mpsc::UnboundedSender<Told>,
    /// What was told once: by scenario and a place in its flow.
    told: RefCell<BTreeSet<(usize, Spot)>>,
}

impl Thread {
    pub(super) fn new(
        plan: Arc<Plan>,
        shared: Arc<Shared>,
        clock: Clock,
        place: usize,
        stop: watch::Receiver<Stop>,
        tell: mpsc::UnboundedSender<Told>,
    ) -> Thread {
        Thread {
            scratch: RefCell::default(),
            hosts: RefCell::new(plan.hosts.clone()),
            dials: Cell::new(place),
            numbers: Numbers::of(&plan, &shared, place),
            tell,
            told: RefCell::default(),
            clock,
            place,
            stop,
            meter: RefCell::new(Meter::new(&plan)),
            deadlines: Deadlines::new(&plan),
            buffer: RefCell::new(vec![0; BUFFER].into_boxed_slice()),
            random: RefCell::new(Random::new(plan.seed.wrapping_add(place as u64))),
            addresses: RefCell::new(vec![None; plan.hosts.len()]),
            vus: Cell::new(0),
            vus_max: Cell::new(0),
            plan,
            shared,
        }
    }

    /// The server at a place.
    pub(super) fn host(&self, place: usize) -> Host {
        self.hosts.borrow()[place].clone()
    }

    /// The place of a server that is met while the run goes; on failure what is wrong with it.
    pub(super) fn place_of(&self, origin: &Origin) -> Result<usize, &'static str> {
        let host = Host::of(origin)?;
        let mut hosts = self.hosts.borrow_mut();
        let known = hosts.iter().position(|known| *known == host);
        Ok(known.unwrap_or_else(|| {
            hosts.push(host);
            self.addresses.borrow_mut().push(None);
            hosts.len() - 1
        }))
    }

    /// What was found of a server, as long as it is believed.
    pub(super) fn known(&self, place: usize, now_ns: u64) -> Option<Vec<SocketAddr>> {
        let addresses = self.addresses.borrow();
        addresses[place].as_ref().filter(|known| now_ns < known.until_ns).map(|known| known.all.clone())
    }

    pub(super) fn learn(&self, place: usize, found: Addresses) {
        self.addresses.borrow_mut()[place] = Some(found);
    }

    /// Tells something of a place in a flow, once.
    pub(super) fn note(&self, scenario: usize, place: Spot, text: impl FnOnce() -> String) {
        if self.told.borrow_mut().insert((scenario, place)) {
            self.tell(Told::Note(text()));
        }
    }

    pub(super) fn tell(&self, what: Told) {
        // Without a coordinator nobody wants to know.
        let _told = self.tell.send(what);
    }

    /// Waits for the turn of a request, where there is a rate; returns when that is.
    pub(super) async fn turn(&self, wanted: u64) -> u64 {
        if !self.shared.has_rate() {
            return wanted;
        }
        let turn = self.shared.turn(self.clock.now_ns());
        tokio::time::sleep(self.clock.until(turn)).await;
        self.clock.now_ns()
    }

    /// By the wall clock, for cookies that end.
    pub(super) fn wall_s() -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    /// Waits until the run is to end at least so soon.
    pub(super) async fn stopped(&self, at_least: Stop) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop >= at_least).await.is_err() {
            // Whoever could stop it is gone; so is the run.
        }
    }
}
