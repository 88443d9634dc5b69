//! Snapshots for `top` without a running agent: the same sampler, in this process, for as long as it is watched.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::names;
use super::sampling::{open_tree, sampler};
use crate::cli::SnapshotSource;
use crate::config::Config;
use crate::model::snapshot::Snapshot;
use crate::sampler::{Feeds, SamplerThread};

/// A snapshot whose rates cover a whole second is due by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// Samples until dropped.
#[derive(Debug)]
pub(super) struct Local {
    feeds: Feeds,
    sampler: SamplerThread,
    started: Instant,
    last_seq: u64,
}

impl Local {
    pub(super) fn open(config: &Config) -> anyhow::Result<Local> {
        let sight = open_tree(config)?;
        let feeds = Feeds::default();
        names::take_own(sight.sidecar().as_ref(), config, &feeds)?;
        let tree = sight.tree;
        if let Some(file) = &config.identity.pods_file {
            names::load_file(file, &config.identity.labels, &feeds, 1)?;
        }
        let sampler =
            SamplerThread::start(sampler(config, tree, feeds.clone())).context("starting the sampler")?;
        Ok(Local { feeds, sampler, started: Instant::now(), last_seq: 0 })
    }
}

impl SnapshotSource for Local {
    fn next(&mut self) -> anyhow::Result<Arc<Snapshot>> {
        let since = Instant::now();
        loop {
            if let Some(snapshot) = self.feeds.snapshot.load_full()
                && snapshot.seq != self.last_seq
                && self.started.elapsed() > Duration::from_millis(1100)
            {
                self.last_seq = snapshot.seq;
                return Ok(snapshot);
            }
            if self.sampler.has_died() || since.elapsed() > PATIENCE {
                bail!("the sampler gave no snapshot");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
