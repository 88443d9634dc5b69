//! OOM deaths from `memory.events`, one per event.
//!
//! The kernel's `oom_kill` counts killed processes, and under `memory.oom.group` the victim a second time: one
//! death of a one-process container reads `oom_kill 2, oom_group_kill 1` (measured on 6.12). The two numbers do
//! not move together: a reading may fall between the victim, the group and its members (seen on 6.12). The
//! kubelet sets the flag for all containers of a node or for none, so a file that has shown a group kill is
//! counted by those alone, and a single kill seen just before the first one was its victim.
//! A pod's file is hierarchical and outlives its containers, so the pod's count survives restarts of
//! containers and of the agent.

/// The running count of one cgroup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OomCount {
    /// `oom_kill` and `oom_group_kill` of the last reading.
    last: (u64, u64),
    pub kills: u64,
}

impl OomCount {
    /// Takes the file's `oom_kill` and `oom_group_kill` (absent before Linux 5.17) and returns the count.
    pub fn update(&mut self, oom_kill: u64, oom_group_kill: Option<u64>) -> u64 {
        let groups = oom_group_kill.unwrap_or(0);
        // A file that went down is a new file.
        if oom_kill < self.last.0 || groups < self.last.1 {
            self.last = (0, 0);
        }
        let (last_kill, last_groups) = self.last;
        self.kills += match (last_groups, groups) {
            (0, 0) => oom_kill - last_kill,
            (0, _) => groups - last_kill.min(1),
            _ => groups - last_groups,
        };
        self.last = (oom_kill, groups);
        self.kills
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_counts_are_deaths_not_processes() {
        assert_eq!(OomCount::default().update(8, Some(4)), 4, "systemd recording");
        assert_eq!(OomCount::default().update(4, Some(2)), 2, "cgroupfs recording");
        assert_eq!(OomCount::default().update(3, Some(0)), 3, "single-process kills");
        assert_eq!(OomCount::default().update(3, None), 3, "kernel before 5.17");
    }

    #[test]
    fn steps_add_up_once() {
        let mut count = OomCount::default();
        assert_eq!(count.update(0, Some(0)), 0);
        assert_eq!(count.update(2, Some(1)), 1);
        assert_eq!(count.update(2, Some(1)), 1);
        assert_eq!(count.update(1, Some(0)), 2, "a new file at the same place");
        assert_eq!(count.update(3, Some(0)), 4, "and no group in it");
    }

    #[test]
    fn a_reading_in_the_midst_of_a_death_counts_it_once() {
        for readings in [
            &[(1, 0), (1, 1), (3, 1)][..],
            &[(1, 1), (2, 1), (4, 1)],
            &[(1, 0), (1, 0), (3, 1), (4, 1), (6, 2)],
        ] {
            let mut count = OomCount::default();
            for &(oom_kill, groups) in readings {
                count.update(oom_kill, Some(groups));
            }
            let deaths = readings.last().map_or(0, |&(_, groups)| groups);
            assert_eq!(count.kills, deaths, "{readings:?}");
        }
    }
}
