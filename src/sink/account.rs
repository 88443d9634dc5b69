//! What waits and its account behind one lock: produced = acknowledged + rejected + queued + dropped whenever
//! anyone looks, because points change state only inside of it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::books::{Books, add};
use super::config::Order;
use super::parcel::Parcel;
use super::spool::{Keep, Ticket, Totals};
use super::status::{State, Status};
use crate::model::ledger::Ledger;

/// Bounds and rules of what waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) queue_points: u64,
    pub(super) queue_bytes: usize,
    pub(super) order: Order,
    /// A newer parcel makes those that wait pointless.
    pub(super) newest_only: bool,
    pub(super) keep: Keep,
    /// The most bytes that wait in memory while there is a spool.
    pub(super) memory_bytes: usize,
}

/// Shared by those who push, the task that delivers and the thread of the spool.
#[derive(Debug)]
pub(super) struct Account {
    books: Mutex<Books>,
    /// Something waits to be sent.
    pub(super) work: Notify,
    /// Something in the books changed.
    pub(super) changed: Notify,
}

/// Where the next parcel is.
#[derive(Debug)]
pub(super) enum Source {
    Memory(Parcel),
    Spool,
    Nowhere,
}

impl Account {
    pub(super) fn new(rules: Rules) -> Account {
        Account { books: Mutex::new(Books::new(rules)), work: Notify::new(), changed: Notify::new() }
    }

