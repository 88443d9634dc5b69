//! Holds the CPU budget: when the process costs more than allowed, the files that cost most are read less
//! often; when there is room again, the rates come back. cpu.stat, the reason to exist, is slowed last.

use std::time::Duration;

use crate::model::unit::Pace;

/// How far a pace may be stretched over its configured interval.
const CEILING: [u32; Pace::COUNT] = [10, 8, 8];
/// Rates come back only below this share of the budget, so that they do not swing.
const ROOM: f64 = 0.7;

/// The intervals in force.
#[derive(Clone, Debug)]
pub struct Governor {
    budget_cores: f64,
    configured: [Duration; Pace::COUNT],
    /// Powers of two by which each interval is stretched.
    factors: [u32; Pace::COUNT],
}

impl Governor {
    /// `budget_cores` is for the whole process; `configured` in the order of [`Pace::ALL`].
    pub fn new(budget_cores: f64, configured: [Duration; Pace::COUNT]) -> Governor {
        Governor { budget_cores, configured, factors: [1; Pace::COUNT] }
    }

    pub fn interval(&self, pace: Pace) -> Duration {
        self.configured[pace as usize] * self.factors[pace as usize]
    }

    pub fn intervals(&self) -> [Duration; Pace::COUNT] {
        Pace::ALL.map(|pace| self.interval(pace))
    }

    pub fn budget_cores(&self) -> f64 {
        self.budget_cores
    }

    /// Takes what the process and each pace cost over the last period, in cores, and moves at most one rate by
    /// one step. Returns whether it did.
    pub fn step(&mut self, process_cores: f64, pace_cores: [f64; Pace::COUNT]) -> bool {
        if process_cores > self.budget_cores {
            self.slow_down(pace_cores)
        } else if process_cores < self.budget_cores * ROOM {
            self.speed_up(process_cores, pace_cores)
        } else {
            false
        }
    }

    fn slow_down(&mut self, pace_cores: [f64; Pace::COUNT]) -> bool {
        let costliest = [Pace::Memory, Pace::Slow]
            .into_iter()
            .filter(|&pace| self.can_stretch(pace) && pace_cores[pace as usize] > 0.0)
            .max_by(|&a, &b| pace_cores[a as usize].total_cmp(&pace_cores[b as usize]));
        let choice = costliest.or(self.can_stretch(Pace::Fast).then_some(Pace::Fast));
        if let Some(pace) = choice {
            let factor = &mut self.factors[pace as usize];
            *factor = (*factor * 2).min(CEILING[pace as usize]);
        }
        choice.is_some()
    }

    fn speed_up(&mut self, process_cores: f64, pace_cores: [f64; Pace::COUNT]) -> bool {
        // The fast pace first: it was taken last. Halving an interval doubles what the pace costs.
        let choice = Pace::ALL.into_iter().find(|&pace| self.factors[pace as usize] > 1);
        let Some(pace) = choice else { return false };
        if process_cores + pace_cores[pace as usize] > self.budget_cores * 0.9 {
            return false;
        }
        let factor = &mut self.factors[pace as usize];
        *factor = (*factor / 2).max(1);
        true
    }

    fn can_stretch(&self, pace: Pace) -> bool {
        self.factors[pace as usize] < CEILING[pace as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn governor() -> Governor {
        Governor::new(0.02, [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(10)])
    }

    #[test]
    fn the_costliest_slow_files_go_first_and_cpu_stat_last() {
        let mut governor = governor();
        assert!(governor.step(0.05, [0.02, 0.02, 0.01]));
        assert_eq!(governor.interval(Pace::Memory), Duration::from_secs(2));
        assert!(governor.step(0.04, [0.02, 0.01, 0.015]));
        assert_eq!(governor.interval(Pace::Slow), Duration::from_secs(20));
        assert_eq!(governor.interval(Pace::Fast), Duration::from_millis(100));
        while governor.interval(Pace::Fast) == Duration::from_millis(100) {
            assert!(governor.step(0.03, [0.02, 0.001, 0.001]));
        }
        assert_eq!(governor.interval(Pace::Memory), Duration::from_secs(8));
        assert_eq!(governor.interval(Pace::Slow), Duration::from_secs(80));
        for _ in 0..9 {
            governor.step(0.03, [0.02, 0.001, 0.001]);
        }
        assert_eq!(governor.interval(Pace::Fast), Duration::from_secs(1), "never slower than ten times");
        assert!(!governor.step(0.03, [0.02, 0.001, 0.001]), "nothing left to give");
    }

    #[test]
    fn rates_come_back_when_there_is_room_for_them() {
        let mut governor = governor();
        governor.step(0.05, [0.01, 0.02, 0.0]);
        assert!(!governor.step(0.015, [0.01, 0.004, 0.0]), "inside the band nothing moves");
        assert!(!governor.step(0.0139, [0.01, 0.0139, 0.0]), "it would not fit");
        assert!(governor.step(0.01, [0.01, 0.001, 0.0]));
        assert_eq!(governor.interval(Pace::Memory), Duration::from_secs(1));
        assert!(!governor.step(0.001, [0.0; 3]), "never faster than configured");
    }
}
