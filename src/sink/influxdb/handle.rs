//! What the rest of the program holds of a sink.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::account::{Account, Status};
use super::client::{Client, ClientError};
use super::config::Config;
use super::deliver::Delivery;
use super::parcel::Parcel;
use crate::encode::influx::Batch;
use crate::model::backoff::Backoff;
use crate::model::ledger::Ledger;

/// The InfluxDB sink.
#[derive(Debug)]
pub struct Sink;

/// A running sink. Dropping the last handle ends it without grace.
#[derive(Debug)]
pub struct Handle {
    name: String,
    gzip: bool,
    account: Arc<Account>,
    deadline: watch::Sender<Option<Instant>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Sink {
    /// Starts delivery on the current tokio runtime. `seed` makes the jitter of this process its own.
    pub fn start(config: &Config, seed: u64) -> Result<Handle, ClientError> {
        let client = Client::new(config)?;
        let account = Arc::new(Account::new(config.queue_points, config.queue_bytes));
        let (sender, deadline) = watch::channel(None);
        let delivery = Delivery {
            name: config.name.clone(),
            account: Arc::clone(&account),
            client,
            backoff: Backoff::new(config.backoff_min, config.backoff_max, seed),
            deadline,
        };
        let task = tokio::spawn(delivery.run());
        Ok(Handle {
            name: config.name.clone(),
            gzip: config.gzip,
            account,
            deadline: sender,
            task: Mutex::new(Some(task)),
        })
    }
}

impl Handle {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Hands over a batch. Never waits for the server; the compression happens here.
    pub fn push(&self, batch: Batch) {
        if !batch.lines.is_empty() {
            self.account.push(Parcel::new(batch.lines, self.gzip));
        }
    }

    /// The account at this instant; it balances.
    pub fn ledger(&self) -> Ledger {
        self.account.ledger()
    }

    pub fn status(&self) -> Status {
        self.account.status()
    }

    /// Returns once `condition` holds; it is asked again after every change of the account.
    pub async fn wait_until(&self, condition: impl Fn(&Ledger, &Status) -> bool) {
        loop {
            let changed = self.account.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if condition(&self.ledger(), &self.status()) {
                return;
            }
            changed.await;
        }
    }

    /// Sends what waits until `grace` is over, gives up the rest, and returns the final account.
    pub async fn shutdown(&self, grace: Duration) -> Ledger {
        self.deadline.send_replace(Some(Instant::now() + grace));
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // A task that panicked leaves its batch queued; the books still balance.
            if let Err(error) = task.await {
                tracing::error!(sink = self.name, %error, "delivery ended early");
            }
        }
        self.account.ledger()
    }
}
