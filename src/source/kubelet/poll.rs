//! One document of the kubelet, polled: wait, ask, read, and again. A failure keeps what is known; it costs one
//! reading and a pause.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::pace::Pace;
use super::{resource, summary};
use crate::model::kubelet::{ResourcePage, Summary};
use crate::model::stamp::Stamp;
use crate::source::http::{Http, HttpError};

/// What can be polled.
pub trait Document {
    /// The reading that stays.
    type Reading: Default;
    /// Behind the kubelet's address.
    const PATH: &'static str;
    /// Reads the bytes into `reading`, over what stood there; how many values could not be read.
    fn parse(bytes: &[u8], fetched: Stamp, reading: &mut Self::Reading) -> Result<u32, String>;
    /// What the kubelet itself says is wrong with it, as one word.
    fn complaint(_reading: &Self::Reading) -> Option<&'static str> {
        None
    }
}

/// `/stats/summary`.
#[derive(Clone, Copy, Debug)]
pub struct SummaryPage;

/// `/metrics/resource`.
#[derive(Clone, Copy, Debug)]
pub struct Resource;

impl Document for SummaryPage {
    type Reading = Summary;
    const PATH: &'static str = "/stats/summary";

    fn parse(bytes: &[u8], fetched: Stamp, reading: &mut Summary) -> Result<u32, String> {
        let page = summary::parse_summary(bytes).map_err(|error| error.to_string())?;
        page.store(fetched, reading);
        Ok(page.faults)
    }
}

impl Document for Resource {
    type Reading = ResourcePage;
    const PATH: &'static str = "/metrics/resource";

    fn parse(bytes: &[u8], fetched: Stamp, reading: &mut ResourcePage) -> Result<u32, String> {
        let page = resource::parse_resource(bytes).map_err(|error| error.to_string())?;
        page.store(fetched, reading);
        Ok(page.faults)
    }

    fn complaint(reading: &ResourcePage) -> Option<&'static str> {
        reading.scrape_error.then_some("scrape_error")
    }
}

/// A poll without a reading.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("{url}: the answer {problem}; is this a kubelet's address?")]
    Document { url: String, problem: String },
}

impl PollError {
    /// One of a closed list of words: those of `Kind::REASONS`, and `bad_document`.
    pub fn reason(&self) -> &'static str {
        match self {
            PollError::Http(error) => error.reason(),
            PollError::Document { .. } => "bad_document",
        }
    }
}

/// One good poll.
#[derive(Debug)]
pub struct Reading<T> {
    pub value: Arc<T>,
    pub took: Duration,
    /// Length of the document.
    pub bytes: usize,
    /// Values that could not be read.
    pub faults: u32,
}

/// Polls one document. Nothing runs between two calls of `next`, so no poll waits behind another.
pub struct Poller<D: Document> {
    http: Arc<Http>,
    url: String,
    pace: Pace,
    now: fn() -> Stamp,
    due: Instant,
    /// Reused from poll to poll.
    body: Vec<u8>,
    /// The reading before the newest, written over once nobody reads it any more.
    spare: Option<Arc<D::Reading>>,
    newest: Option<Arc<D::Reading>>,
}

impl<D: Document> fmt::Debug for Poller<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("url", &self.url).field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl<D: Document> Poller<D> {
    /// `base` is the kubelet's address without a path; the first poll is due at once.
    pub fn new(http: Arc<Http>, base: &str, pace: Pace, now: fn() -> Stamp) -> Poller<D> {
        let url = format!("{}{}", base.trim_end_matches('/'), D::PATH);
        Poller { http, url, pace, now, due: Instant::now(), body: Vec::new(), spare: None, newest: None }
    }

    /// Waits until the next poll is due and does it.
    pub async fn next(&mut self) -> Result<Reading<D::Reading>, PollError> {
        tokio::time::sleep_until(self.due).await;
        let start = Instant::now();
        let outcome = self.poll().await;
        let took = start.elapsed();
        let pause =
            if outcome.is_ok() { self.pace.after_answer(took) } else { self.pace.after_failure(took) };
        self.due = Instant::now() + pause;
        let (value, faults) = outcome?;
        Ok(Reading { value, took, bytes: self.body.len(), faults })
    }

    async fn poll(&mut self) -> Result<(Arc<D::Reading>, u32), PollError> {
        self.http.get(&self.url, &mut self.body).await?;
        let fetched = (self.now)();
        let mut reading = self.spare.take().and_then(|spare| Arc::try_unwrap(spare).ok()).unwrap_or_default();
        let faults = D::parse(&self.body, fetched, &mut reading)
            .map_err(|problem| PollError::Document { url: self.url.clone(), problem })?;
        let reading = Arc::new(reading);
        self.spare = self.newest.replace(Arc::clone(&reading));
        Ok((reading, faults))
    }
}
