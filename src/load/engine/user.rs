//! A virtual user: runs the flow of its scenario, one iteration after the other, over connections of its own.

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::sleep;

use super::answer::{answered, recorded, said};
use super::asking::Asking;
use super::jar::Jar;
use super::lane::Lane;
use super::note::Spot;
use super::report::Told;
use super::script::{Act, Prepared, Script};
use super::thread::Thread;
use super::under_way::UnderWay;
use super::wire::Trouble;
use crate::load::flow::Values;

/// Repetitions without a pause before others have their turn.
const REPEATS_AT_ONCE: u32 = 256;

/// One user. What it does not use it does not hold.
pub(super) struct User {
    thread: Rc<Thread>,
    pub(super) scenario: usize,
    /// The first is for single requests; batches use all.
    pub(super) lanes: Vec<Lane>,
    pub(super) values: Values,
    pub(super) jar: RefCell<Jar>,
    /// The request that is filled in.
    pub(super) bytes: Vec<u8>,
    frames: Vec<Frame>,
    iterations: u64,
}

/// What an iteration is within.
enum Frame {
    Group { place: usize, begun: u64 },
    Repeat { left: u32 },
}

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Whole,
    /// By a step `fail`, or a failed request with the option `throw`: k6 counts such a one as complete.
    Failed,
    /// A request could not be made.
    Broken,
    /// It ends the run.
    Aborted,
}

impl User {
    pub(super) fn new(thread: &Rc<Thread>, scenario: usize) -> User {
        let (vu, seed) = (thread.numbers[scenario].take(), thread.plan.seed);
        let values = match &thread.shared.start {
            Some(start) => start.handed_on(vu, seed),
            None => Values::new(&thread.plan.vocabulary, vu, seed),
        };
        User::with(thread, scenario, values)
    }

    /// With a number and values that it is given.
    pub(super) fn with(thread: &Rc<Thread>, scenario: usize, values: Values) -> User {
        User {
            scenario,
            lanes: vec![Lane::new(thread)],
            values,
            jar: RefCell::default(),
            bytes: Vec::new(),
            frames: Vec::new(),
            iterations: 0,
            thread: Rc::clone(thread),
        }
    }

    /// Runs the flow once. `intended` is when its schedule wanted it to begin, in nanoseconds of the run.
    pub(super) async fn iterate(&mut self, begun: u64, intended: u64) {
        let thread = Rc::clone(&self.thread);
        let under_way = UnderWay::new(&thread, self.scenario);
        let (end, verdict) = self.walk(begun, intended).await;
        match verdict {
            Verdict::Whole | Verdict::Failed => under_way.completed(end - begun),
            Verdict::Broken => drop(under_way),
            Verdict::Aborted => {
                drop(under_way);
                // The run's end takes it away.
                pending::<()>().await;
            }
        }
        let options = &thread.plan.options;
        if options.no_vu_connection_reuse {
            self.lanes.iter_mut().for_each(Lane::close);
        }
        let least = options.min_iteration_duration.nanos();
        if let Some(left) = least.checked_sub(end - begun).filter(|left| *left > 0) {
            sleep(Duration::from_nanos(left)).await;
        }
    }

