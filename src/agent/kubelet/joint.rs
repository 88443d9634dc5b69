//! Two documents, one source: it is up while one of them comes, and well while both do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::agent::health::Health;

/// What is known of one document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Unknown,
    Good,
    /// It came, and the kubelet itself says that something is missing in it.
    Doubtful(&'static str),
    Bad(&'static str),
}

/// The state of both. Clones show the same source.
#[derive(Clone, Debug)]
pub(super) struct Joint {
    health: Health,
    states: Arc<Mutex<[State; 2]>>,
}

impl Joint {
    pub(super) fn new(health: Health) -> Joint {
        Joint { health, states: Arc::default() }
    }

    /// A reading came in. True when that is news.
    pub(super) fn good(
        &self,
        which: usize,
        took: Duration,
        complaint: Option<&'static str>,
        faults: u32,
    ) -> bool {
        self.health.add_faults(u64::from(faults));
        self.set(which, complaint.map_or(State::Good, State::Doubtful), Some(took))
    }

    /// A poll failed. True when that is news.
    pub(super) fn bad(&self, which: usize, reason: &'static str) -> bool {
        self.set(which, State::Bad(reason), None)
    }

    fn set(&self, which: usize, state: State, took: Option<Duration>) -> bool {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = states[which] != state;
        states[which] = state;
        let comes = states.iter().any(|state| matches!(state, State::Good | State::Doubtful(_)));
        let trouble = states.iter().find_map(|state| match state {
            State::Bad(reason) | State::Doubtful(reason) => Some(*reason),
            State::Good | State::Unknown => None,
        });
        match (trouble, took) {
            (None, Some(took)) => {
                self.health.good(took);
            }
            (Some(reason), _) if comes => {
                if took.is_none() {
                    self.health.add_faults(1);
                }
                self.health.degraded(took, reason);
            }
            (Some(reason), _) => {
                self.health.bad(reason);
            }
            // A failure always is a trouble.
            (None, None) => {}
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::report::SourceState;

    #[test]
    fn one_of_two_keeps_the_source_up_and_says_what_is_missing() {
        let health = Health::new("kubelet");
        let joint = Joint::new(health.clone());
        let took = Duration::from_millis(3);
        let seen = || {
            let report = health.report();
            (report.state, report.reason, report.faults)
        };
        assert!(joint.bad(0, "refused"));
        assert_eq!(seen(), (SourceState::Down, "refused", 1));
        assert!(joint.good(1, took, None, 0));
        assert_eq!(seen(), (SourceState::Degraded, "refused", 1));
        assert!(joint.good(0, took, None, 4));
        assert_eq!(seen(), (SourceState::Ok, "", 5));
        assert!(!joint.good(0, took, None, 0));
        assert!(joint.bad(1, "forbidden") && !joint.bad(1, "forbidden"));
        assert_eq!(seen(), (SourceState::Degraded, "forbidden", 7));
        assert!(health.report().age_seconds.is_some());
        assert!(joint.bad(0, "timeout"));
        assert_eq!((seen().0, seen().2), (SourceState::Down, 8));
        assert!(joint.good(0, took, Some("scrape_error"), 0) && joint.good(1, took, None, 0));
        assert_eq!(seen(), (SourceState::Degraded, "scrape_error", 8));
    }
}
