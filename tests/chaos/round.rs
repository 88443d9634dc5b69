//! One round: a sink of some settings, so many faults, then peace, and the verdict.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use podometer::sink::spool::Totals;
use rustix::process::Signal;

use crate::dice::Dice;
use crate::disk::Disk;
use crate::faults::{Counts, Fault};
use crate::files;
use crate::harm::set_clock;
use crate::journal::{self, Life};
use crate::points::Form;
use crate::process::Process;
use crate::proxy::{Exchange, Proxy};
use crate::store::Store;
use crate::verdict::{Known, Outcome, judge};
use crate::worker::{KEEP, Knobs, Settings};

/// What is drawn between requests, and how often.
const EVENTS: &[(Fault, u64)] = &[
    (Fault::KilledAgent, 24),
    (Fault::KilledAtStart, 8),
    (Fault::StoppedAgent, 10),
    (Fault::EndedAgent, 5),
    (Fault::KilledServer, 6),
    (Fault::StoppedServer, 6),
    (Fault::FullDisk, 8),
    (Fault::ReadOnlyDisk, 4),
    (Fault::FlippedRunning, 8),
    (Fault::FlippedDown, 8),
    (Fault::ZeroedRunning, 4),
    (Fault::ZeroedDown, 4),
    (Fault::CutRunning, 4),
    (Fault::CutDown, 4),
    (Fault::FlippedAccount, 8),
    (Fault::DestroyedAccount, 3),
];

/// In a virtual machine, where it is about what the host cannot do.
const GUEST_EVENTS: &[(Fault, u64)] = &[
    (Fault::KilledAgent, 8),
    (Fault::StoppedAgent, 3),
    (Fault::EndedAgent, 2),
    (Fault::FullDisk, 2),
    (Fault::BrokenDisk, 6),
    (Fault::ClockForward, 6),
    (Fault::ClockBack, 6),
];

/// What a round is given.
pub(crate) struct Round<'a> {
    pub(crate) store: &'a mut dyn Store,
    pub(crate) counts: Arc<Counts>,
    pub(crate) seed: u64,
    /// The number of the first point.
    pub(crate) first: u64,
    pub(crate) faults: u64,
    pub(crate) place: Place,
}

/// Where a round takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Host,
    /// A virtual machine, whose disk can be broken and whose clock can be set.
    Guest,
}

/// A round that is under way.
pub(crate) struct Running<'a> {
    store: &'a mut dyn Store,
    events: &'static [(Fault, u64)],
    pub(crate) counts: Arc<Counts>,
    pub(crate) dice: Dice,
    settings: Settings,
    proxy: Proxy,
    /// Of journal and log, and of the spool where it has no disk of its own.
    directory: tempfile::TempDir,
    pub(crate) disk: Option<Disk>,
    /// Files may be damaged in this round.
    may_harm: bool,
    pub(crate) life: u64,
    next: u64,
    process: Process,
    pub(crate) known: Known,
    /// The account was written at some time, and not destroyed since.
    pub(crate) has_totals: bool,
    /// What it said before it was damaged under the running child.
    pub(crate) last_seen: Option<Totals>,
}

impl Round<'_> {
    /// Returns what was found, and the number of the next round's first point.
    pub(crate) fn run(self) -> (Outcome, u64) {
        let mut dice = Dice::new(self.seed);
        let knobs = Knobs::draw(&mut dice, self.store.refuses());
        let (events, disk) = match self.place {
            Place::Host if dice.chance(0.3) => (EVENTS, Disk::mount(dice.pick(&[96, 400, 2_000]))),
            Place::Host => (EVENTS, None),
            Place::Guest => (GUEST_EVENTS, Some(Disk::on_device())),
        };
        let may_harm = dice.chance(0.5);
        let directory = tempfile::tempdir().unwrap();
        let proxy = Proxy::start(
            self.store.server().port,
            self.store.form(),
            self.seed ^ 1,
            Arc::clone(&self.counts),
        );
        proxy.fail(dice.pick(&[50, 150, 300]), knobs.timeout_ms);
        let begun = self.counts.sum();
        let root = disk.as_ref().map_or(directory.path(), Disk::path).to_owned();
        let settings = Settings {
            life: 1,
            url: proxy.url.clone(),
            spool: root.join("spool"),
            journal: directory.path().join("journal"),
            first: self.first,
            seed: self.seed,
            form: self.store.form(),
            knobs: knobs.clone(),
        };
        let process = Process::spawn(&settings, &directory.path().join("stderr"));
        let mut running = Running {
            store: self.store,
            events,
            counts: self.counts,
            dice,
            settings,
            proxy,
            directory,
            disk,
            may_harm,
            life: 1,
            next: self.first,
            process,
            known: Known::default(),
            has_totals: false,
            last_seen: None,
        };
        running.awaited();
        while running.counts.sum() - begun < self.faults && running.known.wrong.is_empty() {
            running.event();
            let pause = running.dice.between(1, 25);
            std::thread::sleep(Duration::from_millis(pause));
        }
        running.end(self.first)
    }
}

