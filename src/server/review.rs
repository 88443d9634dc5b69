//! Whether a cluster lets the sender of a request read a path: who the token is, and whether that one may. The answers
//! are kept for a short while. Where none is to be had, nobody is let in.
//!
//! Whom it asks is given to it (`Authority`): the server itself knows no API server. The rules are those of
//! kube-rbac-proxy: TokenReview, then SubjectAccessReview of a non-resource URL with the verb get.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::token::is_same;

/// How long a yes holds: so long at most a right that was taken away still works.
const ALLOWED_FOR: Duration = Duration::from_mins(1);
/// How long a no holds: so long at most a right that was given does not work yet.
const REFUSED_FOR: Duration = Duration::from_secs(10);
/// Scrapers are few. What is beyond this was sent by somebody who guesses.
const MAX_KEPT: usize = 64;
/// Questions at one time, so that guessing costs the API server little.
const MAX_ASKED: usize = 4;
/// Longest time until both answers are there.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer that comes later. Its error is one line that names what was asked, and no token.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// Who knows tokens and rights.
pub trait Authority: Debug + Send + Sync {
    /// Whose token it is; `None` where it is nobody's.
    fn who<'a>(&'a self, token: &'a SecretString) -> Asking<'a, Option<User>>;
    /// Whether this one may get this path.
    fn may<'a>(&'a self, user: &'a User, path: &'a str) -> Asking<'a, bool>;
}

/// Whom a token stands for, in the API server's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub uid: String,
    pub groups: Vec<String>,
    pub extra: BTreeMap<String, Vec<String>>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    Allowed,
    /// There is no token, or it is nobody's.
    Unknown,
    /// It is somebody's who may not.
    Forbidden,
    /// Nobody could be asked.
    Unavailable,
}

/// Asks, and remembers.
#[derive(Debug)]
pub(super) struct Review {
    authority: Option<Arc<dyn Authority>>,
    kept: Mutex<Vec<Kept>>,
    places: Semaphore,
    is_failing: AtomicBool,
}

#[derive(Debug)]
struct Kept {
    token: SecretString,
    path: Box<str>,
    ruling: Ruling,
    until: Instant,
}

impl Review {
    /// Without an authority nobody is let in.
    pub(super) fn new(authority: Option<Arc<dyn Authority>>) -> Review {
        Review {
            authority,
            kept: Mutex::default(),
            places: Semaphore::new(MAX_ASKED),
            is_failing: AtomicBool::new(false),
        }
    }

