//! The task that sends what waits: one request in flight, one parcel after the other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::account::{Account, Source};
use super::books::{Tally, add};
use super::http::{Client, SendError};
use super::parcel::Parcel;
use super::protocol::{Protocol, Reply, Verdict};
use super::spool::{Keeper, Ticket};
use super::status::State;
use crate::model::backoff::Backoff;

/// How much of a server's text goes into the log.
const LOG_TEXT_CAP: usize = 300;
/// How many messages are known as said.
const MOST_SAID: usize = 15;
/// Behind a request that takes longer than this, what waits goes to disk.
const SLOW: Duration = Duration::from_secs(1);

/// What a delivery is told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Run,
    /// End after the request in flight, and hand back what is in hand.
    Yield,
    /// Send what waits until then, and end.
    Finish(Instant),
}

pub(super) type Orders = watch::Receiver<Order>;

/// A parcel in hand, or what is left of it after it was cut apart.
#[derive(Debug)]
pub(super) struct Job {
    /// The last one is next.
    parts: Vec<Parcel>,
    /// Where all of it stands on disk.
    stored: Option<Stored>,
}

/// A record of the spool. The next run would send all of it again, so it is settled as a whole: its parts count as in
/// flight until the last of them is done.
#[derive(Debug)]
struct Stored {
    ticket: Ticket,
    done: Vec<Parcel>,
    /// Points of those that were refused, by reason.
    refused: Tally,
}

pub(super) struct Delivery {
    pub(super) name: String,
    pub(super) account: Arc<Account>,
    pub(super) keeper: Option<Arc<Keeper>>,
    pub(super) client: Client,
    pub(super) protocol: Arc<dyn Protocol>,
    pub(super) backoff: Backoff,
    pub(super) orders: Orders,
    pub(super) job: Option<Job>,
    /// What was said since it last worked: several servers may fail in turn, each in its own way.
    pub(super) said: Vec<String>,
}

/// What follows a request.
enum Next {
    Go,
    Pause { pause: Duration, remedy: bool },
}

impl Delivery {
    /// Runs until it is told to end; returns what was in hand then.
    pub(super) async fn run(mut self) -> Option<Job> {
        let ended = passed(self.orders.clone());
        tokio::pin!(ended);
        let mut told = self.orders.clone();
        loop {
            let order = *self.orders.borrow();
            if order == Order::Yield {
                break;
            }
            let Some(mut job) = (match self.job.take() {
                Some(job) => Some(job),
                None => self.take().await,
            }) else {
                // At the end of a run, what is on its way to the disk is sent from there.
                if order != Order::Run && !self.account.is_on_its_way() {
                    break;
                }
                tokio::select! {
                    () = self.account.work.notified() => {}
                    () = &mut ended => break,
                    result = told.changed() => if result.is_err() { break },
                }
                continue;
            };
            let Some(part) = job.parts.last().cloned() else { continue };
            if *self.orders.borrow() == Order::Yield {
                // It came from disk meanwhile, and may have the next plan's form.
                self.job = Some(job);
                break;
            }
            let begun = Instant::now();
            let sent = tokio::select! {
                sent = self.send(&part) => sent,
                () = &mut ended => {
                    self.job = Some(job);
                    break;
                }
            };
            // A server that answers nothing has had its pause while it was waited for.
            let waited = if sent.is_err() { begun.elapsed() } else { Duration::ZERO };
            let next = self.settle(&mut job, sent);
            self.keep(job);
            let Next::Pause { pause, remedy } = next else { continue };
            let pause = pause.saturating_sub(waited);
            tokio::select! {
                () = self.wait(pause, remedy) => {}
                () = &mut ended => break,
                // The end of the run is worth one attempt at once.
                _ = told.changed() => {}
            }
        }
        let order = *self.orders.borrow();
        if let Order::Finish(until) = order {
            self.say_farewell(until).await;
        }
        self.job
    }

