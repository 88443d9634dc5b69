//! The task that empties the queue: one request in flight, oldest batch first.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::account::{Account, State};
use super::client::{Client, Reply, SendError};
use super::parcel::Parcel;
use super::reply::{Verdict, judge};
use crate::model::backoff::Backoff;

/// How much of a server's text goes into the log.
const LOG_TEXT_CAP: usize = 300;

/// `None` while the sink runs; then the instant at which it must be done.
pub(super) type Deadline = watch::Receiver<Option<Instant>>;

pub(super) struct Delivery {
    pub(super) name: String,
    pub(super) account: Arc<Account>,
    pub(super) client: Client,
    pub(super) backoff: Backoff,
    pub(super) deadline: Deadline,
}

/// What follows a request.
enum Next {
    Go,
    Pause { pause: Duration, create: bool },
}

impl Delivery {
    /// Runs until the deadline is set and either everything is settled or it has come.
    pub(super) async fn run(mut self) {
        let mut ending = self.deadline.clone();
        let ended = passed(self.deadline.clone());
        tokio::pin!(ended);
        loop {
            let Some(parcel) = self.account.take() else {
                if self.deadline.borrow().is_some() {
                    break;
                }
                tokio::select! {
                    () = self.account.work.notified() => {}
                    result = ending.changed() => if result.is_err() { break },
                }
                continue;
            };
            let sent = tokio::select! {
                sent = self.client.write(&parcel) => sent,
                () = &mut ended => {
                    self.account.close(Some(&parcel));
                    return;
                }
            };
            let Next::Pause { pause, create } = self.settle(&parcel, sent) else { continue };
            tokio::select! {
                () = self.wait(pause, create) => {}
                () = &mut ended => break,
                // The end of the run is worth one attempt at once.
                _ = ending.changed() => {}
            }
        }
        self.account.close(None);
    }

    /// Creates a missing database where that is ordered, else waits.
    async fn wait(&mut self, pause: Duration, create: bool) {
        if create {
            match self.client.create_database().await {
                Ok(Some(reply)) if reply.status == 200 => {
                    tracing::info!(sink = self.name, "database created");
                }
                Ok(Some(reply)) => {
                    tracing::warn!(sink = self.name, status = reply.status, text = ?capped(&reply.text), "database not created");
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(sink = self.name, %error, "database not created"),
            }
        }
        sleep(pause).await;
    }

    fn settle(&mut self, parcel: &Parcel, sent: Result<Reply, SendError>) -> Next {
        let reply = match sent {
            Ok(reply) => reply,
            Err(error) => {
                let state = if matches!(error, SendError::Secret(_)) { State::Held } else { State::Retrying };
                self.again(parcel, state, &error.to_string(), "");
                return Next::Pause { pause: self.backoff.next(None), create: false };
            }
        };
        match judge(reply.status, &reply.text, reply.retry_after.as_deref()) {
            Verdict::Acknowledged => {
                self.account.acknowledge(parcel);
                self.works();
            }
            Verdict::Isolate { reason, refused, measurement } => {
                self.isolate(parcel, reason, refused, measurement.as_deref(), &reply);
                self.works();
            }
            Verdict::Reject { reason } => {
                self.reject(parcel, reason, &reply);
                self.works();
            }
            Verdict::Hold { mend, missing_database } => {
                let message = format!("{mend} (status {})", reply.status);
                self.again(parcel, State::Held, &message, &reply.text);
                let create = missing_database && self.client.may_create();
                return Next::Pause { pause: self.backoff.next(None), create };
            }
            Verdict::Retry { after } => {
                let message = format!("the server cannot take the data now (status {})", reply.status);
                self.again(parcel, State::Retrying, &message, &reply.text);
                return Next::Pause { pause: self.backoff.next(after), create: false };
            }
        }
        Next::Go
    }

    /// Cuts the batch apart until the refused lines stand alone; resending a stored line changes nothing.
    fn isolate(
        &self,
        parcel: &Parcel,
        reason: &'static str,
        refused: Option<u64>,
        measurement: Option<&str>,
        reply: &Reply,
    ) {
        if refused == Some(parcel.points()) {
            return self.reject(parcel, reason, reply);
        }
        // A type conflict is mostly that of a whole measurement, whose lines stand between others.
        let parts = measurement.and_then(|name| parcel.parted_by(name)).or_else(|| parcel.halves());
        match parts {
            Some(parts) => self.account.put_back(parcel, parts),
            None => self.reject(parcel, reason, reply),
        }
    }

    fn reject(&self, parcel: &Parcel, reason: &'static str, reply: &Reply) {
        self.account.reject(parcel, reason);
        let text = capped(&reply.text);
        tracing::warn!(
            sink = self.name,
            points = parcel.points(),
            reason,
            status = reply.status,
            ?text,
            "points refused"
        );
    }

    fn again(&self, parcel: &Parcel, state: State, message: &str, text: &str) {
        self.account.put_back(parcel, [parcel.clone()]);
        if self.account.report(state, message) {
            tracing::warn!(sink = self.name, message, text = ?capped(text), "sink waits");
        }
    }

    fn works(&mut self) {
        self.backoff.reset();
        if self.account.report(State::Working, "") {
            tracing::info!(sink = self.name, "sink works again");
        }
    }
}

/// Returns once the deadline is set and has passed, or nobody is left who could set it.
async fn passed(mut deadline: Deadline) {
    loop {
        let instant = *deadline.borrow_and_update();
        match instant {
            Some(instant) => return sleep_until(instant).await,
            None => {
                if deadline.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

fn capped(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOG_TEXT_CAP)]
}
