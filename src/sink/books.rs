//! The numbers behind the account's lock.

use std::collections::VecDeque;

use super::account::Rules;
use super::config::Order;
use super::parcel::Parcel;
use super::spool::{Keep, Stats, Ticket, Totals, TotalsFile, Waker};
use super::status::{State, Status};
use crate::model::ledger::Ledger;

/// Points by reason.
pub(super) type Tally = Vec<(&'static str, u64)>;

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub(super) struct Books {
    pub(super) rules: Rules,
    pub(super) waiting: VecDeque<Parcel>,
    waiting_points: u64,
    waiting_bytes: usize,
    /// On the way from memory to disk.
    pub(super) moving_points: u64,
    pub(super) moving_bytes: usize,
    pub(super) spooled_points: u64,
    pub(super) spooled_records: u64,
    in_flight_points: u64,
    in_flight_bytes: usize,
    pub(super) produced: u64,
    pub(super) acknowledged: u64,
    pub(super) rejected: Tally,
    pub(super) dropped: Tally,
    pub(super) filtered: u64,
    /// The number of the last record on disk that is settled.
    pub(super) settled_seq: u64,
    pub(super) status: Status,
    pub(super) closed: bool,
    /// The request in flight takes long.
    pub(super) is_slow: bool,
    /// Everything that waits goes to disk.
    pub(super) is_ending: bool,
    /// There is a spool that takes what is given to it.
    pub(super) can_spool: bool,
    pub(super) waker: Option<Waker>,
    /// What was taken from memory and is not settled.
    pub(super) hand: Option<Hand>,
    taken: u64,
    /// What another account takes over.
    pub(super) left: Vec<Parcel>,
    totals: Option<Kept>,
}

/// A parcel from memory in the hands of the delivery. What waits behind it goes to disk only after it, or it would
/// come after them.
#[derive(Debug)]
pub(super) struct Hand {
    pub(super) number: u64,
    /// Absent once it was cut apart.
    pub(super) parcel: Option<Parcel>,
    /// Where it stands on disk by now.
    pub(super) ticket: Option<Ticket>,
}

/// The account of all runs and its file.
#[derive(Debug)]
struct Kept {
    file: TotalsFile,
    /// Of the runs before this one; absent where their account is lost and what they left was not counted yet.
    before: Option<Totals>,
    /// What they left was counted: their part has nothing queued any more, what was is in our numbers.
    is_counted: bool,
    written: Totals,
}

impl Books {
    pub(super) fn new(rules: Rules) -> Books {
        Books {
            rules,
            waiting: VecDeque::new(),
            waiting_points: 0,
            waiting_bytes: 0,
            moving_points: 0,
            moving_bytes: 0,
            spooled_points: 0,
            spooled_records: 0,
            in_flight_points: 0,
            in_flight_bytes: 0,
            produced: 0,
            acknowledged: 0,
            rejected: Tally::new(),
            dropped: Tally::new(),
            filtered: 0,
            settled_seq: 0,
            status: Status::default(),
            closed: false,
            is_slow: false,
            is_ending: false,
            can_spool: false,
            waker: None,
            hand: None,
            taken: 0,
            left: Vec::new(),
            totals: None,
        }
    }

    pub(super) fn put(&mut self, parcel: Parcel, end: fn(&mut VecDeque<Parcel>, Parcel)) {
        self.waiting_points += parcel.points();
        self.waiting_bytes += parcel.bytes();
        end(&mut self.waiting, parcel);
    }

    pub(super) fn take(&mut self) -> Option<Parcel> {
        let parcel = self.waiting.pop_front()?;
        self.waiting_points -= parcel.points();
        self.waiting_bytes -= parcel.bytes();
        Some(parcel)
    }

    pub(super) fn fly(&mut self, parcel: &Parcel) {
        self.in_flight_points += parcel.points();
        self.in_flight_bytes += parcel.bytes();
    }

    pub(super) fn take_in_hand(&mut self, parcel: &Parcel) {
        self.taken += 1;
        self.hand = Some(Hand { number: self.taken, parcel: Some(parcel.clone()), ticket: None });
        self.fly(parcel);
    }

    /// Where no part of it is under way any more.
    pub(super) fn empty_hand(&mut self) -> Option<Ticket> {
        if self.in_flight_points > 0 {
            return None;
        }
        self.hand.take()?.ticket
    }

    /// Whether what waits would overtake what is in hand by going to disk.
    pub(super) fn would_overtake(&self) -> bool {
        self.rules.order == Order::OldestFirst && self.hand.as_ref().is_some_and(|hand| hand.ticket.is_none())
    }

    pub(super) fn land(&mut self, parcel: &Parcel) {
        self.in_flight_points -= parcel.points();
        self.in_flight_bytes -= parcel.bytes();
    }

    pub(super) fn unmove(&mut self, parcel: &Parcel) {
        self.moving_points -= parcel.points();
        self.moving_bytes -= parcel.bytes();
    }

    pub(super) fn drop_waiting(&mut self, reason: &'static str) {
        while let Some(parcel) = self.take() {
            add(&mut self.dropped, reason, parcel.points());
        }
    }

    /// Drops the oldest of what waits while memory holds too much.
    pub(super) fn keep_bounds(&mut self) {
        while self.waiting_points + self.moving_points + self.in_flight_points > self.rules.queue_points
            || self.waiting_bytes + self.moving_bytes + self.in_flight_bytes > self.rules.queue_bytes
        {
            let Some(oldest) = self.take() else { break };
            add(&mut self.dropped, "queue_full", oldest.points());
        }
    }

    /// Points on disk that are given up.
    pub(super) fn give(&mut self, given: &[(&'static str, u64)]) {
        for &(reason, points) in given {
            self.spooled_points = self.spooled_points.saturating_sub(points);
            add(&mut self.dropped, reason, points);
        }
    }

    /// Whether what waits should be on disk.
    pub(super) fn is_behind(&self) -> bool {
        let is_late = self.is_slow
            || self.is_ending
            || matches!(self.status.state, State::Retrying | State::Held)
            || self.waiting_bytes > self.rules.memory_bytes;
        self.can_spool && (self.rules.keep == Keep::Always || is_late)
    }

    /// With `keep: always` nothing is sent that is not on disk.
    pub(super) fn must_be_kept_first(&self) -> bool {
        self.can_spool && self.rules.keep == Keep::Always
    }

    /// What is new is sent from memory, before what is on disk.
    pub(super) fn sends_fresh(&self) -> bool {
        self.rules.order == Order::FreshFirst && !self.must_be_kept_first()
    }

    pub(super) fn wake_if_behind(&self) {
        let is_something = !self.waiting.is_empty() || self.would_overtake();
        if let Some(waker) = self.waker.as_ref().filter(|_| is_something && self.is_behind()) {
            waker.wake();
        }
    }

    pub(super) fn ledger(&self) -> Ledger {
        Ledger {
            produced: self.produced,
            acknowledged: self.acknowledged,
            rejected: self.rejected.clone(),
            queued: self.queued(),
            dropped: self.dropped.clone(),
        }
    }

    fn queued(&self) -> u64 {
        self.waiting_points + self.moving_points + self.spooled_points + self.in_flight_points
    }

    pub(super) fn status(&self) -> Status {
        Status {
            memory_points: self.waiting_points + self.moving_points + self.in_flight_points,
            memory_bytes: (self.waiting_bytes + self.moving_bytes + self.in_flight_bytes) as u64,
            memory_points_limit: self.rules.queue_points,
            spooled_points: self.spooled_points,
            filtered: self.filtered,
            ..self.status.clone()
        }
    }

    /// See [`super::account::Account::claimed`].
    pub(super) fn claim_spool(&mut self, file: TotalsFile, known: Option<Totals>) {
        self.status.keeps_totals = known.is_some();
        self.totals = Some(Kept { file, before: known, is_counted: false, written: Totals::default() });
    }

    /// See [`super::account::Account::opened`].
    pub(super) fn open_spool(&mut self, found: Stats, is_damaged: bool) -> u64 {
        let before = self.totals.as_ref().and_then(|kept| kept.before).unwrap_or_default();
        let lost = before.queued().saturating_sub(found.points);
        self.spooled_points += found.points;
        self.spooled_records += found.records;
        self.produced += found.points + lost;
        if lost > 0 {
            add(&mut self.dropped, if is_damaged { "spool_corrupt" } else { "process_killed" }, lost);
        }
        // What was under way then is produced again now, or lost.
        let settled = before.acknowledged + before.rejected + before.dropped;
        if let Some(kept) = &mut self.totals {
            kept.before = Some(Totals { produced: settled, ..before });
            kept.is_counted = true;
        }
        self.status.keeps_totals = self.totals.is_some();
        self.can_spool = true;
        self.status.is_spool_open = true;
        lost
    }

    /// What is on disk stays there. At the end of a run, what the disk did not take is lost; otherwise it is another
    /// account's, and not in the one on disk.
    pub(super) fn close_spool(&mut self) {
        if self.closed {
            self.drop_waiting("shutdown");
        } else {
            let waiting = self.hand_over();
            self.left.extend(waiting);
        }
        self.can_spool = false;
        self.status.is_spool_open = false;
        self.waker = None;
        self.keep_totals();
        self.totals = None;
        self.status.keeps_totals = false;
    }

    /// The records on disk, as their keeper counts them; true where that is news.
    pub(super) fn agree(&mut self, stats: &Stats) -> bool {
        std::mem::replace(&mut self.spooled_records, stats.records) != stats.records
    }

    /// All that waits, for another account to take over: it was never this one's.
    pub(super) fn hand_over(&mut self) -> Vec<Parcel> {
        let parcels: Vec<Parcel> = std::iter::from_fn(|| self.take()).collect();
        self.produced -= parcels.iter().map(Parcel::points).sum::<u64>();
        parcels
    }

    /// Since the spool was made; `None` without one, and until what earlier runs left was counted.
    pub(super) fn lifetime(&self) -> Option<Totals> {
        self.totals.as_ref().filter(|kept| kept.is_counted)?;
        self.of_all_runs()
    }

    /// What the file should say: a run that is killed before it counted what it found leaves that to the next.
    fn of_all_runs(&self) -> Option<Totals> {
        let before = self.totals.as_ref()?.before?;
        let sum = |tally: &Tally| tally.iter().map(|(_, points)| points).sum::<u64>();
        Some(Totals {
            produced: before.produced + self.produced,
            acknowledged: before.acknowledged + self.acknowledged,
            rejected: before.rejected + sum(&self.rejected),
            dropped: before.dropped + sum(&self.dropped),
            settled_seq: self.settled_seq.max(before.settled_seq),
        })
    }

    /// Writes the account of all runs where it changed. That it cannot be written shows at the spool itself.
    pub(super) fn keep_totals(&mut self) {
        let Some(totals) = self.of_all_runs() else { return };
        if let Some(kept) = &mut self.totals
            && kept.written != totals
            && kept.file.write(&totals).is_ok()
        {
            kept.written = totals;
        }
    }
}

/// No points are no entry.
pub(super) fn add(tally: &mut Tally, reason: &'static str, points: u64) {
    if points == 0 {
        return;
    }
    match tally.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, sum)) => *sum += points,
        None => tally.push((reason, points)),
    }
}