    async fn say_farewell(&mut self, until: Instant) {
        let Some(outgoing) = self.protocol.farewell() else { return };
        let (path, sink) = (&outgoing.path, &self.name);
        match timeout_at(until, self.client.send(&outgoing)).await {
            Ok(Ok(reply)) if reply.status.is_success() => tracing::info!(sink, path, "taken back"),
            Ok(Ok(reply)) => {
                let (text, status) = (reply.text(), reply.status.as_u16());
                tracing::warn!(sink, path, status, text = ?capped(&text), "not taken back");
            }
            Ok(Err(error)) => tracing::warn!(sink, path, %error, "not taken back"),
            Err(_) => tracing::warn!(sink, path, "not taken back within the grace period"),
        }
    }

    async fn take(&self) -> Option<Job> {
        match self.account.take() {
            Source::Memory(parcel) => Some(Job { parts: vec![parcel], stored: None }),
            Source::Spool => {
                let (parcel, ticket) = self.keeper.as_ref()?.next().await?;
                Some(Job { parts: vec![parcel], stored: Some(Stored::new(ticket)) })
            }
            Source::Nowhere => None,
        }
    }

    async fn send(&mut self, part: &Parcel) -> Result<Reply, SendError> {
        let outgoing = self.protocol.request(part);
        self.account.begun_request();
        let begun = Instant::now();
        let account = Arc::clone(&self.account);
        let sending = self.client.send(&outgoing);
        tokio::pin!(sending);
        let sent = tokio::select! {
            sent = &mut sending => sent,
            () = sleep(SLOW) => {
                account.slow_request();
                sending.await
            }
        };
        let is_good = sent.as_ref().is_ok_and(|reply| reply.status.is_success());
        account.ended_request(begun.elapsed().as_nanos() as u64, is_good);
        sent
    }

    /// What is left of a job is kept in hand where it is on disk as a whole, and waits again where it is not.
    fn keep(&mut self, mut job: Job) {
        if job.parts.is_empty() {
            return;
        }
        job.look_at_disk(&self.account);
        if job.stored.is_some() {
            self.job = Some(job);
        } else {
            self.mark_kept(self.account.put_back(job.parts.into_iter().rev().collect()));
        }
    }

    /// What was put on disk while it was settled here.
    fn mark_kept(&self, ticket: Option<Ticket>) {
        if let Some(ticket) = ticket {
            self.mark(&ticket);
        }
    }

    fn mark(&self, ticket: &Ticket) {
        if let Err(error) = ticket.settle() {
            tracing::warn!(sink = self.name, %error, "spool cannot be marked; nothing more is read from it until it can");
            if let Some(keeper) = &self.keeper {
                keeper.unmarked(ticket.clone());
            }
        }
    }

    /// Brings what the server lacks where that is ordered, and waits.
    async fn wait(&mut self, pause: Duration, remedy: bool) {
        if let Some(outgoing) = self.protocol.remedy().filter(|_| remedy) {
            match self.client.send(&outgoing).await {
                Ok(reply) if reply.status.is_success() => {
                    tracing::info!(sink = self.name, "what the server lacked was made");
                    return;
                }
                Ok(reply) => {
                    let status = reply.status.as_u16();
                    tracing::warn!(sink = self.name, status, text = ?capped(&reply.text()), "what the server lacks was not made");
                }
                Err(error) => tracing::warn!(sink = self.name, %error, "what the server lacks was not made"),
            }
        }
        sleep(pause).await;
    }

    fn settle(&mut self, job: &mut Job, sent: Result<Reply, SendError>) -> Next {
        let Some(part) = job.parts.last().cloned() else { return Next::Go };
        job.look_at_disk(&self.account);
        let reply = match sent {
            Ok(reply) => reply,
            Err(error) => {
                let state = if error.is_ours() { State::Held } else { State::Retrying };
                self.again(state, &format!("{}: {error}", self.client.server()), "");
                return Next::Pause { pause: self.backoff.next(None), remedy: false };
            }
        };
        match reply.verdict(&*self.protocol, &part) {
            Verdict::Acknowledged => self.done(job, &part, 0, ""),
            Verdict::Partly { rejected, reason } => {
                self.refused(rejected, reason, &reply);
                self.done(job, &part, rejected, reason);
            }
            Verdict::Reject { reason } => self.reject(job, &part, reason, &reply),
            Verdict::Isolate { reason, refused, subject } => {
                self.isolate(job, &part, reason, refused, subject.as_deref(), &reply);
            }
            Verdict::Hold { mend, remedy } => {
                let message = format!("{}: {mend} (status {})", self.client.server(), reply.status.as_u16());
                self.again(State::Held, &message, &reply.text());
                return Next::Pause { pause: self.backoff.next(None), remedy };
            }
            Verdict::Retry { after } => {
                let status = reply.status.as_u16();
                let message = format!(
                    "{}: the server cannot take the data now (status {status})",
                    self.client.server()
                );
                self.again(State::Retrying, &message, &reply.text());
                return Next::Pause { pause: self.backoff.next(after), remedy: false };
            }
        }
        self.backoff.reset();
        self.said.clear();
        if self.account.report(State::Working, "") {
            tracing::info!(sink = self.name, "sink works again");
        }
        Next::Go
    }

