//! Reads what stands beside the application: a task for each target, on the target's own interval.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use super::health::Health;
use super::own_pod::environment;
use super::sampling::node_name;
use crate::config::Config;
use crate::model::report::SourceReport;
use crate::model::scraped::{Reading, Scraped};
use crate::model::stamp::Stamp;
use crate::sampler::clock::{Clock, KernelClock};
use crate::source::scrape::{Names, Outcome, ScrapeError, Scraper};

/// The running tasks; dropping it stops them.
#[derive(Debug)]
pub(super) struct Scrape {
    tasks: Vec<JoinHandle<()>>,
    /// `None` where nothing is to be read.
    health: Option<Health>,
}

impl Scrape {
    pub(super) fn start(config: &Config, scraped: &Arc<ArcSwap<Scraped>>) -> Scrape {
        let names = names(config);
        let (mut scrapers, mut readings) = (Vec::new(), Vec::new());
        for target in &config.scrape.targets {
            match Scraper::new(target, &names) {
                Ok(scraper) => {
                    let target = scraper.target().clone();
                    readings.push(Arc::new(Reading { target, ..Reading::default() }));
                    scrapers.push(scraper);
                }
                Err(error) => tracing::error!(target = target.name, %error, "the target cannot be read"),
            }
        }
        let health = (!config.scrape.targets.is_empty()).then(|| Health::new("scrape"));
        scraped.store(Arc::new(readings));
        let states = Arc::new(Mutex::new(vec![State::Unknown; scrapers.len()]));
        let task = |(place, scraper): (usize, Scraper)| {
            let health = health.clone()?;
            let seat = Seat { place, scraped: scraped.clone(), states: states.clone(), health };
            Some(tokio::spawn(keep_reading(scraper, seat)))
        };
        let tasks = scrapers.into_iter().enumerate().filter_map(task).collect();
        Scrape { tasks, health }
    }

    /// What was read last stays for the sinks.
    pub(super) fn stop(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }

    pub(super) fn report(&self) -> Option<SourceReport> {
        self.health.as_ref().map(Health::report)
    }
}

impl Drop for Scrape {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the pod and its node are called: as telegraf-operator tells its sidecars.
pub(super) fn names(config: &Config) -> Names {
    let pod = config.sidecar.pod_name.clone().or_else(|| environment("POD_NAME"));
    let host = pod.unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into());
    Names { host, node: node_name(config).to_string() }
}

/// What is known of one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Good,
    Bad(&'static str),
}

/// One target's place among the others.
struct Seat {
    place: usize,
    scraped: Arc<ArcSwap<Scraped>>,
    states: Arc<Mutex<Vec<State>>>,
    health: Health,
}

async fn keep_reading(mut scraper: Scraper, seat: Seat) {
    let mut ticks = tokio::time::interval(scraper.config().interval);
    // A late answer delays the next reading; the target is not asked twice for it.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let begun = Instant::now();
        let outcome = scraper.fetch().await;
        seat.take(scraper.target().name.as_ref(), outcome, begun.elapsed());
    }
}

impl Seat {
    /// Publishes a reading, and writes one line where that changes how the target is.
    fn take(&self, target: &str, outcome: Result<Outcome, ScrapeError>, took: Duration) {
        let taken = Stamp { boot_ns: KernelClock.boot_ns(), wall_ns: KernelClock.wall_ns() };
        match outcome {
            Ok(outcome) => {
                let Outcome { content, samples, faults, absent } = outcome;
                if self.note(State::Good, faults, took) {
                    tracing::info!(target, samples, faults, absent, "the target is read");
                }
                self.publish(Reading {
                    content: Some(content),
                    samples,
                    ..self.reading(taken, took, faults)
                });
            }
            Err(error) => {
                let reason = error.reason();
                if self.note(State::Bad(reason), 0, took) {
                    tracing::warn!(target, reason, %error, "the target cannot be read");
                }
                // What it said before is no value of now.
                self.publish(self.reading(taken, took, 1));
            }
        }
    }

