//! Processes by state, and who is logged in.

/// All processes, counted by the state letter of /proc/PID/stat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Processes {
    /// `D`.
    pub blocked: u64,
    /// `R`.
    pub running: u64,
    /// `S`.
    pub sleeping: u64,
    /// `T` and `t`.
    pub stopped: u64,
    /// `Z`.
    pub zombies: u64,
    /// `X` and `x`.
    pub dead: u64,
    /// `I`.
    pub idle: u64,
    /// `W`, before Linux 2.6.
    pub paging: u64,
    /// `P`, Linux 3.9 to 3.13.
    pub parked: u64,
    pub unknown: u64,
    pub total: u64,
    pub total_threads: u64,
}

impl Processes {
    /// Counts one process. Source: proc_pid_stat(5), field 3.
    pub fn count(&mut self, state: char, threads: u64) {
        let counter = match state {
            'D' => &mut self.blocked,
            'R' => &mut self.running,
            'S' => &mut self.sleeping,
            'T' | 't' => &mut self.stopped,
            'Z' => &mut self.zombies,
            'X' | 'x' => &mut self.dead,
            'I' => &mut self.idle,
            'W' => &mut self.paging,
            'P' => &mut self.parked,
            _ => &mut self.unknown,
        };
        *counter += 1;
        self.total += 1;
        self.total_threads = self.total_threads.saturating_add(threads);
    }
}

/// Sessions in /run/utmp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Users {
    pub logged_in: u64,
    pub unique: u64,
}