impl Running<'_> {
    pub(crate) fn spool(&self) -> PathBuf {
        let root = self.disk.as_ref().map_or(self.directory.path(), Disk::path);
        root.join("spool").join(self.store.kind()).join("chaos")
    }

    fn wrong(&mut self, what: &str) {
        self.known.wrong.push(format!("life {}: {what}", self.life));
    }

    pub(crate) fn start(&mut self) {
        self.life += 1;
        let (life, first, seed) = (self.life, self.next, self.dice.below(1 << 40));
        self.settings = Settings { life, first, seed, ..self.settings.clone() };
        self.process = Process::spawn(&self.settings, &self.directory.path().join("stderr"));
    }

    /// By all lives so far.
    pub(crate) fn pushed(&self) -> u64 {
        journal::lives(&self.directory.path().join("journal")).values().map(Life::done_points).sum()
    }

    pub(crate) fn awaited(&mut self) {
        if !self.process.await_start(self.life) {
            self.wrong("it did not start");
        }
    }

    pub(crate) fn kill(&mut self) {
        if let Err(what) = self.process.kill() {
            self.wrong(&what);
        }
        self.buried();
    }

    /// What the files of a life that ended say.
    fn buried(&mut self) {
        let life = journal::last_life(&self.directory.path().join("journal"));
        self.next = life.begun.last().map_or(self.next, |(_, end)| *end).max(self.next);
        let found = files::read_totals(&self.spool());
        match (found, self.last_seen.take()) {
            (Some(_), _) => {
                self.has_totals = true;
                if !life.is_opened {
                    self.known.unknown += life.done_points();
                    self.known.unopened.insert(self.life);
                }
            }
            (None, Some(seen)) if self.has_totals => {
                self.lost_totals(seen);
                if !life.is_opened {
                    self.known.unknown += life.done_points();
                    self.known.unopened.insert(self.life);
                }
            }
            (None, _) => {
                if self.has_totals && !self.known.is_stale {
                    self.wrong("the account of all runs is gone, and nobody damaged it");
                }
                self.known.unknown += life.done_points();
                self.known.unopened.insert(self.life);
            }
        }
    }

    fn event(&mut self) {
        let fault = self.dice.weighted(self.events);
        let pause = Duration::from_millis(self.dice.between(0, 300));
        let is_done = match fault {
            Fault::KilledAgent => {
                self.kill();
                self.start();
                self.awaited();
                true
            }
            Fault::KilledAtStart => {
                self.kill();
                self.start();
                std::thread::sleep(Duration::from_millis(self.dice.between(0, 30)));
                self.kill();
                self.start();
                self.awaited();
                self.counts.add(Fault::KilledAgent);
                true
            }
            Fault::StoppedAgent => {
                self.process.signal(Signal::STOP);
                std::thread::sleep(pause);
                self.process.signal(Signal::CONT);
                true
            }
            Fault::EndedAgent => {
                if let Err(what) = self.process.tell("stop") {
                    self.wrong(&what);
                }
                self.buried();
                self.start();
                self.awaited();
                true
            }
            Fault::KilledServer if self.store.survives_kill() => {
                self.store.restart(&mut || std::thread::sleep(pause));
                true
            }
            Fault::StoppedServer => {
                self.store.signal(Signal::STOP);
                std::thread::sleep(pause);
                self.store.signal(Signal::CONT);
                true
            }
            Fault::FullDisk | Fault::ReadOnlyDisk => self.disk_event(fault, pause),
            Fault::BrokenDisk => self.break_disk(pause),
            Fault::ClockForward | Fault::ClockBack => {
                let seconds = self.dice.between(3_600, 30 * 86_400) as i64;
                set_clock(if fault == Fault::ClockBack { -seconds } else { seconds })
            }
            _ => self.may_harm && self.harm_event(fault),
        };
        if is_done {
            self.counts.add(fault);
        }
    }

    /// What a query gives back. A server may take a moment to find what it has stored.
    fn readable(&self, first: u64, acknowledged: &BTreeSet<u64>) -> BTreeSet<u64> {
        let begun = Instant::now();
        loop {
            let readable = self.store.readable(first, self.next);
            let is_whole = acknowledged.is_subset(&readable) || self.settings.form == Form::Page;
            if is_whole || begun.elapsed() > Duration::from_secs(20) {
                return readable;
            }
            // Another process cannot be awaited.
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Peace: everything must be delivered or counted now.
    fn end(mut self, first: u64) -> (Outcome, u64) {
        self.mend_disk();
        self.proxy.fail(0, 0);
        if self.known.wrong.is_empty()
            && let Err(what) = self.process.tell("drain")
        {
            self.wrong(&what);
        }
        self.buried();
        let text = std::fs::read_to_string(self.directory.path().join("stderr")).unwrap_or_default();
        if text.contains("panicked") {
            self.wrong(&format!("panic: {text}"));
        }
        let totals = files::read_totals(&self.spool()).unwrap_or_default();
        let lives = journal::lives(&self.directory.path().join("journal"));
        let log = self.proxy.log();
        let told = |exchange: &&Exchange| matches!(exchange.told, Some(200..=204)) && !exchange.is_own;
        let acknowledged: BTreeSet<u64> =
            log.iter().filter(told).flat_map(|exchange| exchange.numbers.clone()).collect();
        let readable = self.readable(first, &acknowledged);
        let outcome = judge(&lives, &log, &readable, &totals, self.known, &self.settings);
        if !outcome.wrong.is_empty() && std::env::var_os(KEEP).is_some() {
            if let Some(disk) = &self.disk {
                let from = disk.path().join("spool");
                _ = Command::new("cp").arg("-r").arg(from).arg(self.directory.path()).status();
            }
            let log: String = log.iter().map(|exchange| format!("{exchange:?}\n")).collect();
            std::fs::write(self.directory.path().join("exchanges"), log).unwrap();
            eprintln!("kept in {}", self.directory.keep().display());
        }
        (outcome, self.next)
    }
}