    /// A reading without content, with the faults of those before.
    fn reading(&self, taken: Stamp, took: Duration, faults: u64) -> Reading {
        let before = self.scraped.load();
        let Some(before) = before.get(self.place) else { return Reading::default() };
        Reading {
            target: before.target.clone(),
            taken: Some(taken),
            duration: Some(took),
            content: None,
            samples: 0,
            faults: before.faults + faults,
        }
    }

    fn publish(&self, reading: Reading) {
        let reading = Arc::new(reading);
        self.scraped.rcu(|before| {
            let mut all = Scraped::clone(before);
            if let Some(place) = all.get_mut(self.place) {
                *place = reading.clone();
            }
            all
        });
    }

    /// All targets are one source: it is up while one of them is read, and well while all are. True when the state
    /// of this one is news.
    fn note(&self, state: State, faults: u64, took: Duration) -> bool {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = states[self.place] != state;
        states[self.place] = state;
        let trouble = states.iter().find_map(|state| match state {
            State::Bad(reason) => Some(*reason),
            State::Good | State::Unknown => None,
        });
        let is_good = state == State::Good;
        self.health.add_faults(faults);
        match trouble {
            None => _ = self.health.good(took),
            Some(reason) if states.contains(&State::Good) => {
                self.health.add_faults(u64::from(!is_good));
                self.health.degraded(is_good.then_some(took), reason);
            }
            Some(reason) => _ = self.health.bad(reason),
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::report::SourceState;
    use crate::model::scraped::Content;

    fn seats(count: usize) -> Vec<Seat> {
        let readings: Scraped = (0..count).map(|_| Arc::default()).collect();
        let scraped = Arc::new(ArcSwap::from_pointee(readings));
        let states = Arc::new(Mutex::new(vec![State::Unknown; count]));
        let health = Health::new("scrape");
        let seat =
            |place| Seat { place, scraped: scraped.clone(), states: states.clone(), health: health.clone() };
        (0..count).map(seat).collect()
    }

    fn good() -> Outcome {
        Outcome { content: Content::Points(Vec::new()), samples: 3, faults: 2, absent: 0 }
    }

    fn bad() -> ScrapeError {
        ScrapeError::Forbidden { url: "http://h/".to_owned() }
    }

    #[test]
    fn a_failure_costs_its_own_target_alone() {
        let seats = seats(2);
        let took = Duration::from_millis(5);
        let seen = || {
            let report = seats[0].health.report();
            (report.state, report.reason, report.faults)
        };
        seats[0].take("a", Ok(good()), took);
        assert_eq!(seen(), (SourceState::Ok, "", 2));
        seats[1].take("b", Err(bad()), took);
        assert_eq!(seen(), (SourceState::Degraded, "forbidden", 3));
        let now = seats[0].scraped.load_full();
        assert_eq!((now[0].is_up(), now[0].samples, now[0].faults), (Some(true), 3, 2));
        assert_eq!((now[1].is_up(), now[1].samples, now[1].faults), (Some(false), 0, 1));
        seats[0].take("a", Err(bad()), took);
        assert_eq!(seen(), (SourceState::Down, "forbidden", 4));
        let now = seats[0].scraped.load_full();
        assert_eq!((now[0].content.clone(), now[0].faults), (None, 3), "faults add up, values go");
        seats[0].take("a", Ok(good()), took);
        seats[1].take("b", Ok(good()), took);
        assert_eq!(seen(), (SourceState::Ok, "", 8));
    }

    #[test]
    fn only_a_change_is_news() {
        let seats = seats(1);
        let note = |state| seats[0].note(state, 0, Duration::ZERO);
        assert!(note(State::Good) && !note(State::Good));
        assert!(note(State::Bad("timeout")) && !note(State::Bad("timeout")) && note(State::Bad("refused")));
        assert!(note(State::Good));
    }
}
