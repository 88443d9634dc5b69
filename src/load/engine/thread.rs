//! What the users of one thread have in common.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::watch;

use super::clock::Clock;
use super::deadline::Deadlines;
use super::meter::Meter;
use super::names::Names;
use super::plan::Plan;
use super::shared::{Shared, Stop};
use crate::load::random::Random;

/// How much is read at a time.
const BUFFER: usize = 64 << 10;

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
    pub(super) random: RefCell<Random>,
    pub(super) names: Rc<Names>,
    /// Users that run, and that were made.
    pub(super) vus: Cell<u64>,
    pub(super) vus_max: Cell<u64>,
    pub(super) stop: watch::Receiver<Stop>,
}

impl Thread {
    pub(super) fn new(
        plan: Arc<Plan>,
        shared: Arc<Shared>,
        clock: Clock,
        place: usize,
        stop: watch::Receiver<Stop>,
    ) -> Thread {
        Thread {
            clock,
            place,
            stop,
            meter: RefCell::new(Meter::new(&plan)),
            deadlines: Deadlines::new(&plan),
            buffer: RefCell::new(vec![0; BUFFER].into_boxed_slice()),
            random: RefCell::new(Random::new(plan.seed.wrapping_add(place as u64))),
            names: Rc::new(Names::new(&plan.hosts, plan.dns)),
            vus: Cell::new(0),
            vus_max: Cell::new(0),
            plan,
            shared,
        }
    }

    /// Waits until the run is to end at least so soon.
    pub(super) async fn stopped(&self, at_least: Stop) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop >= at_least).await.is_err() {
            // Whoever could stop it is gone; so is the run.
        }
    }
}