    pub(super) async fn rule(&self, token: Option<&str>, path: &str) -> Ruling {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ruling::Unknown };
        if let Some(ruling) = self.remembered(token, path) {
            return ruling;
        }
        let asked = timeout(PATIENCE, self.ask(SecretString::from(token), path)).await;
        let asked = asked.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")));
        match asked {
            Ok(ruling) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("tokens can be reviewed again");
                }
                ruling
            }
            Err(reason) => {
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(reason, "tokens cannot be reviewed; requests are refused");
                }
                Ruling::Unavailable
            }
        }
    }

    /// An answer is kept from when it was given: whoever finds it here does not make it last longer.
    async fn ask(&self, token: SecretString, path: &str) -> Result<Ruling, String> {
        let authority = self.authority.as_ref().ok_or("there is no API server to ask")?;
        let _place = self.places.acquire().await.map_err(|error| error.to_string())?;
        // Somebody with the same token may have been answered meanwhile.
        if let Some(ruling) = self.remembered(token.expose_secret(), path) {
            return Ok(ruling);
        }
        let ruling = match authority.who(&token).await? {
            None => {
                tracing::debug!(path, "a token that is nobody's");
                Ruling::Unknown
            }
            Some(user) if authority.may(&user, path).await? => Ruling::Allowed,
            Some(user) => {
                tracing::info!(
                    user = user.name,
                    path,
                    "may not get this path: its ClusterRole lacks the nonResourceURL"
                );
                Ruling::Forbidden
            }
        };
        self.remember(token, path, ruling);
        Ok(ruling)
    }

    fn remembered(&self, token: &str, path: &str) -> Option<Ruling> {
        let now = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|each| each.until > now);
        let found =
            kept.iter().find(|each| *each.path == *path && is_same(token, each.token.expose_secret()));
        found.map(|each| each.ruling)
    }

    /// Where there is no room, a no goes before a yes, and the older before the newer.
    fn remember(&self, token: SecretString, path: &str, ruling: Ruling) {
        let holds = if ruling == Ruling::Allowed { ALLOWED_FOR } else { REFUSED_FOR };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            let refused = kept.iter().position(|each| each.ruling != Ruling::Allowed);
            kept.remove(refused.unwrap_or(0));
        }
        kept.push(Kept { token, path: path.into(), ruling, until: Instant::now() + holds });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    /// Knows one token, whose owner may get /metrics.
    #[derive(Debug, Default)]
    struct Fake {
        asked: AtomicU64,
        is_away: AtomicBool,
        never_answers: AtomicBool,
    }

    impl Authority for Fake {
        fn who<'a>(&'a self, token: &'a SecretString) -> Asking<'a, Option<User>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                if self.never_answers.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
                if self.is_away.load(Ordering::Relaxed) {
                    return Err("away".to_owned());
                }
                Ok((token.expose_secret() == "good").then(User::default))
            })
        }

        fn may<'a>(&'a self, _: &'a User, path: &'a str) -> Asking<'a, bool> {
            Box::pin(async move { Ok(path == "/metrics") })
        }
    }

    fn of(fake: &Arc<Fake>) -> Review {
        Review::new(Some(Arc::clone(fake) as Arc<dyn Authority>))
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_its_time() {
        let fake = Arc::new(Fake::default());
        let review = of(&fake);
        let asked = || fake.asked.load(Ordering::Relaxed);
        for _ in 0..3 {
            assert_eq!(review.rule(Some("good"), "/metrics").await, Ruling::Allowed);
            assert_eq!(review.rule(Some("good"), "/api/v1/pods").await, Ruling::Forbidden);
            assert_eq!(review.rule(Some("bad"), "/metrics").await, Ruling::Unknown);
        }
        assert_eq!(asked(), 3);
        for nobody in [None, Some("")] {
            assert_eq!(review.rule(nobody, "/metrics").await, Ruling::Unknown);
        }
        assert_eq!(asked(), 3, "nothing is asked of no token");
        tokio::time::advance(REFUSED_FOR).await;
        review.rule(Some("bad"), "/metrics").await;
        review.rule(Some("good"), "/metrics").await;
        assert_eq!(asked(), 4, "a yes holds for longer than a no");
        tokio::time::advance(ALLOWED_FOR).await;
        review.rule(Some("good"), "/metrics").await;
        assert_eq!(asked(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_found_by_who_waited_lasts_no_longer() {
        let review = of(&Arc::new(Fake::default()));
        let held = review.places.acquire_many(MAX_ASKED as u32).await.unwrap();
        let late = async {
            tokio::time::advance(Duration::from_secs(4)).await;
            drop(held);
        };
        // Another one is answered while this one waits for a place.
        let another = async { review.remember("good".into(), "/metrics", Ruling::Allowed) };
        let (ruling, (), ()) = tokio::join!(review.rule(Some("good"), "/metrics"), another, late);
        assert_eq!(ruling, Ruling::Allowed);
        tokio::time::advance(ALLOWED_FOR.saturating_sub(Duration::from_secs(4))).await;
        assert_eq!(review.remembered("good", "/metrics"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn where_nobody_answers_nobody_is_let_in() {
        let fake = Arc::new(Fake::default());
        let review = of(&fake);
        fake.is_away.store(true, Ordering::Relaxed);
        assert_eq!(review.rule(Some("good"), "/metrics").await, Ruling::Unavailable);
        fake.is_away.store(false, Ordering::Relaxed);
        assert_eq!(review.rule(Some("good"), "/metrics").await, Ruling::Allowed, "a failure is not kept");
        fake.never_answers.store(true, Ordering::Relaxed);
        assert_eq!(review.rule(Some("other"), "/metrics").await, Ruling::Unavailable);
        assert_eq!(Review::new(None).rule(Some("good"), "/metrics").await, Ruling::Unavailable);
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_are_bounded_and_do_not_drive_out_who_may() {
        let fake = Arc::new(Fake::default());
        let review = of(&fake);
        assert_eq!(review.rule(Some("good"), "/metrics").await, Ruling::Allowed);
        for guess in 0..MAX_KEPT * 3 {
            assert_eq!(review.rule(Some(&guess.to_string()), "/metrics").await, Ruling::Unknown);
        }
        assert_eq!(review.kept.lock().unwrap().len(), MAX_KEPT);
        let asked = fake.asked.load(Ordering::Relaxed);
        assert_eq!(review.rule(Some("good"), "/metrics").await, Ruling::Allowed);
        assert_eq!(fake.asked.load(Ordering::Relaxed), asked, "still kept");
        assert!(!format!("{review:?}").contains("good"), "a token is not printed");
    }
}