    /// All acts of the flow. Returns when that ended.
    pub(super) async fn walk(&mut self, begun: u64, intended: u64) -> (u64, Verdict) {
        let thread = Rc::clone(&self.thread);
        let Some(script) = thread.plan.script(self.scenario) else { return (begun, Verdict::Whole) };
        self.begin(script);
        // Only the first request of an iteration has a place in the schedule; the others follow it.
        let (mut now, mut intended) = (begun, Some(intended));
        let (mut at, mut has_waited, mut verdict) = (0, false, Verdict::Whole);
        while let Some(act) = script.acts.get(at) {
            at += 1;
            match act {
                Act::Request(place) => {
                    match self.request(&thread, script, *place, now, intended.take()).await {
                        Ok(end) => (now, has_waited) = (end, true),
                        Err(how) => {
                            verdict = how;
                            break;
                        }
                    }
                }
                Act::Sleep(range) | Act::Pacing(range) => {
                    let drawn = range.draw(self.values.random()).nanos();
                    let is_pacing = matches!(act, Act::Pacing(_));
                    let passed = if is_pacing { thread.clock.now_ns().saturating_sub(begun) } else { 0 };
                    let left = drawn.saturating_sub(passed);
                    let paused = thread.clock.now_ns();
                    if left > 0 || !is_pacing {
                        has_waited = true;
                        sleep(Duration::from_nanos(left)).await;
                    }
                    let end = thread.clock.now_ns();
                    if left > 0 {
                        thread.meter.borrow_mut().scenarios[self.scenario].paused(left, end - paused);
                    }
                    // The pause is part of the plan, and makes nothing late.
                    intended = intended.map(|intended| intended + (end - now));
                    now = end;
                }
                Act::Batch(places) => {
                    intended = None;
                    match Box::pin(self.batch(&thread, script, places.clone(), now)).await {
                        Ok(end) => (now, has_waited) = (end, true),
                        Err(how) => {
                            verdict = how;
                            break;
                        }
                    }
                }
                Act::Again(body) => {
                    if let Some(Frame::Repeat { left }) = self.frames.last_mut() {
                        *left -= 1;
                        let is_long = left.is_multiple_of(REPEATS_AT_ONCE);
                        if *left > 0 {
                            at = *body;
                        } else {
                            self.frames.pop();
                        }
                        if is_long {
                            yield_now().await;
                        }
                    }
                }
                quick => match self.quick(&thread, script, quick, at) {
                    Ok(Some(next)) => at = next,
                    Ok(None) => {}
                    Err(how) => {
                        verdict = how;
                        break;
                    }
                },
            }
        }
        // Those that it ended within have ended as well.
        while !self.frames.is_empty() {
            self.leave(&thread);
        }
        if !has_waited || verdict == Verdict::Broken {
            // Nothing to wait for, or nothing that could be sent: others shall have their turn all the same.
            yield_now().await;
        }
        (now, verdict)
    }

    fn begin(&mut self, script: &Script) {
        self.values.begin(self.iterations, &script.data);
        self.iterations += 1;
        if !self.thread.plan.options.no_cookies_reset {
            self.jar.get_mut().clear();
        }
    }

    /// An act that waits for nothing, the one before `at`. Returns where it goes on, if not there.
    fn quick(
        &mut self,
        thread: &Thread,
        script: &Script,
        act: &Act,
        at: usize,
    ) -> Result<Option<usize>, Verdict> {
        match act {
            Act::Enter(place) => {
                self.frames.push(Frame::Group { place: *place, begun: thread.clock.now_ns() });
            }
            Act::Leave => self.leave(thread),
            Act::Mix(choices) => {
                let drawn = self.values.random().below(choices.last().map_or(1, |(sum, _)| *sum));
                let choice = choices.partition_point(|(sum, _)| *sum <= drawn);
                return Ok(choices.get(choice).map(|(_, next)| *next));
            }
            Act::Jump(next) => return Ok(Some(*next)),
            Act::Repeat(times) => self.frames.push(Frame::Repeat { left: *times }),
            Act::Set(set) => {
                for (variable, value) in set {
                    let mut scratch = thread.scratch.borrow_mut();
                    scratch.clear();
                    // What is made of nothing is nothing.
                    match value.render(&mut self.values, &mut scratch) {
                        Ok(()) => self.values.set(*variable, &scratch),
                        Err(_) => self.values.unset(*variable),
                    }
                }
            }
            Act::Record(places) => {
                recorded(thread, self.scenario, script, places.clone(), &mut self.values);
            }
            Act::Fail(message) => {
                let values = &mut self.values;
                thread.note(self.scenario, Spot::Act(at), || {
                    format!("flow {}: fail: {}", script.flow, said(message, values))
                });
                return Err(Verdict::Failed);
            }
            Act::Abort(message) => {
                let message = said(message, &mut self.values);
                thread.tell(Told::Abort(format!("flow {}: abort: {message}", script.flow)));
                return Err(Verdict::Aborted);
            }
            Act::Request(_) | Act::Batch(_) | Act::Sleep(_) | Act::Pacing(_) | Act::Again(_) => {}
        }
        Ok(None)
    }

