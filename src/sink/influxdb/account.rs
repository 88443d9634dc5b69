//! The queue and its account behind one lock: produced = acknowledged + rejected + queued + dropped whenever
//! anyone looks, because points change state only inside of it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::parcel::Parcel;
use crate::model::ledger::Ledger;

/// What a sink is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// The last answer was good, or nothing was sent yet.
    #[default]
    Working,
    /// The server is away or overloaded; the data waits.
    Retrying,
    /// The server refuses until something is mended; the data waits.
    Held,
    /// The sink was shut down.
    Stopped,
}

/// How a sink fares, for people and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub state: State,
    /// Why it is not working, and what to mend.
    pub message: String,
    /// Requests that were begun.
    pub requests: u64,
    /// Pauses after a failure.
    pub retries: u64,
    /// Bytes of request bodies that the server acknowledged.
    pub acknowledged_bytes: u64,
    /// Bytes that wait in memory, the request in flight included.
    pub queued_bytes: u64,
}

/// Shared by those who push and the one task that delivers.
#[derive(Debug)]
pub(super) struct Account {
    books: Mutex<Books>,
    queue_points: u64,
    queue_bytes: usize,
    /// Something waits to be sent.
    pub(super) work: Notify,
    /// Something in the books changed.
    pub(super) changed: Notify,
}

#[derive(Debug, Default)]
struct Books {
    waiting: VecDeque<Parcel>,
    waiting_points: u64,
    waiting_bytes: usize,
    in_flight_points: u64,
    in_flight_bytes: usize,
    produced: u64,
    acknowledged: u64,
    rejected: Vec<(&'static str, u64)>,
    dropped: Vec<(&'static str, u64)>,
    status: Status,
    closed: bool,
}

impl Account {
    pub(super) fn new(queue_points: u64, queue_bytes: usize) -> Account {
        Account {
            books: Mutex::new(Books::default()),
            queue_points,
            queue_bytes,
            work: Notify::new(),
            changed: Notify::new(),
        }
    }

    /// The books are sound even if a holder of the lock panicked: no change is left half done by a panic,
    /// since none of the changes below can.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Books) -> T) -> T {
        let result = change(&mut self.books());
        self.changed.notify_waiters();
        result
    }

    /// Takes in a batch; where that exceeds a bound, the oldest waiting ones are dropped. Never waits.
    pub(super) fn push(&self, parcel: Parcel) {
        self.change(|books| {
            books.produced += parcel.points();
            if books.closed {
                add(&mut books.dropped, "shutdown", parcel.points());
                return;
            }
            books.put(parcel, VecDeque::push_back);
            while books.waiting_points + books.in_flight_points > self.queue_points
                || books.waiting_bytes + books.in_flight_bytes > self.queue_bytes
            {
                let Some(oldest) = books.take() else { break };
                add(&mut books.dropped, "queue_full", oldest.points());
            }
        });
        self.work.notify_one();
    }

    /// The oldest batch; it counts as queued until one of the methods below settles it.
    pub(super) fn take(&self) -> Option<Parcel> {
        self.change(|books| {
            let parcel = books.take()?;
            books.in_flight_points += parcel.points();
            books.in_flight_bytes += parcel.bytes();
            books.status.requests += 1;
            Some(parcel)
        })
    }

    pub(super) fn acknowledge(&self, parcel: &Parcel) {
        self.change(|books| {
            books.land(parcel);
            books.acknowledged += parcel.points();
            books.status.acknowledged_bytes += parcel.bytes() as u64;
        });
    }

    pub(super) fn reject(&self, parcel: &Parcel, reason: &'static str) {
        self.change(|books| {
            books.land(parcel);
            add(&mut books.rejected, reason, parcel.points());
        });
    }

    /// Back to the front of the queue, whole or in parts that hold the same points.
    pub(super) fn put_back<const N: usize>(&self, parcel: &Parcel, parts: [Parcel; N]) {
        debug_assert_eq!(parcel.points(), parts.iter().map(Parcel::points).sum::<u64>());
        self.change(|books| {
            books.land(parcel);
            for part in parts.into_iter().rev() {
                books.put(part, VecDeque::push_front);
            }
        });
    }

    /// Gives up what waits and what is in flight; what is pushed later is given up at once.
    pub(super) fn close(&self, in_flight: Option<&Parcel>) {
        self.change(|books| {
            if let Some(parcel) = in_flight {
                books.land(parcel);
                add(&mut books.dropped, "shutdown", parcel.points());
            }
            while let Some(parcel) = books.take() {
                add(&mut books.dropped, "shutdown", parcel.points());
            }
            books.closed = true;
            books.status.state = State::Stopped;
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
            news
        })
    }

    pub(super) fn ledger(&self) -> Ledger {
        let books = self.books();
        Ledger {
            produced: books.produced,
            acknowledged: books.acknowledged,
            rejected: books.rejected.clone(),
            queued: books.waiting_points + books.in_flight_points,
            dropped: books.dropped.clone(),
        }
    }

    pub(super) fn status(&self) -> Status {
        let books = self.books();
        let queued_bytes = (books.waiting_bytes + books.in_flight_bytes) as u64;
        Status { queued_bytes, ..books.status.clone() }
    }
}

impl Books {
    fn put(&mut self, parcel: Parcel, end: fn(&mut VecDeque<Parcel>, Parcel)) {
        self.waiting_points += parcel.points();
        self.waiting_bytes += parcel.bytes();
        end(&mut self.waiting, parcel);
    }

