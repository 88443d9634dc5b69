//! Takes part in the election of mode cluster, and tells the other tasks when to ask.

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::access::{Access, Leadership, jitter};
use super::health::Health;
use super::own_pod::environment;
use crate::sampler::clock::{Clock, KernelClock};
use crate::source::lease::{Config, Elector, Standing};

/// Where Kubernetes mounts the namespace of a pod with a service account.
const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// How long the lease's return may hold up the shutdown.
const GRACE: Duration = Duration::from_secs(2);

/// What tells this process from every other of its name: when it first asked.
static START: LazyLock<String> = LazyLock::new(|| format!("{:x}", KernelClock.wall_ns()));

/// The running election.
#[derive(Debug)]
pub(super) struct Election {
    leave: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Election {
    pub(super) fn start(config: &Config, access: Access, health: Health) -> (Election, Leadership) {
        let (leave, left) = oneshot::channel();
        let (sender, receiver) = watch::channel(None);
        let task = tokio::spawn(run(config.clone(), access, health, sender, left));
        (Election { leave, task }, Leadership::Elected(receiver))
    }

    /// Gives the lease back, so that another leads at once.
    pub(super) async fn leave(mut self) {
        let _task_ended = self.leave.send(());
        if tokio::time::timeout(GRACE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }

    pub(super) fn abort(&self) {
        self.task.abort();
    }
}

async fn run(
    config: Config,
    access: Access,
    health: Health,
    leads: watch::Sender<Option<Instant>>,
    mut left: oneshot::Receiver<()>,
) {
    let namespace = namespace(&config);
    let identity = config.identity.clone().unwrap_or_else(|| format!("{}_{}", own_name(), *START));
    let mut elector: Option<Elector> = None;
    let mut leader = None;
    loop {
        let begun = Instant::now();
        let step = async {
            if elector.is_none() {
                let server = access.server().await?;
                let place = (namespace.as_str(), config.lease_name.as_str());
                let (duration, renew) = (config.lease_duration, config.renew_interval);
                elector = Some(Elector::new(&server, place, identity.clone(), duration, renew));
            }
            match &mut elector {
                Some(elector) => elector.step(SystemTime::now()).await.map(Some),
                None => Ok(None),
            }
        };
        let outcome = tokio::select! {
            outcome = step => outcome,
            _ = &mut left => break,
        };
        let _nobody_asks = leads.send(elector.as_ref().and_then(Elector::held_until));
        match outcome {
            Ok(standing) => {
                health.good(begun.elapsed());
                announce(standing, &identity, &mut leader);
            }
            Err(error) => {
                access.learn_from(&error).await;
                if error.reason() == "unauthorized"
                    && elector.as_ref().is_none_or(|held| held.held_until().is_none())
                {
                    elector = None;
                }
                if health.bad(error.reason()) {
                    tracing::warn!(%error, "the lease cannot be read or written");
                }
            }
        }
        // Up to a fifth later, so that followers do not look in step.
        let pause = config.renew_interval.mul_f64(1.0 + jitter(KernelClock.wall_ns()) / 5.0);
        tokio::select! {
            () = tokio::time::sleep_until(begun + pause) => {}
            _ = &mut left => break,
        }
    }
    let _nobody_asks = leads.send(None);
    if let Some(mut elector) = elector
        && let Err(error) = elector.release(SystemTime::now()).await
    {
        tracing::warn!(%error, "the lease could not be given back; it runs out by itself");
    }
}

/// One line for each change of the leader.
fn announce(standing: Option<Standing>, identity: &str, leader: &mut Option<String>) {
    let now = match standing {
        Some(Standing::Leader { .. }) => identity.to_owned(),
        Some(Standing::Follower { leader }) if !leader.is_empty() => leader,
        _ => return,
    };
    if leader.as_ref() != Some(&now) {
        let leads = now == identity;
        tracing::info!(leader = now, leads, "the cluster's leader");
        *leader = Some(now);
    }
}

fn own_name() -> String {
    environment("POD_NAME")
        .unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned())
}

fn namespace(config: &Config) -> String {
    let mounted = || std::fs::read_to_string(Path::new(NAMESPACE_FILE)).ok();
    let given = config.lease_namespace.clone().or_else(|| environment("POD_NAMESPACE")).or_else(mounted);
    given.map_or_else(|| "default".to_owned(), |name| name.trim().to_owned())
}
