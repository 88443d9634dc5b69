//! One request of a flow: sent, sent on where the answer says so, and counted.

use std::cell::RefCell;

use super::codes::ErrorCode;
use super::failure::Failure;
use super::jar::Jar;
use super::lane::{Ask, Ended, Lane};
use super::note::Spot;
use super::outcome::{Met, Timing};
use super::over::Over;
use super::redirect::Hop;
use super::script::Prepared;
use super::thread::Thread;

#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) thread: &'a Thread,
    pub(super) scenario: usize,
    pub(super) place: usize,
    pub(super) prepared: &'a Prepared,
    pub(super) jar: &'a RefCell<Jar>,
}

impl Asking<'_> {
    /// `wanted` is when the user came to it, `intended` when its schedule wanted that.
    pub(super) async fn perform(
        &self,
        lane: &mut Lane,
        host: usize,
        bytes: &[u8],
        wanted: u64,
        intended: u64,
    ) -> Ended {
        let ask = Ask {
            host,
            bytes,
            is_head: self.prepared.wire.is_head(),
            keep: self.prepared.keep,
            deadline_ns: wanted.saturating_add(self.prepared.timeout_ns),
            may_repeat: self.prepared.may_repeat,
        };
        let mut ended = lane.send(self.thread, &ask, wanted).await;
        ended.timing.latency = ended.at.saturating_sub(intended);
        self.account(lane, &ended);
        let response = lane.reader.response();
        if (response.redirects || response.sets_cookies) && ended.result.is_ok() {
            return Box::pin(self.follow(lane, &ask, ended)).await;
        }
        ended
    }

    /// A request that could not be sent counts as one that failed.
    pub(super) fn refused(&self, lane: &Lane, reason: &'static str, now: u64) -> Ended {
        let (over, timing) = (Over::default(), Timing { is_void: true, ..Timing::default() });
        let ended = Ended { timing, at: now, over, result: Err(Failure::Url(reason)) };
        self.account(lane, &ended);
        ended
    }

    /// The cookies of an answer, and wherever it sends the request, each time as a request of its own.
    async fn follow(&self, lane: &mut Lane, first: &Ask<'_>, mut ended: Ended) -> Ended {
        let thread = self.thread;
        let origin = thread.host(first.host).origin();
        let Some(mut hop) = Hop::of(origin, first.bytes, self.prepared.request.cookies.len()) else {
            return ended;
        };
        let now_s = Thread::wall_s();
        for followed in 0.. {
            if lane.reader.response().sets_cookies {
                let mut jar = self.jar.borrow_mut();
                let target = hop.target.as_bytes();
                lane.reader.each_field("set-cookie", |value| jar.set(&hop.origin, target, value, now_s));
            }
            if !lane.reader.response().redirects || self.prepared.redirects == 0 {
                return ended;
            }
            if followed == self.prepared.redirects {
                thread.note(self.scenario, Spot::Redirects(self.place), || {
                    let name = &self.prepared.request.name;
                    format!("request {name}: stopped after {followed} redirects; the last answer stands")
                });
                return ended;
            }
            let status = lane.reader.response().status;
            if !lane.reader.field("location").is_some_and(|location| hop.follow(status, location)) {
                return ended;
            }
            let host = match thread.place_of(&hop.origin) {
                Ok(host) => host,
                Err(reason) => return self.refused(lane, reason, ended.at),
            };
            let bytes = hop.bytes(&self.jar.borrow(), now_s);
            let ask =
                Ask { host, bytes: &bytes, is_head: hop.is_head(), may_repeat: hop.may_repeat(), ..*first };
            let wanted = ended.at;
            ended = lane.send(thread, &ask, wanted).await;
            ended.timing.latency = ended.at.saturating_sub(wanted);
            self.account(lane, &ended);
            if ended.result.is_err() {
                return ended;
            }
        }
        ended
    }

    /// Into the books.
    fn account(&self, lane: &Lane, ended: &Ended) {
        let mut meter = self.thread.meter.borrow_mut();
        let failure = ended.result.as_ref().err();
        if let Some(shortage) = failure.and_then(Failure::shortage) {
            meter.lacked(shortage);
        }
        let step = &mut meter.scenarios[self.scenario].steps[self.place];
        let response = lane.reader.response();
        let met = match failure {
            None => Met {
                status: response.status,
                error: ErrorCode::of_status(response.status),
                over: Some(ended.over),
            },
            Some(failure) => Met { status: 0, error: Some(failure.code()), over: None },
        };
        let outcome = step.ended(self.prepared, met, &ended.timing);
        if ended.timing.was_sent {
            outcome.sent_bytes += ended.timing.sent_bytes;
            outcome.received_bytes += response.wire_bytes;
        }
    }
}
