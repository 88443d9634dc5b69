//! Bounds of a tree.

/// Bounds of what a tree may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most cgroups taken in; more are refused and counted.
    pub units: usize,
    /// Most cgroup files held open.
    pub held_files: usize,
    /// Deepest nesting followed.
    pub depth: usize,
    /// Most inotify watches taken; the kernel has a bound of its own, fs.inotify.max_user_watches.
    pub watches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { units: 20_000, held_files: 4096, depth: 32, watches: usize::MAX }
    }
}