    /// Marked before it is counted: a kill in between loses no count that the next run could not make up, and
    /// sends nothing twice.
    fn done(&self, job: &mut Job, part: &Parcel, rejected: u64, reason: &'static str) {
        let part = job.parts.pop().unwrap_or_else(|| part.clone());
        let Some(stored) = &mut job.stored else {
            return self.mark_kept(self.account.settle(&[part], &[(reason, rejected)], None));
        };
        stored.done.push(part);
        add(&mut stored.refused, reason, rejected);
        if job.parts.is_empty() {
            self.mark(&stored.ticket);
            let seq = Some(stored.ticket.seq());
            self.mark_kept(self.account.settle(&stored.done, &stored.refused, seq));
        }
    }

    /// Cuts the batch apart until the refused points stand alone; resending a stored one changes nothing.
    fn isolate(
        &self,
        job: &mut Job,
        part: &Parcel,
        reason: &'static str,
        refused: Option<u64>,
        subject: Option<&str>,
        reply: &Reply,
    ) {
        if refused == Some(part.points()) {
            return self.reject(job, part, reason, reply);
        }
        match self.protocol.part(part, subject) {
            Some([first, second]) => {
                self.account.part(part, &[first.clone(), second.clone()]);
                job.parts.pop();
                job.parts.extend([second, first]);
            }
            None => self.reject(job, part, reason, reply),
        }
    }

    fn reject(&self, job: &mut Job, part: &Parcel, reason: &'static str, reply: &Reply) {
        self.refused(part.points(), reason, reply);
        self.done(job, part, part.points(), reason);
    }

    fn refused(&self, points: u64, reason: &'static str, reply: &Reply) {
        let (text, status) = (reply.text(), reply.status.as_u16());
        tracing::warn!(sink = self.name, points, reason, status, text = ?capped(&text), "points refused");
    }

    fn again(&mut self, state: State, message: &str, text: &str) {
        if self.account.report(state, message) && !self.said.iter().any(|said| said == message) {
            self.said.truncate(MOST_SAID);
            self.said.insert(0, message.to_owned());
            tracing::warn!(sink = self.name, message, text = ?capped(text), "sink waits");
        }
    }
}

impl Stored {
    fn new(ticket: Ticket) -> Stored {
        Stored { ticket, done: Vec::new(), refused: Tally::new() }
    }
}

impl Job {
    /// It may have been put on disk while it was under way.
    fn look_at_disk(&mut self, account: &Account) {
        if self.stored.is_none() {
            self.stored = account.hand_ticket().map(Stored::new);
        }
    }

    /// Nobody sends it any more: on disk it waits for the next run, from memory it waits again.
    pub(super) fn leave(mut self, account: &Account) {
        self.look_at_disk(account);
        match self.stored {
            Some(mut stored) => {
                stored.done.append(&mut self.parts);
                account.returned_to_spool(&stored.done);
            }
            None => {
                if let Some(ticket) = account.put_back(self.parts.into_iter().rev().collect()) {
                    // Not marked, the next run would send it twice, which does no harm but to the count.
                    _ = ticket.settle();
                }
            }
        }
    }
}

/// Returns once the time to finish has passed, or nobody is left who could set it.
async fn passed(mut orders: Orders) {
    loop {
        let order = *orders.borrow_and_update();
        match order {
            Order::Finish(instant) => return sleep_until(instant).await,
            Order::Run | Order::Yield => {
                if orders.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

fn capped(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOG_TEXT_CAP)]
}
