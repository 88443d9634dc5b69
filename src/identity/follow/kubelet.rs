//! The kubelet's own list of its pods: asked when somebody has no name, and seldom otherwise.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::keeper::Keeper;
use super::whole::WholeError;
use crate::source::http::Http;

/// Shortest time between two readings.
const BETWEEN: Duration = Duration::from_secs(2);
/// How often it is looked whether somebody has no name.
pub(super) const LOOK: Duration = Duration::from_millis(500);

/// Where the kubelet's list is.
#[derive(Clone, Debug)]
pub struct KubeletPods {
    pub http: Arc<Http>,
    /// With the path `/pods`.
    pub url: String,
}

impl KubeletPods {
    /// Reads the list. The document goes as soon as it is read.
    pub(super) async fn read(&self, keeper: &mut Keeper) -> Result<(), WholeError> {
        let mut body = Vec::new();
        self.http.get(&self.url, &mut body).await?;
        take(keeper, &self.url, &body)
    }
}

/// Takes in a whole list and publishes it.
pub(super) fn take(keeper: &mut Keeper, place: &str, body: &[u8]) -> Result<(), WholeError> {
    keeper.register.begin_list();
    keeper.register.page(place, body)?;
    keeper.register.end_list(Instant::now());
    keeper.tend();
    Ok(())
}

/// When the list is read next: soon after somebody new has no name, later and later while the same ones have
/// none, and at the slow interval in any case.
#[derive(Debug)]
pub(super) struct Need {
    interval: Duration,
    last: Option<Instant>,
    /// Who had no name at the last reading, as [`super::Follow`]'s callers tell it: 0 is nobody.
    nameless: u64,
    pause: Duration,
}

impl Need {
    pub(super) fn new(interval: Duration) -> Need {
        Need { interval, last: None, nameless: 0, pause: BETWEEN }
    }

    /// Whether it is time, with these without a name.
    pub(super) fn is_due(&self, nameless: u64, now: Instant) -> bool {
        let Some(last) = self.last else { return true };
        let pause = match nameless {
            0 => self.interval,
            same if same == self.nameless => self.pause,
            _ => BETWEEN,
        };
        now >= last + pause.min(self.interval)
    }

    /// It was read, or could not be, when these had no name.
    pub(super) fn was_read(&mut self, nameless: u64, now: Instant) {
        self.pause = if nameless == self.nameless { self.pause.saturating_mul(2) } else { BETWEEN };
        self.pause = self.pause.min(self.interval);
        self.nameless = nameless;
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn new_pods_are_asked_for_soon_and_hopeless_ones_ever_less_often() {
        let mut need = Need::new(Duration::from_mins(1));
        let start = Instant::now();
        let mut reads = Vec::new();
        for step in 0..1200 {
            // Somebody without a name turns up after five minutes and never gets one.
            let nameless = if step >= 600 { 7 } else { 0 };
            if need.is_due(nameless, Instant::now()) {
                need.was_read(nameless, Instant::now());
                reads.push((Instant::now() - start).as_secs());
            }
            tokio::time::advance(LOOK).await;
        }
        assert_eq!(reads, [0, 60, 120, 180, 240, 300, 302, 306, 314, 330, 362, 422, 482, 542]);
    }
}