    /// The books are sound even if a holder of the lock panicked: no change is left half done by a panic,
    /// since none of the changes below can.
    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Books) -> T) -> T {
        let result = {
            let mut books = self.books();
            let result = change(&mut books);
            books.keep_totals();
            result
        };
        self.changed.notify_waiters();
        result
    }

    pub(super) fn set_rules(&self, rules: Rules) {
        self.change(|books| books.rules = rules);
    }

    /// Takes in a batch; where that exceeds a bound, the oldest waiting ones are dropped. Never waits.
    pub(super) fn push(&self, parcel: Parcel) {
        self.change(|books| {
            books.produced += parcel.points();
            if books.closed {
                add(&mut books.dropped, "shutdown", parcel.points());
                return;
            }
            if books.rules.newest_only {
                books.drop_waiting("superseded");
            }
            books.put(parcel, VecDeque::push_back);
            books.keep_bounds();
            books.wake_if_behind();
        });
        self.work.notify_one();
    }

    /// Points that the sink's filter left out: they were never the sink's.
    pub(super) fn filtered(&self, points: u64) {
        self.change(|books| books.filtered += points);
    }

    /// The next parcel; one from memory counts as in flight until one of the methods below settles it.
    pub(super) fn take(&self) -> Source {
        self.change(|books| {
            let is_fresh = books.sends_fresh() && !books.waiting.is_empty();
            if !is_fresh && books.spooled_records > 0 {
                return Source::Spool;
            }
            // What is on its way to the disk is older than what waits.
            if books.moving_points > 0 && books.rules.order == Order::OldestFirst
                || books.must_be_kept_first()
            {
                return Source::Nowhere;
            }
            match books.take() {
                Some(parcel) => {
                    books.take_in_hand(&parcel);
                    Source::Memory(parcel)
                }
                None => Source::Nowhere,
            }
        })
    }

    pub(super) fn begun_request(&self) {
        self.change(|books| books.status.requests += 1);
    }

    /// A request takes long: what waits behind it goes to disk.
    pub(super) fn slow_request(&self) {
        self.change(|books| {
            books.is_slow = true;
            books.wake_if_behind();
        });
    }

    pub(super) fn ended_request(&self, nanoseconds: u64, is_good: bool) {
        self.change(|books| {
            books.is_slow = false;
            books.status.last_request_ns = Some(nanoseconds);
            books.status.failed_requests += u64::from(!is_good);
        });
    }

    /// All of these is settled: so many points rejected for each reason, the others acknowledged. `seq` is the record
    /// that is settled with them.
    ///
    /// Returns the record of what was in hand where it was put on disk just now; it has to be marked.
    #[must_use]
    pub(super) fn settle(
        &self,
        parcels: &[Parcel],
        refused: &[(&'static str, u64)],
        seq: Option<u64>,
    ) -> Option<Ticket> {
        self.change(|books| {
            books.settled_seq = seq.unwrap_or(books.settled_seq);
            let (mut points, mut bytes) = (0, 0);
            for parcel in parcels {
                books.land(parcel);
                points += parcel.points();
                bytes += parcel.bytes() as u64;
            }
            let kept = books.empty_hand();
            let mut left = points;
            for &(reason, points) in refused {
                let points = points.min(left);
                left -= points;
                add(&mut books.rejected, reason, points);
            }
            books.acknowledged += left;
            if left > 0 || points == 0 {
                books.status.acknowledged_bytes += bytes;
            }
            kept
        })
    }

    /// A parcel in flight becomes parts in flight that hold the same points.
    pub(super) fn part(&self, parcel: &Parcel, parts: &[Parcel]) {
        debug_assert_eq!(parcel.points(), parts.iter().map(Parcel::points).sum::<u64>());
        self.change(|books| {
            if let Some(hand) = &mut books.hand {
                hand.parcel = None;
            }
            books.land(parcel);
            for part in parts {
                books.fly(part);
            }
        });
    }

    /// Where the parcel in hand stands on disk, if it was put there while it was under way.
    pub(super) fn hand_ticket(&self) -> Option<Ticket> {
        self.change(|books| {
            let ticket = books.hand.as_mut()?.ticket.take()?;
            books.hand = None;
            Some(ticket)
        })
    }

    /// Back to the front of what waits. Returns the record of what was in hand where it was put on disk just now: it has
    /// to be marked, for what waits is the same.
    #[must_use]
    pub(super) fn put_back(&self, parcels: Vec<Parcel>) -> Option<Ticket> {
        self.change(|books| {
            let kept = books.hand.take().and_then(|hand| hand.ticket);
            for parcel in parcels.into_iter().rev() {
                books.land(&parcel);
                if books.rules.newest_only && !books.waiting.is_empty() {
                    add(&mut books.dropped, "superseded", parcel.points());
                } else {
                    books.put(parcel, VecDeque::push_front);
                }
            }
            books.keep_bounds();
            books.wake_if_behind();
            kept
        })
    }

    /// A record goes back to disk, where it still is.
    pub(super) fn returned_to_spool(&self, parts: &[Parcel]) {
        self.change(|books| {
            for part in parts {
                books.land(part);
                books.spooled_points += part.points();
            }
            books.spooled_records += 1;
        });
    }

    /// Gives up what waits in memory; what is pushed later is given up at once. What is on disk stays queued.
    pub(super) fn close(&self) {
        self.change(|books| {
            books.drop_waiting("shutdown");
            books.closed = true;
            books.status.state = State::Stopped;
        });
    }

    /// What waited in memory when the spool was closed, and since, for another account to take over.
    pub(super) fn hand_over(&self) -> Vec<Parcel> {
        self.change(|books| {
            let mut left = std::mem::take(&mut books.left);
            left.extend(books.hand_over());
            left
        })
    }

    /// Whether something that waits is about to be on disk, to be read from there.
    pub(super) fn is_on_its_way(&self) -> bool {
        let books = self.books();
        books.moving_points > 0 || books.must_be_kept_first() && !books.waiting.is_empty()
    }

    /// Everything that waits goes to disk. At the end of a run nothing more is taken in.
    pub(super) fn ending(&self, is_end_of_run: bool) {
        self.change(|books| {
            books.is_ending = true;
            books.closed = is_end_of_run;
            books.wake_if_behind();
        });
    }

    /// Notes how it goes; true where that is news.
    pub(super) fn report(&self, state: State, message: &str) -> bool {
        self.change(|books| {
            if matches!(state, State::Retrying | State::Held) {
                books.status.retries += 1;
            }
            let news = books.status.state != state || books.status.message != message;
            if news {
                books.status.state = state;
                message.clone_into(&mut books.status.message);
            }
            books.wake_if_behind();
            news
        })
    }

    pub(super) fn ledger(&self) -> Ledger {
        self.books().ledger()
    }

    pub(super) fn status(&self) -> Status {
        self.books().status()
    }

    /// All of one instant; the totals are over all runs.
    pub(super) fn all(&self) -> (Ledger, Status, Option<Totals>) {
        let books = self.books();
        (books.ledger(), books.status(), books.lifetime())
    }
}