    fn take(&mut self) -> Option<Parcel> {
        let parcel = self.waiting.pop_front()?;
        self.waiting_points -= parcel.points();
        self.waiting_bytes -= parcel.bytes();
        Some(parcel)
    }

    fn land(&mut self, parcel: &Parcel) {
        self.in_flight_points -= parcel.points();
        self.in_flight_bytes -= parcel.bytes();
    }
}

fn add(tally: &mut Vec<(&'static str, u64)>, reason: &'static str, points: u64) {
    match tally.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, sum)) => *sum += points,
        None => tally.push((reason, points)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parcel(points: usize) -> Parcel {
        Parcel::new("m v=1i 1\n".repeat(points).into(), false)
    }

    #[test]
    fn the_oldest_goes_first_and_is_counted() {
        let account = Account::new(10, 1 << 20);
        for points in [4, 5, 3] {
            account.push(parcel(points));
        }
        let ledger = account.ledger();
        assert_eq!((ledger.queued, ledger.dropped.as_slice()), (8, [("queue_full", 4)].as_slice()));
        let first = account.take().unwrap();
        assert_eq!(first.points(), 5);
        account.push(parcel(6));
        assert_eq!(
            account.ledger().dropped,
            [("queue_full", 4 + 3 + 6)],
            "what is in flight cannot be dropped"
        );
        account.acknowledge(&first);
        account.close(None);
        account.push(parcel(2));
        let ledger = account.ledger();
        assert_eq!((ledger.acknowledged, ledger.queued), (5, 0));
        assert_eq!(ledger.dropped, [("queue_full", 13), ("shutdown", 2)]);
        assert!(ledger.balances());
    }

    proptest! {
        #[test]
        fn the_books_balance_after_every_step(steps in prop::collection::vec((0u8..6, 1usize..9), 1..80)) {
            let account = Account::new(20, 150);
            let mut flying: Option<Parcel> = None;
            for (step, points) in steps {
                match (step, flying.take()) {
                    (0 | 1, parcel_in_flight) => {
                        account.push(parcel(points));
                        flying = parcel_in_flight;
                    }
                    (_, None) => flying = account.take(),
                    (2, Some(parcel)) => account.acknowledge(&parcel),
                    (3, Some(parcel)) => account.reject(&parcel, "unparsable"),
                    (4, Some(parcel)) => account.put_back(&parcel, [parcel.clone()]),
                    (_, Some(parcel)) => match parcel.halves() {
                        Some(halves) => account.put_back(&parcel, halves),
                        None => account.reject(&parcel, "too_large"),
                    },
                }
                let ledger = account.ledger();
                prop_assert!(ledger.balances(), "{:?}", ledger);
                prop_assert!(ledger.queued <= 20);
            }
            account.close(flying.as_ref());
            let ledger = account.ledger();
            prop_assert!(ledger.balances() && ledger.queued == 0);
        }
    }
}
