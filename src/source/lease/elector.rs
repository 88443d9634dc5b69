//! Acquire, renew, take over, release.
//!
//! A leader leads for two thirds of the lease from the instant at which it *began* to write; another takes over
//! only when it has *seen* no sign of life for the whole lease. What is seen was written before, so the two cannot
//! overlap, whatever their wall clocks say.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::Instant;

use super::record::Record;
use crate::source::api_server::{ApiError, ApiServer};

/// A lease is far smaller.
const LEASE_BYTES: usize = 256 << 10;

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This replica leads until that instant.
    Leader { until: Instant },
    /// Another leads, or nobody does yet.
    Follower { leader: String },
}

/// One replica's side of the election.
#[derive(Debug)]
pub struct Elector {
    server: ApiServer,
    name: String,
    namespace: String,
    identity: String,
    duration: Duration,
    /// The newest record, and since when it has shown no further sign of life.
    seen: Option<(Record, Instant)>,
    held_until: Option<Instant>,
}

impl Elector {
    /// `renew_interval` bounds each request, so that a hanging one costs one renewal alone.
    pub fn new(
        server: &ApiServer,
        (namespace, name): (&str, &str),
        identity: String,
        duration: Duration,
        renew_interval: Duration,
    ) -> Elector {
        Elector {
            server: ApiServer { timeout: server.timeout.min(renew_interval), ..server.clone() },
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            identity,
            duration,
            seen: None,
            held_until: None,
        }
    }

    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Until when this replica leads; `None` where it does not.
    pub fn held_until(&self) -> Option<Instant> {
        self.held_until.filter(|&until| until > Instant::now())
    }

    /// Looks at the lease and renews or takes it where that is due. `wall` is written into the object for people.
    /// An error leaves a held lease held until it runs out.
    pub async fn step(&mut self, wall: SystemTime) -> Result<Standing, ApiError> {
        if self.held_until().is_some()
            && let Some((record, _)) = self.seen.take_if(|(record, _)| record.holder() == self.identity)
        {
            // A lost answer may have been a write: then this one meets a conflict and looks anew.
            match self.write(&record, wall).await {
                Err(error) if error.is_conflict() || error.is_object_missing() => {}
                Err(error) => {
                    self.seen = Some((record, Instant::now()));
                    return Err(error);
                }
                done => return done,
            }
        }
        let Some(record) = self.look().await? else {
            let made = Record::new(&self.name, &self.namespace);
            return self.write_new(&made, wall).await;
        };
        if !self.is_free(&record) {
            self.held_until = None;
            return Ok(Standing::Follower { leader: record.holder().to_owned() });
        }
        match self.write(&record, wall).await {
            Err(error) if error.is_conflict() => Ok(Standing::Follower { leader: String::new() }),
            done => done,
        }
    }

    /// Gives the lease back, so that another leads at once.
    pub async fn release(&mut self, wall: SystemTime) -> Result<(), ApiError> {
        let is_held = self.held_until.take().is_some();
        let Some((record, _)) =
            self.seen.take().filter(|(record, _)| is_held && record.holder() == self.identity)
        else {
            return Ok(());
        };
        let document = Bytes::from(record.released(wall).document());
        self.server.put(&self.path(), document).await.map(drop)
    }

    /// The record now; `None` where there is none yet.
    async fn look(&mut self) -> Result<Option<Record>, ApiError> {
        let path = self.path();
        let mut body = Vec::new();
        match self.server.get(&path, LEASE_BYTES, &mut body).await {
            Ok(()) => {}
            Err(error) if error.is_object_missing() => return Ok(None),
            Err(error) => return Err(error),
        }
        let record = Record::parse(&body).map_err(|error| self.server.unreadable(&path, &error))?;
        let is_alive =
            self.seen.as_ref().is_none_or(|(seen, _)| seen.sign_of_life() != record.sign_of_life());
        let since = self.seen.as_ref().filter(|_| !is_alive).map_or_else(Instant::now, |(_, since)| *since);
        self.seen = Some((record.clone(), since));
        Ok(Some(record))
    }

    /// Held by nobody, by us, or by one that has shown no sign of life for its whole lease.
    fn is_free(&self, record: &Record) -> bool {
        let duration = record.duration().unwrap_or(self.duration);
        let is_expired = self.seen.as_ref().is_some_and(|(_, since)| since.elapsed() >= duration);
        record.holder().is_empty() || record.holder() == self.identity || is_expired
    }

    async fn write(&mut self, record: &Record, wall: SystemTime) -> Result<Standing, ApiError> {
        let path = self.path();
        let begun = Instant::now();
        let next = record.held_by(&self.identity, self.duration, wall);
        let answer = self.server.put(&path, Bytes::from(next.document())).await?;
        self.take(&path, &answer, begun)
    }

    async fn write_new(&mut self, record: &Record, wall: SystemTime) -> Result<Standing, ApiError> {
        let list = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", self.namespace);
        let begun = Instant::now();
        let next = record.held_by(&self.identity, self.duration, wall);
        match self.server.post(&list, Bytes::from(next.document())).await {
            Ok(answer) => self.take(&list, &answer, begun),
            // Another was faster.
            Err(error) if error.is_conflict() => Ok(Standing::Follower { leader: String::new() }),
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, path: &str, answer: &[u8], begun: Instant) -> Result<Standing, ApiError> {
        let record = Record::parse(answer).map_err(|error| self.server.unreadable(path, &error))?;
        self.seen = Some((record, Instant::now()));
        let until = begun + self.duration * 2 / 3;
        self.held_until = Some(until);
        Ok(Standing::Leader { until })
    }

    fn path(&self) -> String {
        format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases/{}", self.namespace, self.name)
    }
}
