//! Steps between neighbouring readings, in as few bytes as they need: none while a counter stands still, four
//! while a step fits into 262 ms of wall time and of CPU time, eight beyond.

/// Times are cut to this many microseconds: far below what a reading's bracket leaves open.
const QUANTUM_US: u64 = 4;

/// Between two neighbouring readings of a counter, in quanta.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    time: u32,
    usage: u32,
}

impl Step {
    /// From one (boot time, usage) in microseconds to a later one.
    pub(super) fn between((boot, usage): (u64, u64), (later_boot, later_usage): (u64, u64)) -> Step {
        let quanta = |from: u64, to: u64| (to / QUANTUM_US - from / QUANTUM_US) as u32;
        // A step without time has no use: two readings within one quantum count as one quantum apart.
        Step { time: quanta(boot, later_boot).max(1), usage: quanta(usage, later_usage) }
    }

    pub(super) fn time_us(self) -> u64 {
        u64::from(self.time) * QUANTUM_US
    }

    pub(super) fn usage_us(self) -> u64 {
        u64::from(self.usage) * QUANTUM_US
    }

    fn packed(self) -> Option<Packed> {
        Some(Packed { time: self.time.try_into().ok()?, usage: self.usage.try_into().ok()? })
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Packed {
    time: u16,
    usage: u16,
}

impl From<Packed> for Step {
    fn from(packed: Packed) -> Step {
        Step { time: packed.time.into(), usage: packed.usage.into() }
    }
}

/// Steps by their place in the ring.
#[derive(Clone, Debug)]
pub(super) enum Steps {
    /// The counter has not moved; each step takes this many quanta on average.
    Idle {
        total: u64,
        steps: u32,
    },
    Narrow(Box<[Packed]>),
    Wide(Box<[Step]>),
}

impl Default for Steps {
    fn default() -> Steps {
        Steps::Idle { total: 0, steps: 0 }
    }
}

impl Steps {
    pub(super) fn get(&self, place: usize) -> Step {
        match self {
            Steps::Idle { total, steps } => {
                Step { time: (total / u64::from((*steps).max(1))).max(1) as u32, usage: 0 }
            }
            Steps::Narrow(steps) => steps[place].into(),
            Steps::Wide(steps) => steps[place],
        }
    }

    /// Puts a step at its place; `filled` places of `capacity` hold one already.
    pub(super) fn set(&mut self, place: usize, step: Step, filled: usize, capacity: usize) {
        if let Steps::Idle { total, steps } = self {
            if step.usage == 0 {
                // Halved now and then, so that the average follows a changed rhythm.
                if *steps as usize >= 2 * capacity {
                    (*total, *steps) = (*total / 2, *steps / 2);
                }
                *total += u64::from(step.time);
                *steps += 1;
                return;
            }
            let idle = self.get(0);
            let places = if filled == 0 { 0 } else { capacity };
            *self = match idle.packed() {
                Some(idle) => {
                    let mut steps = vec![Packed::default(); capacity];
                    steps[..places].fill(idle);
                    Steps::Narrow(steps.into())
                }
                None => Steps::Wide(vec![idle; capacity].into()),
            };
        }
        if let (Steps::Narrow(steps), None) = (&*self, step.packed()) {
            *self = Steps::Wide(steps.iter().copied().map(Step::from).collect());
        }
        match self {
            Steps::Narrow(steps) => steps[place] = step.packed().unwrap_or_default(),
            Steps::Wide(steps) => steps[place] = step,
            Steps::Idle { .. } => {}
        }
    }

    /// What was in an idle ring is forgotten; the others keep their memory.
    pub(super) fn forget(&mut self) {
        if let Steps::Idle { .. } = self {
            *self = Steps::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::UsageRing;
    use super::Steps;

    const TICK: u64 = 100_003_000;

    fn push(ring: &mut UsageRing, ticks: std::ops::Range<u64>, usage: impl Fn(u64) -> u64) {
        for tick in ticks {
            let _first = ring.push(tick * TICK, 1000, usage(tick));
        }
    }

    #[test]
    fn a_counter_that_stands_still_takes_no_memory_and_is_measured_as_zero() {
        let mut ring = UsageRing::new(600);
        push(&mut ring, 1..400, |_| 28_113);
        assert!(matches!(ring.steps, Steps::Idle { .. }));
        let live = ring.mean(1_000_000).unwrap();
        assert!(live.cores == 0.0 && live.window_ns.abs_diff(10 * TICK) < 10_000_000, "{live:?}");
        let window = ring.window(15_000_000, &mut Vec::new()).unwrap();
        assert!(window.samples.abs_diff(150) <= 8 && window.max == 0.0, "{window:?}");
        // Then it moves: what came before stays zero, the step has its height.
        push(&mut ring, 400..401, |_| 28_113 + 50_000);
        assert!(matches!(ring.steps, Steps::Narrow(_)));
        let window = ring.window(15_000_000, &mut Vec::new()).unwrap();
        assert!((window.max - 0.5).abs() < 1e-3 && window.p50 == 0.0, "{window:?}");
        assert!((window.mean - 50_000.0 / 15_000_000.0).abs() < 3e-4, "{window:?}");
    }

    #[test]
    fn a_step_beyond_the_small_form_is_kept_whole() {
        let mut ring = UsageRing::new(600);
        push(&mut ring, 1..50, |tick| tick * 1000);
        push(&mut ring, 50..51, |_| 50_000 + 6_400_000);
        assert!(matches!(ring.steps, Steps::Wide(_)));
        let window = ring.window(4_000_000, &mut Vec::new()).unwrap();
        assert!((window.max - 6_401_000.0 / 100_003.0).abs() < 0.01, "{window:?}");
        assert!((window.p50 - 0.01).abs() < 1e-4, "{window:?}");
    }

    #[test]
    fn cuts_cancel_out_in_a_mean() {
        let mut ring = UsageRing::new(600);
        push(&mut ring, 1..500, |tick| tick * 33_333 + tick % 3);
        let mean = ring.mean(10_000_000).unwrap();
        assert!((mean.cores - 33_333.0 / 100_003.0).abs() < 1e-6, "{mean:?}");
    }

    #[test]
    fn an_idle_ring_forgets() {
        let mut ring = UsageRing::new(600);
        push(&mut ring, 1..100, |_| 500);
        push(&mut ring, 100..101, |_| 3);
        assert_eq!(ring.mean(1_000_000), None);
        push(&mut ring, 101..140, |tick| tick * 10_000);
        assert!((ring.mean(1_000_000).unwrap().cores - 10_000.0 / 100_003.0).abs() < 1e-4);
    }
}
