//! What the rest of the program holds of a sink.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::account::{Account, Rules};
use super::config::QueueConfig;
use super::deliver::{Delivery, Job, Order};
use super::http::{Client, Servers, StartError};
use super::parcel::{Packing, Parcel};
use super::protocol::Protocol;
use super::spool::{self, Keeper, Opening};
use super::status::Status;
use crate::encode::Batch;
use crate::model::backoff::Backoff;
use crate::model::ledger::Ledger;
use crate::model::report::{Lifetime, SinkReport, SpoolReport};

/// Everything that makes a sink: what each kind's configuration comes down to.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) servers: Servers,
    pub(super) queue: QueueConfig,
    pub(super) protocol: Arc<dyn Protocol>,
    pub(super) packing: Packing,
    /// The form of what is pushed from now on, see [`Parcel`].
    pub(super) form: u8,
    pub(super) newest_only: bool,
}

/// A running sink. Dropping the last handle ends it without grace.
#[derive(Debug)]
pub struct Handle {
    kind: &'static str,
    name: String,
    account: Arc<Account>,
    keeper: Mutex<Option<Arc<Keeper>>>,
    /// Of its spool.
    place: Option<PathBuf>,
    spool: Option<spool::Config>,
    running: Mutex<Running>,
}

/// A spool that no sink uses any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what waits in {place} stays there: {why}; it is sent once spool.directory names that place again")]
pub struct SpoolLeft {
    place: PathBuf,
    why: String,
}

/// What a handle had in memory when it ended.
#[derive(Debug)]
pub struct Left(Vec<Parcel>);

/// A change of plan that was begun.
#[derive(Debug)]
#[must_use = "nothing is sent until it is finished"]
pub struct Change<'a> {
    handle: &'a Handle,
    plan: Plan,
    client: Client,
}

#[derive(Debug)]
struct Running {
    packing: Packing,
    form: u8,
    orders: watch::Sender<Order>,
    task: Option<JoinHandle<Option<Job>>>,
}

impl Plan {
    /// The place of this sink's spool.
    fn opening(&self, config: &spool::Config) -> Option<Opening> {
        let directory = config.directory.as_ref().filter(|_| self.queue.spool && !self.newest_only)?;
        Some(Opening {
            sink: format!("{} {}", self.kind, self.name),
            directory: directory.join(self.kind).join(file_name(&self.name)),
            config: config.clone(),
        })
    }

    fn rules(&self, spool: &spool::Config) -> Rules {
        Rules {
            queue_points: self.queue.points,
            queue_bytes: self.queue.bytes,
            order: self.queue.order,
            newest_only: self.newest_only,
            keep: spool.keep,
            memory_bytes: spool.memory_bytes.min(self.queue.bytes / 2),
        }
    }

    /// Reads what has to be there, such as certificates, and changes nothing.
    pub fn try_out(&self) -> Result<(), StartError> {
        let mut client = Client::new(self.kind, &self.name, self.servers.clone())?;
        let failed =
            |error| StartError::Tls { kind: self.kind, name: self.name.clone(), error: Box::new(error) };
        client.read_certificates().map_err(failed)
    }

    /// Brings what a retired handle left on disk to where this sink's spool is to be. An error names the place where it
    /// stays.
    pub fn bring_spool(&self, from: &Handle, spool: &spool::Config) -> Result<(), SpoolLeft> {
        let to = self.opening(spool).map(|opening| opening.directory);
        let Some(place) = from.place.as_ref().filter(|place| to.as_ref() != Some(place)) else {
            return Ok(());
        };
        if !place.exists() {
            return Ok(());
        }
        let left = |why: &dyn std::fmt::Display| SpoolLeft { place: place.clone(), why: why.to_string() };
        let to = to.ok_or_else(|| left(&"this sink has no spool any more"))?;
        let moved = to.parent().map_or(Ok(()), std::fs::create_dir_all);
        moved.and_then(|()| std::fs::rename(place, &to)).map_err(|error| left(&error))
    }

    /// Starts delivery on the current tokio runtime. `seed` makes the jitter of this process its own.
    pub fn start(self, spool: &spool::Config, seed: u64) -> Result<Handle, StartError> {
        let client = Client::new(self.kind, &self.name, self.servers.clone())?;
        let account = Arc::new(Account::new(self.rules(spool)));
        let opening = self.opening(spool);
        let place = opening.as_ref().map(|opening| opening.directory.clone());
        let keeper = match opening {
            Some(opening) => match Keeper::start(opening, Arc::clone(&account)) {
                Ok(keeper) => Some(Arc::new(keeper)),
                Err(error) => {
                    account.spool_state(false, &format!("no thread for the spool: {error}"));
                    None
                }
            },
            None => None,
        };
        let (kind, name) = (self.kind, self.name.clone());
        let running = self.deliver(&account, keeper.clone(), client, None, seed);
        Ok(Handle {
            kind,
            name,
            account,
            keeper: Mutex::new(keeper),
            place,
            spool: Some(spool.clone()),
            running: Mutex::new(running),
        })
    }

