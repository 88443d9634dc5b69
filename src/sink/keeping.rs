//! What the thread of the spool does to the account: parcels go from memory to disk and come back.

use std::collections::VecDeque;

use super::account::Account;
use super::books::Books;
use super::parcel::Parcel;
use super::spool::{Stats, Ticket, Totals, TotalsFile, Waker};

impl Account {
    pub(super) fn attach(&self, waker: Waker) {
        self.change(|books| {
            books.waker = Some(waker);
            books.status.has_spool = true;
            books.is_ending = false;
        });
    }

    pub(super) fn detach(&self) {
        self.change(Books::close_spool);
    }

    /// The account of all runs is ours: from now on a kill loses nothing of it.
    pub(super) fn claimed(&self, file: TotalsFile, known: Option<Totals>) {
        self.change(|books| books.claim_spool(file, known));
    }

    /// The spool is open: what it holds is queued, and what an earlier run had in memory is lost. Returns how much
    /// that is.
    pub(super) fn opened(&self, found: Stats, is_damaged: bool) -> u64 {
        let lost = self.change(|books| books.open_spool(found, is_damaged));
        self.work.notify_one();
        lost
    }

    /// Parcels that should go to disk; they count as queued until one of the next two methods settles them.
    pub(super) fn take_for_spool(&self, most: usize) -> VecDeque<Parcel> {
        self.change(|books| {
            let mut moving = VecDeque::new();
            if books.would_overtake() {
                return moving;
            }
            // Where fresh data goes first, the newest parcel is what the next attempt sends.
            let kept = usize::from(books.sends_fresh() && !books.is_ending);
            while moving.len() < most && books.waiting.len() > kept && books.is_behind() {
                let Some(parcel) = books.take() else { break };
                books.moving_points += parcel.points();
                books.moving_bytes += parcel.bytes();
                moving.push_back(parcel);
            }
            moving
        })
    }

    /// The parcel in hand, where it should be on disk before those behind it.
    pub(super) fn hand_to_keep(&self) -> Option<(u64, Parcel)> {
        let books = self.books();
        if !books.would_overtake() || !books.is_behind() {
            return None;
        }
        let hand = books.hand.as_ref()?;
        hand.parcel.clone().map(|parcel| (hand.number, parcel))
    }

    /// It is on disk now. Gives the ticket back where it is in hand no more.
    pub(super) fn kept_hand(&self, number: u64, ticket: Ticket) -> Option<Ticket> {
        self.change(|books| match &mut books.hand {
            Some(hand) if hand.number == number && hand.parcel.is_some() => {
                hand.ticket = Some(ticket);
                None
            }
            _ => Some(ticket),
        })
    }

    pub(super) fn spooled(&self, parcel: &Parcel, given: &[(&'static str, u64)]) {
        self.change(|books| {
            books.unmove(parcel);
            books.spooled_points += parcel.points();
            books.spooled_records += 1;
            books.give(given);
        });
        self.work.notify_one();
    }

    pub(super) fn unmoved(&self, parcels: VecDeque<Parcel>) {
        if parcels.is_empty() {
            return;
        }
        self.change(|books| {
            for parcel in parcels.into_iter().rev() {
                books.unmove(&parcel);
                books.put(parcel, VecDeque::push_front);
            }
            books.keep_bounds();
        });
        self.work.notify_one();
    }

    pub(super) fn gave(&self, given: &[(&'static str, u64)]) {
        if !given.is_empty() {
            self.change(|books| books.give(given));
        }
    }

    pub(super) fn took_from_spool(&self, parcel: &Parcel) {
        self.change(|books| {
            books.spooled_points = books.spooled_points.saturating_sub(parcel.points());
            books.spooled_records = books.spooled_records.saturating_sub(1);
            books.fly(parcel);
        });
    }

    /// True where that is news.
    pub(super) fn spool_state(&self, is_open: bool, message: &str) -> bool {
        self.change(|books| {
            let news = books.status.spool_message != message;
            books.status.is_spool_open = is_open;
            message.clone_into(&mut books.status.spool_message);
            books.can_spool = is_open && message.is_empty();
            news
        })
    }

    /// A spool that failed is given what waits once more.
    pub(super) fn try_spool(&self) {
        self.change(|books| {
            books.can_spool = true;
            books.wake_if_behind();
        });
    }

    pub(super) fn spool_stats(&self, stats: Stats) {
        let is_news = self.change(|books| {
            books.status.spool = stats;
            books.agree(&stats)
        });
        if is_news {
            self.work.notify_one();
        }
    }
}
