//! The thread that owns the files of a spool: it moves what waits from memory to disk while the sink is behind,
//! reads it back in order, and never makes anybody wait for a disk but who asked for a record.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::claim::{Claim, Opening};
use super::clock::Now;
use super::config::Fsync;
use super::failing::{Failing, Work};
use super::store::{Failed, Limits, Store, Ticket, Trouble};
use crate::sink::account::Account;
use crate::sink::parcel::Parcel;

/// How often there is a look at ages and at what failed.
const TICK: Duration = Duration::from_secs(1);
/// A segment that cannot be read for so many attempts is given up.
const READ_ATTEMPTS: u32 = 8;
/// How many parcels are moved between two fsyncs of `fsync: always`.
const GROUP: usize = 64;

/// The running thread.
#[derive(Debug)]
pub(in crate::sink) struct Keeper {
    asks: Sender<Ask>,
    /// Comes, or breaks off, when the thread is done and its files are closed.
    done: oneshot::Receiver<()>,
}

#[derive(Debug)]
enum Ask {
    /// Something waits in memory.
    Wake,
    Next(oneshot::Sender<Option<(Parcel, Ticket)>>),
    /// A record is settled, and the disk did not take the mark.
    Unmarked(Ticket),
    /// Everything goes to disk, and the thread ends.
    Stop,
}

/// Wakes the thread; the account holds it.
#[derive(Clone, Debug)]
pub(in crate::sink) struct Waker(Sender<Ask>);

impl Waker {
    pub(in crate::sink) fn wake(&self) {
        // A thread that ended has nothing to do.
        _ = self.0.send(Ask::Wake);
    }
}

impl Keeper {
    /// Claims the spool, so that every point pushed from now on is in the account of all runs, and opens it on a
    /// thread of its own; until it is open, and wherever it cannot be, what waits is in memory.
    pub(in crate::sink) fn start(opening: Opening, account: Arc<Account>) -> std::io::Result<Keeper> {
        let (asks, asked) = channel();
        account.attach(Waker(asks.clone()));
        let thread = std::thread::Builder::new().name("spool".into()).stack_size(256 << 10);
        let mut desk = Desk::new(opening, account);
        desk.begin();
        let (ended, done) = oneshot::channel();
        thread.spawn(move || {
            desk.work(&asked);
            // Who started it may be gone.
            _ = ended.send(());
        })?;
        Ok(Keeper { asks, done })
    }

    /// The oldest record on disk.
    pub(in crate::sink) async fn next(&self) -> Option<(Parcel, Ticket)> {
        let (sender, answer) = oneshot::channel();
        self.asks.send(Ask::Next(sender)).ok()?;
        answer.await.ok().flatten()
    }

    pub(in crate::sink) fn unmarked(&self, ticket: Ticket) {
        _ = self.asks.send(Ask::Unmarked(ticket));
    }

    /// Moves what waits to disk and closes the files.
    pub(in crate::sink) async fn stop(mut self) {
        _ = self.asks.send(Ask::Stop);
        // Not by a thread of the runtime that joins: all of them may be busy.
        _ = (&mut self.done).await;
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        _ = self.asks.send(Ask::Stop);
    }
}

struct Desk {
    opening: Opening,
    account: Arc<Account>,
    claim: Option<Claim>,
    store: Option<Store>,
    /// Marks that the disk did not take; until it does, nothing more is read, or the next run would send it twice.
    unmarked: Vec<Ticket>,
    forced: Instant,
    forced_totals: Instant,
    failed_reads: u32,
    failing: Failing,
    /// A record that was read for somebody who went away before it came.
    returned: Option<(Parcel, Ticket)>,
}

impl Desk {
    fn new(opening: Opening, account: Arc<Account>) -> Desk {
        Desk {
            opening,
            account,
            claim: None,
            store: None,
            unmarked: Vec::new(),
            forced: Instant::now(),
            forced_totals: Instant::now(),
            failed_reads: 0,
            failing: Failing::default(),
            returned: None,
        }
    }

    /// A lost account cannot be gone on with before what is there was counted, which may take a while.
    fn begin(&mut self) {
        match self.claimed() {
            Ok(Claim { known: Some(_), .. }) => {}
            Ok(Claim { known: None, .. }) => self.open(),
            Err(error) => self.failed(Work::Open, &error),
        }
    }

