//! What is said while a load test runs. A paused terminal or a full pipe blocks whoever writes to it, so that a thread of
//! its own does: what it cannot write in time is dropped, the oldest first.

use std::collections::VecDeque;
use std::io::{Write, stderr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// So many texts wait, and of lines of the progress so many: each holds what was measured in its second.
const MOST: usize = 16;
const MOST_LINES: usize = 2;
/// What is left to say at the end has so long.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Makes a text when its turn comes, so that what is dropped costs nothing.
type Make = Box<dyn FnOnce() -> String + Send>;

/// Says things. Clones say them in the same place.
#[derive(Clone)]
pub(super) struct Voice(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// True for lines of the progress.
    texts: VecDeque<(bool, Make)>,
    is_writing: bool,
    is_over: bool,
}

impl Voice {
    /// To standard error.
    pub(super) fn start() -> Voice {
        Voice::with(|text| {
            let mut out = stderr().lock();
            // Where that fails there is nobody to tell.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        })
    }

    /// Where no thread can be had, nothing is said.
    pub(super) fn with(write: impl FnMut(&str) + Send + 'static) -> Voice {
        let shared = Arc::new(Shared { state: Mutex::new(State::default()), changed: Condvar::new() });
        let voice = Voice(Arc::clone(&shared));
        let spawned = thread::Builder::new().name("load-voice".to_owned()).spawn(move || shared.run(write));
        if spawned.is_err() {
            voice.0.lock().is_over = true;
        }
        voice
    }

    /// Never waits.
    pub(super) fn say(&self, make: impl FnOnce() -> String + Send + 'static) {
        self.put(false, Box::new(make));
    }

    /// The same for a line of the progress, which the next one makes old.
    pub(super) fn say_line(&self, make: impl FnOnce() -> String + Send + 'static) {
        self.put(true, Box::new(make));
    }

    fn put(&self, is_line: bool, make: Make) {
        let mut state = self.0.lock();
        if state.is_over {
            return;
        }
        let lines = state.texts.iter().filter(|(is_line, _)| *is_line).count();
        if is_line && lines >= MOST_LINES {
            let oldest = state.texts.iter().position(|(is_line, _)| *is_line);
            oldest.and_then(|place| state.texts.remove(place));
        } else if state.texts.len() >= MOST {
            state.texts.pop_front();
        }
        state.texts.push_back((is_line, make));
        self.0.changed.notify_all();
    }

    /// Waits a moment for what is left to be said; nothing is said after it.
    pub(super) fn end(&self) {
        let has_more = |state: &mut State| state.is_writing || !state.texts.is_empty();
        let waited = self.0.changed.wait_timeout_while(self.0.lock(), LAST_WORDS, has_more);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_over = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut write: impl FnMut(&str)) {
        let mut state = self.lock();
        loop {
            if let Some((_, make)) = state.texts.pop_front() {
                state.is_writing = true;
                drop(state);
                write(&make());
                state = self.lock();
                state.is_writing = false;
                self.changed.notify_all();
            } else if state.is_over {
                return;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_reader_that_stands_still_stops_nobody_and_loses_the_oldest() {
        let ((begun, begins), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel::<()>());
        let (wrote, written) = mpsc::channel();
        let voice = Voice::with(move |text| {
            begun.send(()).unwrap();
            // Until the reader goes on, and then for good.
            let _gone = goes_on.recv();
            wrote.send(text.to_owned()).unwrap();
        });
        voice.say(|| "first".to_owned());
        begins.recv().unwrap();
        for number in 0..100 {
            voice.say(move || number.to_string());
            voice.say_line(move || format!("line {number}"));
        }
        drop(go_on);
        voice.end();
        let said: Vec<String> = written.try_iter().collect();
        assert_eq!((said.len(), said[0].as_str()), (1 + MOST, "first"));
        let lines: Vec<&String> = said.iter().filter(|text| text.starts_with("line")).collect();
        assert_eq!(lines, ["line 98", "line 99"]);
        assert_eq!(said[said.len() - 2..], ["99", "line 99"], "the newest are said");
        voice.say(|| panic!("nobody listens any more"));
    }
}
