//! Iterations that began. Each is counted once, however it ends: one that is dropped in the middle was interrupted.

use super::thread::Thread;

pub(super) struct UnderWay<'a> {
    thread: &'a Thread,
    scenario: usize,
    is_complete: bool,
}

impl UnderWay<'_> {
    pub(super) fn new(thread: &Thread, scenario: usize) -> UnderWay<'_> {
        UnderWay { thread, scenario, is_complete: false }
    }

    pub(super) fn completed(mut self, took_ns: u64) {
        self.is_complete = true;
        self.thread.meter.borrow_mut().scenarios[self.scenario].iteration_duration.record(took_ns);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.is_complete {
            self.thread.meter.borrow_mut().scenarios[self.scenario].interrupted += 1;
        }
    }
}