    fn claimed(&mut self) -> Result<Claim, Trouble> {
        if let Some(claim) = &self.claim {
            return Ok(claim.clone());
        }
        let (claim, file) = Claim::take(&self.opening.directory)?;
        self.account.claimed(file, claim.known);
        Ok(self.claim.insert(claim).clone())
    }

    fn work(mut self, asked: &Receiver<Ask>) {
        self.open();
        loop {
            self.store_what_waits();
            match asked.recv_timeout(self.until_next()) {
                Ok(Ask::Wake) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Ask::Next(sender)) => {
                    let found = self.next();
                    if let Err(found) = sender.send(found) {
                        self.take_back(found);
                    }
                }
                Ok(Ask::Unmarked(ticket)) => self.unmarked.push(ticket),
                Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            self.tick();
        }
        self.try_again();
        self.store_what_waits();
        self.force(true);
        self.report();
        self.account.detach();
    }

    /// How long to wait for a question.
    fn until_next(&self) -> Duration {
        let now = Instant::now();
        let force = match self.opening.config.fsync {
            Fsync::Interval => self.opening.config.fsync_interval,
            Fsync::Never | Fsync::Always => TICK,
        };
        let retry = self.failing.pause_left(now).unwrap_or(TICK);
        TICK.min(force).min(retry).max(Duration::from_millis(1))
    }

    fn tick(&mut self) {
        let now = Instant::now();
        if self.failing.pause_left(now).is_some_and(|left| left.is_zero()) {
            self.try_again();
        }
        self.mark_what_is_settled();
        if let Some(store) = &mut self.store {
            let given = store.expire(Now::read());
            self.account.gave(&given);
        }
        self.force(false);
        self.report();
    }

    /// A pause after a failure is over.
    fn try_again(&mut self) {
        self.failing.end_pause();
        self.open();
        if self.store.is_some() {
            self.account.try_spool();
        }
        self.account.work.notify_one();
    }

    /// Nothing is read while a mark is missing; whoever waits for that learns of its end.
    fn mark_what_is_settled(&mut self) {
        if !self.unmarked.is_empty() {
            self.unmarked.retain(|ticket| ticket.settle().is_err());
            self.account.work.notify_one();
        }
    }

    fn open(&mut self) {
        if self.store.is_some() || self.failing.is_pausing() {
            return;
        }
        let config = &self.opening.config;
        let limits = Limits {
            max_bytes: config.max_bytes,
            max_age: config.max_age,
            segment_bytes: config.segment_bytes,
        };
        let opened = self.claimed().and_then(|Claim { lock, known, .. }| {
            let settled = known.unwrap_or_default().settled_seq;
            let (store, found) = Store::open(&self.opening.directory, limits, settled, lock)?;
            Ok((store, found, known))
        });
        match opened {
            Ok((store, found, known)) => {
                let is_damaged = found.is_damaged() || known.is_none();
                let lost = self.account.opened(store.stats(), is_damaged);
                found.announce(&self.opening.sink, &self.opening.directory, known.is_none(), lost);
                self.store = Some(store);
                self.worked(Work::Open);
            }
            Err(error) => self.failed(Work::Open, &error),
        }
    }

    /// What is under way in a request that takes long goes first.
    fn store_hand(&mut self) {
        let Some(store) = self.store.as_mut().filter(|_| !self.failing.is_pausing()) else { return };
        let Some((number, parcel)) = self.account.hand_to_keep() else { return };
        match store.append_in_hand(&parcel, Now::read()) {
            Ok(Some((given, ticket))) => {
                self.account.gave(&given);
                // It was settled meanwhile, or waits in memory again: what is on disk is not it any more.
                if let Some(ticket) = self.account.kept_hand(number, ticket)
                    && ticket.settle().is_err()
                {
                    self.unmarked.push(ticket);
                }
            }
            Ok(None) => return,
            Err(failed) => {
                self.account.gave(&failed.given);
                return self.failed(Work::Write, &failed.error);
            }
        }
        self.worked(Work::Write);
        if self.opening.config.fsync == Fsync::Always {
            self.force(true);
        }
    }