    /// Ends the innermost group or repetition.
    fn leave(&mut self, thread: &Thread) {
        if let Some(Frame::Group { place, begun }) = self.frames.pop() {
            let took = thread.clock.now_ns() - begun;
            thread.meter.borrow_mut().scenarios[self.scenario].groups[place].record(took);
        }
    }

    /// Returns when it ended.
    async fn request(
        &mut self,
        thread: &Thread,
        script: &Script,
        place: usize,
        mut wanted: u64,
        intended: Option<u64>,
    ) -> Result<u64, Verdict> {
        let prepared = &script.requests[place];
        if thread.shared.has_rate() {
            wanted = Box::pin(thread.turn(wanted)).await;
        }
        // What waited for its turn by the option `rps` is not late for that.
        let intended = intended.unwrap_or(wanted);
        let constant = prepared.wire.constant().filter(|_| self.jar.get_mut().is_empty());
        let host = match (constant, prepared.host) {
            (Some(_), Some(host)) => Ok(host),
            _ => self.render(thread, place, prepared)?,
        };
        let bytes = constant.unwrap_or(&self.bytes);
        let asking = Asking { thread, scenario: self.scenario, place, prepared, jar: &self.jar };
        let lane = &mut self.lanes[0];
        let ended = match host {
            Ok(host) => asking.perform(lane, host, bytes, wanted, intended).await,
            Err(reason) => asking.refused(lane, reason, wanted),
        };
        answered(&asking, script, &lane.reader, &ended, &mut self.values);
        if ended.result.is_err() {
            // A failure may come at once: others shall have their turn all the same.
            yield_now().await;
            if thread.plan.options.throw {
                return Err(Verdict::Failed);
            }
        }
        Ok(ended.at)
    }

    /// Fills in a request. Returns its server, or what is wrong with its URL.
    pub(super) fn render(
        &mut self,
        thread: &Thread,
        place: usize,
        prepared: &Prepared,
    ) -> Result<Result<usize, &'static str>, Verdict> {
        let mut scratch = thread.scratch.borrow_mut();
        let jar = self.jar.get_mut();
        let now_s = if jar.is_empty() { 0 } else { Thread::wall_s() };
        let host = prepared.host.and_then(|host| thread.plan.hosts.get(host));
        let rendered =
            prepared.wire.render(&mut self.values, (jar, now_s), host, &mut scratch, &mut self.bytes);
        match (rendered, prepared.host) {
            (Ok(Some(origin)), _) => Ok(thread.place_of(&origin)),
            (Ok(None), Some(host)) => Ok(Ok(host)),
            (Ok(None), None) => Ok(Err("names no host")),
            (Err(Trouble::Url(reason)), _) => Ok(Err(reason)),
            (Err(Trouble::Unset(variable)), _) => {
                thread.note(self.scenario, Spot::Request(place), || {
                    format!(
                        "request {}: the variable {} has no value: it is not sent, and its iteration ends",
                        prepared.request.name,
                        self.values.name_of(variable)
                    )
                });
                Err(Verdict::Broken)
            }
        }
    }
}

impl Drop for User {
    fn drop(&mut self) {
        if let Some(numbers) = self.thread.numbers.get(self.scenario) {
            numbers.give_back(self.values.vu());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::engine::clock::Clock;
    use crate::load::engine::plan::Plan;
    use crate::load::engine::shared::{Shared, Stop};
    use std::mem::{size_of, size_of_val};
    use std::sync::Arc;
    use tokio::sync::{mpsc, watch};

    /// There are tens of thousands.
    #[test]
    fn a_user_without_data_is_small() {
        let plan = Arc::new(Plan::default());
        let shared = Arc::new(Shared::new(&plan, 1, None));
        let (stop, tell) = (watch::channel(Stop::No).1, mpsc::unbounded_channel().0);
        let thread = Rc::new(Thread::new(plan, shared, Clock::start(), 0, stop, tell));
        let mut user = User::with(&thread, 0, Values::new(&Arc::default(), 1, 1));
        let (own, lane) = (size_of_val(&user), size_of::<Lane>());
        let iteration = size_of_val(&user.iterate(0, 0));
        assert!(own + lane + iteration <= 2048, "{own} and {lane} and in an iteration {iteration} bytes");
    }
}
