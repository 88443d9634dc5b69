//! Publishes what the register knows: at once after quiet, and at most every tenth of a second under churn.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use crate::identity::{Directory, Register};

/// Shortest time between two publications.
pub(super) const BETWEEN: Duration = Duration::from_millis(100);
/// How often pods that are gone are looked through.
const SWEEP: Duration = Duration::from_secs(1);

/// The register, and where its directories go.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) register: Register,
    out: Arc<ArcSwap<Directory>>,
    /// Versions rise over everything that was ever published there.
    base: u64,
    published: Option<Instant>,
    swept: Option<Instant>,
}

impl Keeper {
    pub(super) fn new(register: Register, out: Arc<ArcSwap<Directory>>) -> Keeper {
        let base = out.load().version;
        Keeper { register, out, base, published: None, swept: None }
    }

    /// When [`Keeper::tend`] has something to do; `None` while there is nothing.
    pub(super) fn due(&self) -> Option<Instant> {
        let now = Instant::now();
        let news = self.register.has_news().then(|| self.published.map_or(now, |last| last + BETWEEN));
        let sweep = self.register.has_gone().then(|| self.swept.map_or(now, |last| last + SWEEP));
        news.into_iter().chain(sweep).min()
    }

    /// Forgets and publishes, as far as it is time.
    pub(super) fn tend(&mut self) {
        let now = Instant::now();
        if self.swept.is_none_or(|last| now >= last + SWEEP) {
            self.register.expire(now);
            self.swept = Some(now);
        }
        if self.published.is_none_or(|last| now >= last + BETWEEN)
            && let Some(mut directory) = self.register.publish()
        {
            directory.version += self.base;
            self.out.store(Arc::new(directory));
            self.published = Some(now);
        }
    }

    /// Does nothing but what falls due, until then.
    pub(super) async fn tend_until(&mut self, end: Instant) {
        while let Some(due) = self.due().filter(|&due| due < end) {
            tokio::time::sleep_until(due).await;
            self.tend();
        }
        tokio::time::sleep_until(end).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Allowed;

    #[tokio::test(start_paused = true)]
    async fn under_churn_a_tenth_of_a_second_lies_between_directories() {
        let out = Arc::new(ArcSwap::from_pointee(Directory::of(41, std::collections::HashSet::new())));
        let mut keeper = Keeper::new(Register::new(Allowed::default(), 10_000), out.clone());
        let mut seen = Vec::new();
        for step in 0..1000 {
            let line = format!(
                r#"{{"type":"ADDED","object":{{"metadata":{{"uid":"u{step}","name":"n","resourceVersion":"1"}}}}}}"#
            );
            keeper.register.line("watch", line.as_bytes(), Instant::now()).unwrap();
            keeper.tend_until(Instant::now() + Duration::from_millis(1)).await;
            let version = out.load().version;
            if seen.last() != Some(&version) {
                seen.push(version);
            }
        }
        assert!((10..=11).contains(&seen.len()), "{seen:?}");
        assert!(seen.is_sorted() && seen[0] == 42);
        keeper.tend_until(Instant::now() + BETWEEN * 2).await;
        assert_eq!(out.load().len(), 1000);
        assert_eq!(keeper.due(), None);
    }
}
