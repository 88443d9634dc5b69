//! What the kernel counts about itself: switches, interrupts, pressure, tables.

/// The single numbers of /proc/stat and its neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelStat {
    pub context_switches: Option<u64>,
    /// Seconds since the epoch.
    pub boot_time: Option<u64>,
    pub processes_forked: Option<u64>,
    pub procs_running: Option<u64>,
    pub procs_blocked: Option<u64>,
    pub interrupts: Option<u64>,
    pub entropy_avail: Option<u64>,
}

/// One number of /sys/kernel/mm/ksm; `general_profit` can be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ksm {
    pub name: &'static str,
    pub value: i64,
}

impl Ksm {
    /// The files that are exported.
    pub const FILES: [&'static str; 15] = [
        "full_scans",
        "general_profit",
        "max_page_sharing",
        "merge_across_nodes",
        "pages_shared",
        "pages_sharing",
        "pages_to_scan",
        "pages_unshared",
        "pages_volatile",
        "run",
        "sleep_millisecs",
        "stable_node_chains",
        "stable_node_chains_prune_millisecs",
        "stable_node_dups",
        "use_zero_pages",
    ];
}

/// One line of /proc/pressure: averages in percent, the total in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PressureLine {
    pub avg10: Option<f64>,
    pub avg60: Option<f64>,
    pub avg300: Option<f64>,
    pub total_usec: Option<u64>,
}

/// One file of /proc/pressure. `full` of the CPU exists since Linux 5.13 and is zero at the node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PressureResource {
    pub some: Option<PressureLine>,
    pub full: Option<PressureLine>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressure {
    pub cpu: PressureResource,
    pub memory: PressureResource,
    pub io: PressureResource,
}

/// One row of /proc/interrupts or /proc/softirqs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Irq {
    /// A number, or a name such as `LOC` or `NET_RX`.
    pub id: Box<str>,
    /// The controller of a numbered interrupt, the description of a named one; may be empty.
    pub kind: Box<str>,
    /// Pin and drivers of a numbered interrupt; may be empty.
    pub device: Box<str>,
    /// In the order of [`Interrupts::cpus`]; rows such as `ERR` have one value only.
    pub counts: Vec<u64>,
}

impl Irq {
    pub fn total(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// One of the two interrupt files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interrupts {
    /// The numbers of the CPUs in the header: online ones only, so there can be gaps.
    pub cpus: Vec<u32>,
    pub rows: Vec<Irq>,
}

/// Netfilter's table of connections, as seen from the agent's own network namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conntrack {
    pub count: Option<u64>,
    pub max: Option<u64>,
}

kernel_table! {
    /// The numbers of /proc/sys/fs. Source: Linux `Documentation/admin-guide/sysctl/fs.rst`.
    SysctlFs {
        "aio-max-nr" => aio_max_nr,
        "aio-nr" => aio_nr,
        "dentry-age-limit" => dentry_age_limit,
        "dentry-nr" => dentry_nr,
        "dentry-unused-nr" => dentry_unused_nr,
        "dentry-want-pages" => dentry_want_pages,
        "dquot-max" => dquot_max,
        "dquot-nr" => dquot_nr,
        "file-max" => file_max,
        "file-nr" => file_nr,
        "inode-free-nr" => inode_free_nr,
        "inode-nr" => inode_nr,
        "inode-preshrink-nr" => inode_preshrink_nr,
        "super-max" => super_max,
        "super-nr" => super_nr,
    }
}
