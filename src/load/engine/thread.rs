//! What the users of one thread have in common.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};

use super::clock::Clock;
use super::deadline::Deadlines;
use super::lookup::Lookups;
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
/// Servers that a thread remembers.
const MOST_HOSTS: usize = 10_000;

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
    pub(super) lookups: Lookups,
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
            lookups: Lookups::new(plan.options.dns),
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
        let host = Host::of(origin);
        let mut hosts = self.hosts.borrow_mut();
        if let Some(known) = hosts.iter().position(|known| *known == host) {
            return Ok(known);
        }
        if hosts.len() >= MOST_HOSTS {
            return Err("names one more server than a run may meet");
        }
        hosts.push(host);
        Ok(hosts.len() - 1)
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
