//! What is done to disks and files, and what that explains.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use podometer::sink::spool::Totals;

use crate::dice::Dice;
use crate::faults::Fault;
use crate::files::{self, Harm};
use crate::round::Running;

impl Running<'_> {
    /// The account ends here; what it said is carried on by us.
    pub(crate) fn lost_totals(&mut self, seen: Totals) {
        self.has_totals = false;
        self.known.carried.acknowledged += seen.acknowledged;
        self.known.carried.rejected += seen.rejected;
        self.known.carried.dropped += seen.dropped;
        self.known.blind += seen.queued();
        self.known.destroyed.push(self.life);
    }

    /// Damages the account by `harm`, of a child that runs or is down.
    fn harm_totals(&mut self, is_running: bool, harm: impl Fn(&Path, &mut Dice) -> bool) -> bool {
        let spool = self.spool();
        let before = files::read_totals(&spool);
        if !harm(&spool, &mut self.dice) {
            return false;
        }
        self.known.harms += 1;
        if files::read_totals(&spool).is_none()
            && let Some(before) = before
        {
            if is_running {
                self.last_seen = Some(before);
            } else {
                self.lost_totals(before);
            }
        }
        true
    }

    fn harm_segment(&mut self, harm: Harm) -> bool {
        let spool = self.spool();
        let is_done = files::harm_segment(&spool, harm, &mut self.dice);
        self.known.harms += u64::from(is_done);
        is_done
    }

    pub(crate) fn disk_event(&mut self, fault: Fault, pause: Duration) -> bool {
        if self.disk.is_none() {
            return false;
        }
        let is_down = fault == Fault::ReadOnlyDisk || self.dice.chance(0.3);
        if is_down {
            self.kill();
            self.counts.add(Fault::KilledAgent);
        }
        let Some(disk) = &self.disk else { return false };
        let is_done = if fault == Fault::FullDisk {
            disk.fill();
            true
        } else {
            disk.set_read_only(true)
        };
        if is_down {
            self.start();
            self.awaited();
        }
        std::thread::sleep(pause);
        if is_down && self.dice.chance(0.5) {
            self.kill();
            self.counts.add(Fault::KilledAgent);
            self.start();
            self.awaited();
        }
        self.mend_disk();
        is_done
    }

    pub(crate) fn mend_disk(&mut self) {
        if let Some(disk) = &self.disk {
            assert!(disk.set_read_only(false), "the disk cannot be made writable again");
            disk.free();
        }
    }

    pub(crate) fn harm_event(&mut self, fault: Fault) -> bool {
        let (harm, is_down) = match fault {
            Fault::FlippedRunning => (Some(Harm::Flip), false),
            Fault::FlippedDown => (Some(Harm::Flip), true),
            Fault::ZeroedRunning => (Some(Harm::Zero), false),
            Fault::ZeroedDown => (Some(Harm::Zero), true),
            Fault::CutRunning => (Some(Harm::Truncate), false),
            Fault::CutDown => (Some(Harm::Truncate), true),
            Fault::FlippedAccount => (None, self.dice.chance(0.5)),
            Fault::DestroyedAccount => (None, true),
            _ => return false,
        };
        if is_down {
            self.kill();
            self.counts.add(Fault::KilledAgent);
        }
        let is_done = match (fault, harm) {
            (_, Some(harm)) => self.harm_segment(harm),
            (Fault::DestroyedAccount, None) => self.harm_totals(false, files::destroy_totals),
            (_, None) => self.harm_totals(!is_down, files::harm_one_copy),
        };
        if is_down {
            self.start();
            self.awaited();
        }
        is_done
    }

    /// Nothing of the disk can be read or written for a while; then it is mounted anew, and what was not forced to it
    /// is gone.
    pub(crate) fn break_disk(&mut self, pause: Duration) -> bool {
        // Read before it breaks: what waited then, and what came since, is all that can be lost with it.
        let seen = files::read_totals(&self.spool());
        let pushed = self.pushed();
        let Some(disk) = &self.disk else { return false };
        disk.set_broken(true);
        std::thread::sleep(pause);
        if self.dice.chance(0.5) {
            self.kill();
            self.counts.add(Fault::KilledAgent);
            self.start();
            self.awaited();
            std::thread::sleep(pause);
        }
        self.kill();
        self.counts.add(Fault::KilledAgent);
        if let Some(disk) = &self.disk {
            disk.set_broken(false);
            disk.mount_again();
        }
        self.known.broken += match (seen, files::read_totals(&self.spool())) {
            (Some(seen), left) => {
                let dropped = left.unwrap_or_default().dropped;
                self.pushed() - pushed + seen.queued() + seen.dropped.saturating_sub(dropped)
            }
            (None, _) => self.pushed(),
        };
        self.known.is_stale = true;
        self.known.harms += 2;
        self.known.destroyed.push(self.life);
        self.start();
        self.awaited();
        true
    }
}

/// Sets the wall clock by so many seconds.
pub(crate) fn set_clock(seconds: i64) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let date = format!("@{}", now.saturating_add_signed(seconds));
    Command::new("date").args(["-s", &date]).output().is_ok_and(|output| output.status.success())
}
