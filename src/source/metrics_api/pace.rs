//! When to ask again: not more often than metrics-server has news, rarely while it is not there, and later after
//! each failure.

use std::time::Duration;

use super::fetch::Reading;
use crate::model::metrics_api::MetricsPage;
use crate::source::api_server::ApiError;

/// No rhythm is slower than this, whatever the windows say.
const SLOWEST: Duration = Duration::from_mins(2);
/// A cluster without metrics-server is asked this rarely whether it has got one.
const ABSENT: Duration = Duration::from_mins(5);

/// What was learnt from the readings before.
#[derive(Clone, Debug)]
pub struct Pace {
    interval: Duration,
    newest_ms: i64,
    failures: u32,
}

impl Pace {
    pub fn new(interval: Duration) -> Pace {
        Pace { interval, newest_ms: i64::MIN, failures: 0 }
    }

    /// The pause behind a reading, from its start. `jitter` is a random share of 0 to 1.
    pub fn after(&mut self, outcome: &Result<Reading, ApiError>, jitter: f64) -> Duration {
        match outcome {
            Ok(reading) => {
                self.failures = 0;
                self.after_page(&reading.page)
            }
            Err(error) => {
                if error.is_not_served() {
                    return ABSENT.max(self.interval);
                }
                self.failures = self.failures.saturating_add(1);
                let doubled = self.interval.saturating_mul(1 << self.failures.min(6));
                let longest = doubled.min(SLOWEST.max(self.interval));
                // Between half and the whole, so that a cluster's agents part.
                longest.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0).max(self.interval)
            }
        }
    }

    /// Behind news the next news is a whole rhythm away; without any it is due, and the interval is enough.
    fn after_page(&mut self, page: &MetricsPage) -> Duration {
        let stamps = page.pods.iter().map(|pod| pod.at_ms).chain(page.nodes.iter().map(|node| node.at_ms));
        let newest = stamps.max().unwrap_or(i64::MIN);
        let is_news = newest > self.newest_ms;
        self.newest_ms = newest;
        let rhythm = rhythm(page);
        // The windows of a fast rhythm scatter by up to the kubelet's own: twice the interval is not slower.
        if is_news && rhythm > self.interval.saturating_mul(2) { rhythm.min(SLOWEST) } else { self.interval }
    }
}

/// The median window: about the time between metrics-server's own scrapes.
fn rhythm(page: &MetricsPage) -> Duration {
    let windows =
        page.pods.iter().map(|pod| pod.window_ns).chain(page.nodes.iter().map(|node| node.window_ns));
    let mut windows: Vec<u64> = windows.collect();
    windows.sort_unstable();
    Duration::from_nanos(windows.get(windows.len() / 2).copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metrics_api::PodUsage;
    use crate::source::api_server::Kind;

    #[expect(clippy::unnecessary_wraps, reason = "a pace takes outcomes")]
    fn page(at_s: i64, window_s: u64) -> Result<Reading, ApiError> {
        let pod = PodUsage { at_ms: at_s * 1000, window_ns: window_s * 1_000_000_000, ..PodUsage::default() };
        let page = MetricsPage { pods: vec![pod], ..MetricsPage::default() };
        Ok(Reading { page, ..Reading::default() })
    }

    fn refused(status: u16) -> Result<Reading, ApiError> {
        Err(ApiError { place: "x".into(), kind: Kind::of_status(status, b"", None) })
    }

    #[test]
    fn a_slow_metrics_server_is_asked_at_its_own_rhythm() {
        let mut pace = Pace::new(Duration::from_secs(15));
        let seconds = |pause: Duration| pause.as_secs();
        assert_eq!(seconds(pace.after(&page(100, 20), 0.5)), 15);
        assert_eq!(seconds(pace.after(&page(200, 60), 0.5)), 60);
        assert_eq!(seconds(pace.after(&page(200, 60), 0.5)), 15, "news is overdue");
        assert_eq!(seconds(pace.after(&page(260, 600), 0.5)), 120);
    }

    #[test]
    fn failures_back_off_and_absence_is_asked_for_rarely() {
        let mut pace = Pace::new(Duration::from_secs(15));
        assert_eq!(pace.after(&refused(404), 0.5), ABSENT);
        let mut pauses: Vec<u64> = (0..6).map(|_| pace.after(&refused(503), 1.0).as_secs()).collect();
        assert_eq!(pauses, [30, 60, 120, 120, 120, 120]);
        pauses.clear();
        assert_eq!(pace.after(&page(100, 20), 0.5).as_secs(), 15);
        assert_eq!(pace.after(&refused(503), 0.0).as_secs(), 15);
    }
}
