//! Requests at once: so many at one time, and so many of them at one server.

use std::future::poll_fn;
use std::mem;
use std::ops::Range;
use std::pin::Pin;
use std::task::Poll;

use super::answer::answered;
use super::asking::Asking;
use super::connection::Connection;
use super::lane::{Ended, Lane};
use super::script::Script;
use super::thread::Thread;
use super::user::{User, Verdict};

/// A request that is ready, and its buffer. A bad URL has a reason in place of a server.
struct Job {
    place: usize,
    host: Result<usize, &'static str>,
    bytes: Vec<u8>,
}

/// Connections that all requests to a server share, where what is spoken there allows it: as Go's transport has it,
/// whose requests open one each until the first is there.
#[derive(Default)]
struct Together(Vec<(usize, Connection)>);

impl Together {
    /// One that a lane let go of is no good to the others either.
    fn forget(&mut self, host: usize, lanes: &mut [Lane]) {
        self.0.retain(|(known, _)| *known != host);
        for lane in lanes {
            lane.drop_shared(host);
        }
    }

    /// The lane uses the one that is known, or makes its own known.
    fn join(&mut self, lane: &mut Lane, host: usize) {
        self.0.retain_mut(|(_, connection)| connection.is_open());
        let known = self.0.iter().find(|(known, _)| *known == host);
        match known.and_then(|(_, connection)| connection.shared()) {
            Some(connection) => lane.take_up(host, connection),
            None => self.0.extend(lane.shared(host).map(|connection| (host, connection))),
        }
    }
}

/// One under way; it brings back what was lent to it.
type Flight<'a> = Pin<Box<dyn Future<Output = (Job, Lane, Ended)> + 'a>>;

impl User {
    /// All of them are filled in before the first is sent. Returns when the last one ended.
    pub(super) async fn batch(
        &mut self,
        thread: &Thread,
        script: &Script,
        places: Range<usize>,
        wanted: u64,
    ) -> Result<u64, Verdict> {
        let mut waiting = Vec::new();
        for place in places {
            let prepared = &script.requests[place];
            self.bytes.clear();
            let host = match prepared.wire.constant().filter(|_| self.jar.get_mut().is_empty()) {
                Some(bytes) => {
                    self.bytes.extend_from_slice(bytes);
                    prepared.host.ok_or("has no server")
                }
                None => self.render(thread, place, prepared)?,
            };
            waiting.push(Job { place, host, bytes: self.bytes.clone() });
        }
        waiting.reverse();
        let mut lanes = mem::take(&mut self.lanes);
        let (jar, values, scenario) = (&self.jar, &mut self.values, self.scenario);
        let asking =
            |place: usize| Asking { thread, scenario, place, prepared: &script.requests[place], jar };
        let options = &thread.plan.options;
        let (most, most_of_host) = (options.batch.max(1) as usize, options.batch_per_host.max(1) as usize);
        let mut flying: Vec<(Option<usize>, Flight<'_>)> = Vec::new();
        let (mut last, mut has_failed, mut together) = (wanted, false, Together::default());
        poll_fn(|context| {
            loop {
                while flying.len() < most {
                    let may_go = |job: &Job| {
                        let same = flying.iter().filter(|(host, _)| *host == job.host.ok()).count();
                        same < most_of_host
                    };
                    // The first is the last of the list.
                    let Some(at) = waiting.iter().rposition(may_go) else { break };
                    let job = waiting.remove(at);
                    let host = job.host.ok();
                    // Best one that has a connection to there.
                    let known = host.and_then(|host| lanes.iter().rposition(|lane| lane.has(host)));
                    let lane = known.map(|at| lanes.remove(at)).or_else(|| lanes.pop());
                    let mut lane = lane.unwrap_or_else(|| Lane::new(thread));
                    if let Some(host) = host {
                        together.join(&mut lane, host);
                    }
                    // It begins when there is room for it, as k6's do.
                    let begun = thread.clock.now_ns();
                    flying.push((host, Box::pin(fly(asking(job.place), job, lane, begun))));
                }
                let mut has_landed = false;
                let mut at = 0;
                while at < flying.len() {
                    let Poll::Ready((job, mut lane, ended)) = flying[at].1.as_mut().poll(context) else {
                        at += 1;
                        continue;
                    };
                    drop(flying.remove(at));
                    answered(&asking(job.place), script, &lane.reader, &ended, values);
                    match job.host {
                        Ok(host) if lane.has(host) => together.join(&mut lane, host),
                        Ok(host) => together.forget(host, &mut lanes),
                        Err(_) => {}
                    }
                    lanes.push(lane);
                    last = last.max(ended.at);
                    has_failed |= ended.result.is_err();
                    has_landed = true;
                }
                if flying.is_empty() && waiting.is_empty() {
                    return Poll::Ready(());
                }
                if !has_landed {
                    return Poll::Pending;
                }
            }
        })
        .await;
        drop(flying);
        self.lanes = lanes;
        if has_failed {
            // It may have come at once: others shall have their turn all the same.
            tokio::task::yield_now().await;
            if options.throw {
                return Err(Verdict::Failed);
            }
        }
        Ok(last)
    }
}

async fn fly(asking: Asking<'_>, job: Job, mut lane: Lane, wanted: u64) -> (Job, Lane, Ended) {
    let wanted = asking.thread.turn(wanted).await;
    let ended = match job.host {
        Ok(host) => asking.perform(&mut lane, host, &job.bytes, wanted, wanted).await,
        Err(reason) => asking.refused(&lane, reason, wanted),
    };
    (job, lane, ended)
}
