//! The parent's hold of the child.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::journal::last_life;
use crate::worker::{SETTINGS, Settings};

/// How long anything may take before the test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) struct Process {
    child: Child,
    journal: PathBuf,
    is_stopped: bool,
}

impl Process {
    /// Starts this very test binary as the child.
    pub(crate) fn spawn(settings: &Settings, log: &Path) -> Process {
        let log = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["the_child", "--exact", "--ignored", "--nocapture"])
            .env(SETTINGS, serde_json::to_string(settings).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Process { child, journal: settings.journal.clone(), is_stopped: false }
    }

    /// Waits until its sink runs; false where it ended before that.
    #[must_use]
    pub(crate) fn await_start(&mut self, life: u64) -> bool {
        self.until(|process| {
            let text = std::fs::read_to_string(&process.journal).unwrap_or_default();
            text.rsplit_once(&format!("life {life}\n")).is_some_and(|(_, rest)| rest.contains("started"))
        })
    }

    /// Waits until `condition` holds; false where the child ended before that.
    fn until(&mut self, condition: impl Fn(&Process) -> bool) -> bool {
        let begun = Instant::now();
        while !condition(self) {
            if self.child.try_wait().unwrap().is_some() {
                return condition(self);
            }
            assert!(begun.elapsed() < PATIENCE, "the child does nothing");
            // Another process cannot be awaited.
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id() as i32).unwrap();
        _ = kill_process(pid, signal);
        self.is_stopped = signal == Signal::STOP;
    }

    /// Kills it at once; `Err` with what it was where it had ended by itself.
    pub(crate) fn kill(&mut self) -> Result<(), String> {
        let ended = self.child.try_wait().unwrap();
        _ = self.child.kill();
        self.child.wait().unwrap();
        match ended {
            Some(status) if !last_life(&self.journal).is_ended => Err(format!("ended by itself: {status}")),
            _ => Ok(()),
        }
    }

    /// Tells it to end in some way, and waits for that.
    pub(crate) fn tell(&mut self, word: &str) -> Result<(), String> {
        if self.is_stopped {
            self.signal(Signal::CONT);
        }
        _ = writeln!(self.child.stdin.as_mut().unwrap(), "{word}");
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let is_good = status.success() && last_life(&self.journal).is_ended;
                return if is_good { Ok(()) } else { Err(format!("told to {word}, ended by {status}")) };
            }
            if begun.elapsed() > PATIENCE {
                _ = self.child.kill();
                _ = self.child.wait();
                return Err(format!("told to {word}, it did not end in {PATIENCE:?}"));
            }
            // Another process cannot be awaited.
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
