//! Where documents come from: a running agent, or sampling in this process.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::cli::arguments::Top;
use crate::cli::fetch::Fetch;
use crate::cli::{Failure, SnapshotSource, Wiring, configuration, output};
use crate::encode::document::{self, PodsDocument};
use crate::model::snapshot::Snapshot;

pub(in crate::cli) const PODS_PATH: &str = "/api/v1/pods";
pub(in crate::cli) const DEFAULT_URL: &str = "http://127.0.0.1:9758";
/// A rate needs two samples this far apart.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// A source that gives this many snapshots without its clock moving on is broken.
const MAX_STEPS: usize = 10_000;

/// One of the two.
pub(super) enum Feed {
    Agent(Box<Fetch>),
    /// The source, and when its last shown snapshot was taken. Empty while the source is at work.
    Cgroups(Option<Local>),
}

pub(super) struct Local {
    source: Box<dyn SnapshotSource>,
    last: Option<Arc<Snapshot>>,
}

impl Feed {
    /// The agent at `--url`; without that an agent on this machine; without that the cgroups. Says which.
    pub(super) async fn open(arguments: &Top, wiring: &dyn Wiring) -> Result<Feed, Failure> {
        let url = arguments.url.as_deref().unwrap_or(DEFAULT_URL);
        let fetch = Fetch::new(url, PODS_PATH, arguments.token_file.as_deref())
            .map_err(|error| Failure::Usage(vec![format!("--url: {error:#}")]))?;
        if arguments.url.is_some() {
            return Ok(Feed::Agent(Box::new(fetch)));
        }
        match fetch.document::<PodsDocument>().await {
            Ok(_) => {
                output::note(&format!("from the agent at {url}"));
                Ok(Feed::Agent(Box::new(fetch)))
            }
            Err(error) => {
                let loaded = configuration::load(&arguments.settings.sources())?;
                let source = wiring
                    .local(&loaded.config)
                    .with_context(|| format!("no agent ({error:#}), and the cgroups cannot be read"))?;
                output::note(&format!("no agent at {url}; from the cgroups of this machine"));
                Ok(Feed::Cgroups(Some(Local { source, last: None })))
            }
        }
    }

    /// The document of now, or of `wait` after the one before.
    pub(super) async fn next(&mut self, wait: Duration) -> anyhow::Result<PodsDocument> {
        match self {
            Feed::Agent(fetch) => fetch.document().await,
            Feed::Cgroups(slot) => {
                let mut local = slot.take().context("the cgroups are still being read")?;
                // Reading blocks; on its own thread it does not keep Ctrl-C waiting.
                let work = tokio::task::spawn_blocking(move || {
                    let read = local.advance(wait);
                    (local, read)
                });
                let (local, read) = work.await.context("reading the cgroups")?;
                *slot = Some(local);
                Ok(document::pods(&*read?))
            }
        }
    }

    /// True when `next` itself takes as long as it was told to wait.
    pub(super) fn paces_itself(&self) -> bool {
        matches!(self, Feed::Cgroups(_))
    }
}

impl Local {
    fn advance(&mut self, wait: Duration) -> anyhow::Result<Arc<Snapshot>> {
        let (from, wait) = match &self.last {
            Some(last) => (last.taken.boot_ns, wait),
            None => (self.source.next()?.taken.boot_ns, FIRST_WAIT),
        };
        for _ in 0..MAX_STEPS {
            let snapshot = self.source.next()?;
            if Duration::from_nanos(snapshot.taken.boot_ns.saturating_sub(from)) >= wait {
                self.last = Some(Arc::clone(&snapshot));
                return Ok(snapshot);
            }
        }
        bail!("the clock of the cgroup readings stands still")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stamp::Stamp;

    /// Snapshots 400 ms apart.
    struct Fake(u64);

    impl SnapshotSource for Fake {
        fn next(&mut self) -> anyhow::Result<Arc<Snapshot>> {
            self.0 += 1;
            let taken = Stamp { boot_ns: self.0 * 400_000_000, wall_ns: 0 };
            Ok(Arc::new(Snapshot { seq: self.0, taken, ..Snapshot::default() }))
        }
    }

    #[test]
    fn the_first_table_is_a_second_old_and_the_next_as_asked() {
        let mut local = Local { source: Box::new(Fake(0)), last: None };
        assert_eq!(local.advance(Duration::ZERO).unwrap().seq, 4, "1.2 s after the first reading");
        assert_eq!(local.advance(Duration::from_secs(2)).unwrap().seq, 9);
        assert_eq!(local.advance(Duration::from_millis(100)).unwrap().seq, 10);
    }

    #[test]
    fn a_clock_that_stands_still_is_an_error() {
        struct Still;
        impl SnapshotSource for Still {
            fn next(&mut self) -> anyhow::Result<Arc<Snapshot>> {
                Ok(Arc::new(Snapshot::default()))
            }
        }
        assert!(Local { source: Box::new(Still), last: None }.advance(Duration::ZERO).is_err());
    }
}