    fn store_what_waits(&mut self) {
        self.store_hand();
        while !self.failing.is_pausing()
            && let Some(store) = &mut self.store
        {
            let mut moving = self.account.take_for_spool(GROUP);
            if moving.is_empty() {
                return;
            }
            let mut failure = None;
            while let Some(parcel) = moving.front() {
                match store.append(parcel, Now::read()) {
                    Ok(given) => {
                        self.account.spooled(parcel, &given);
                        moving.pop_front();
                    }
                    Err(failed) => {
                        self.account.gave(&failed.given);
                        failure = Some(failed.error);
                        break;
                    }
                }
            }
            self.account.unmoved(moving);
            if let Some(error) = failure {
                return self.failed(Work::Write, &error);
            }
            self.worked(Work::Write);
            if self.opening.config.fsync == Fsync::Always {
                self.force(true);
            }
        }
    }

    fn next(&mut self) -> Option<(Parcel, Ticket)> {
        self.mark_what_is_settled();
        if !self.unmarked.is_empty() {
            return None;
        }
        if let Some((parcel, ticket)) = self.returned.take() {
            self.account.took_from_spool(&parcel);
            return Some((parcel, ticket));
        }
        let read = self.store.as_mut()?.next();
        match read {
            Ok((found, given)) => {
                self.failed_reads = 0;
                self.account.gave(&given);
                if let Some((parcel, _)) = &found {
                    self.account.took_from_spool(parcel);
                }
                self.worked(Work::Read);
                found
            }
            Err(Failed { error, given }) => {
                self.account.gave(&given);
                self.failed_reads += 1;
                if self.failed_reads >= READ_ATTEMPTS {
                    self.failed_reads = 0;
                    let given = self.store.as_mut().map(Store::abandon_oldest).unwrap_or_default();
                    self.account.gave(&given);
                }
                self.failed(Work::Read, &error);
                None
            }
        }
    }

    /// The record was read and nobody took it: it is the next one again.
    fn take_back(&mut self, found: Option<(Parcel, Ticket)>) {
        if let Some((parcel, ticket)) = found {
            self.account.returned_to_spool(std::slice::from_ref(&parcel));
            self.returned = Some((parcel, ticket));
        }
    }

    fn force(&mut self, is_due: bool) {
        let is_due = is_due
            || self.opening.config.fsync == Fsync::Interval
                && self.forced.elapsed() >= self.opening.config.fsync_interval;
        if !is_due || self.opening.config.fsync == Fsync::Never {
            return;
        }
        self.forced = Instant::now();
        let Some(store) = &mut self.store else { return };
        let forced = store.force().and_then(|is_new| if is_new { self.force_totals() } else { Ok(()) });
        match forced {
            Ok(()) => self.worked(Work::Force),
            Err(error) => self.failed(Work::Force, &error),
        }
    }

    /// Not with each record under `fsync: always`: after a crash of the machine the records speak for themselves, and
    /// an account that is a little old counts nothing as lost that is there.
    fn force_totals(&mut self) -> std::io::Result<()> {
        if self.forced_totals.elapsed() >= self.opening.config.fsync_interval
            && let Some(claim) = &self.claim
        {
            self.forced_totals = Instant::now();
            claim.totals.sync_data()?;
        }
        Ok(())
    }

    fn failed(&mut self, work: Work, error: &dyn std::fmt::Display) {
        self.failing.begin(work);
        let (directory, what) = (self.opening.directory.display(), work.failure());
        let message = format!("spool {directory} {what}: {error}");
        if self.account.spool_state(self.store.is_some(), &message) {
            tracing::warn!(sink = self.opening.sink, message, "spool fails");
        }
    }

    /// What failed before works again.
    fn worked(&mut self, work: Work) {
        if self.failing.end(work) && self.account.spool_state(true, "") {
            tracing::info!(sink = self.opening.sink, "spool works");
        }
    }

    fn report(&self) {
        let mut stats = self.store.as_ref().map(Store::stats).unwrap_or_default();
        stats.records += u64::from(self.returned.is_some());
        self.account.spool_stats(stats);
    }
}
