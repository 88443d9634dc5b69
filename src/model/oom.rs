//! OOM deaths from `memory.events`, one per event.
//!
//! The kernel's `oom_kill` counts killed processes, and under `memory.oom.group` the victim a second time:
//! one death of a one-process container reads `oom_kill 2, oom_group_kill 1` (measured on 6.12). So a step
//! in which `oom_group_kill` rose is counted by that, any other by `oom_kill`. A pod's file is hierarchical
//! and outlives its containers, so the pod's count survives restarts of containers and of the agent.

/// The running count of one cgroup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OomCount {
    last: Option<(u64, u64)>,
    pub kills: u64,
}

impl OomCount {
    /// Takes the file's `oom_kill` and `oom_group_kill` (absent before Linux 5.17) and returns the count.
    pub fn update(&mut self, oom_kill: u64, oom_group_kill: Option<u64>) -> u64 {
        let group = oom_group_kill.unwrap_or(0);
        let (last_kill, last_group) = match self.last {
            // A file that went down is a new file.
            Some((kill, groups)) if kill <= oom_kill && groups <= group => (kill, groups),
            _ => (0, 0),
        };
        let groups = group - last_group;
        self.kills += if groups > 0 { groups } else { oom_kill - last_kill };
        self.last = Some((oom_kill, group));
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
        assert_eq!(count.update(3, Some(1)), 2, "then one without the group flag");
        assert_eq!(count.update(1, Some(0)), 3, "a new file at the same place");
    }
}