    fn deliver(
        self,
        account: &Arc<Account>,
        keeper: Option<Arc<Keeper>>,
        client: Client,
        job: Option<Job>,
        seed: u64,
    ) -> Running {
        let (orders, receiver) = watch::channel(Order::Run);
        let delivery = Delivery {
            name: self.name,
            account: Arc::clone(account),
            keeper,
            client,
            protocol: self.protocol,
            backoff: Backoff::new(self.servers.http.backoff_min, self.servers.http.backoff_max, seed),
            orders: receiver,
            job,
            said: Vec::new(),
        };
        let task = Some(tokio::spawn(delivery.run()));
        Running { packing: self.packing, form: self.form, orders, task }
    }
}

impl Change<'_> {
    /// Waits for the request in flight and delivers by the new plan.
    pub async fn finish(self, seed: u64) {
        let Change { handle, plan, client } = self;
        let job = handle.end(Order::Yield).await;
        let keeper = handle.keeper.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let running = plan.deliver(&handle.account, keeper, client, job, seed);
        *handle.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
    }
}

impl Handle {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Hands over a batch. Never waits for the server; the compression happens here.
    pub fn push(&self, batch: Batch) {
        if !batch.body.is_empty() {
            let (packing, form) = {
                let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                (running.packing, running.form)
            };
            self.account.push(Parcel::pack(batch, packing, form));
        }
    }

    /// Notes points that a filter left out.
    pub fn filtered(&self, points: u64) {
        if points > 0 {
            self.account.filtered(points);
        }
    }

    /// The account at this instant; it balances.
    pub fn ledger(&self) -> Ledger {
        self.account.ledger()
    }

    pub fn status(&self) -> Status {
        self.account.status()
    }

    /// Everything about it at one instant.
    pub fn report(&self) -> SinkReport {
        let (ledger, status, lifetime) = self.account.all();
        let spool = status.has_spool.then(|| SpoolReport {
            is_open: status.is_spool_open,
            message: status.spool_message,
            bytes: status.spool.bytes,
            segments: status.spool.segments,
            points: status.spooled_points,
            quarantined_bytes: status.spool.quarantined_bytes,
            lifetime: lifetime.map(|totals| Lifetime {
                produced: totals.produced,
                acknowledged: totals.acknowledged,
                rejected: totals.rejected,
                dropped: totals.dropped,
            }),
        });
        SinkReport {
            kind: self.kind,
            name: self.name.clone(),
            state: status.state,
            message: status.message,
            ledger,
            filtered: status.filtered,
            requests: status.requests,
            errors: status.failed_requests,
            retries: status.retries,
            acknowledged_bytes: status.acknowledged_bytes,
            memory_points: status.memory_points,
            memory_bytes: status.memory_bytes,
            buffer_points_limit: status.memory_points_limit,
            write_time_ns: status.last_request_ns,
            spool,
        }
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

    /// Goes on by another plan of the same kind and name: what waits, in memory and on disk, is sent by it once the
    /// change is finished. Nothing has to be held back meanwhile: what is pushed from here on has the new plan's
    /// form and waits for it, however long the request in flight takes. A plan that cannot work changes nothing.
    pub fn begin_change(&self, plan: Plan) -> Result<Change<'_>, StartError> {
        let client = Client::new(plan.kind, &plan.name, plan.servers.clone())?;
        self.account.set_rules(plan.rules(self.spool.as_ref().unwrap_or(&spool::Config::default())));
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.orders.send_replace(Order::Yield);
        (running.packing, running.form) = (plan.packing, plan.form);
        Ok(Change { handle: self, plan, client })
    }

    /// Takes over what another handle left.
    pub fn adopt(&self, left: Left) {
        left.0.into_iter().for_each(|parcel| self.account.push(parcel));
    }

    /// Ends without sending: what waits goes to disk where there is a spool, and is returned where there is none.
    pub async fn retire(&self) -> Left {
        if let Some(job) = self.end(Order::Yield).await {
            job.leave(&self.account);
        }
        self.account.ending(false);
        self.close_spool().await;
        Left(self.account.hand_over())
    }

    /// Sends what waits until `grace` is over. Then the rest goes to disk, or is given up without a spool. Returns
    /// the final account.
    pub async fn shutdown(&self, grace: Duration) -> Ledger {
        if let Some(job) = self.end(Order::Finish(Instant::now() + grace)).await {
            job.leave(&self.account);
        }
        self.account.ending(true);
        self.close_spool().await;
        self.account.close();
        self.account.ledger()
    }

    async fn end(&self, order: Order) -> Option<Job> {
        let task = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.orders.send_replace(order);
            running.task.take()
        };
        match task?.await {
            Ok(job) => job,
            // A task that panicked leaves its parcel queued; the books still balance.
            Err(error) => {
                tracing::error!(sink = self.name, %error, "delivery ended early");
                None
            }
        }
    }

    async fn close_spool(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The task that shared it has ended.
        if let Some(keeper) = keeper.and_then(Arc::into_inner) {
            keeper.stop().await;
        }
    }
}

/// A name as one component of a path: what is not plain becomes its number.
fn file_name(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
            out.push(char::from(byte));
        } else {
            _ = write!(out, "%{byte:02x}");
        }
    }
    if out.is_empty() { "%".into() } else { out }
}

/// Whether a directory can hold spools: makes it where it is missing, and a file in it for a moment.
pub fn try_spool(directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let path = directory.join(".writable");
    std::fs::write(&path, b"podometer")?;
    std::fs::remove_file(path)
}
