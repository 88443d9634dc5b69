//! Every number that a cgroup v2 directory gives, under the kernel's own name, as one flat table.
//!
//! A row is one number of one file. The order of the rows of a file is the order in which the kernel
//! prints its keys, so that a parser that walks the rows and the text side by side rarely has to search.
//! Source: Linux `Documentation/admin-guide/cgroup-v2.rst`; memory.stat order from `mm/memcontrol.c`.

/// What kind of number a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Only grows while the cgroup lives.
    Counter,
    /// Moves both ways.
    Gauge,
    /// A number or the word `max`.
    Limit,
}

/// The files that are read, in the order in which one cgroup's files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum File {
    CpuStat,
    MemoryCurrent,
    MemoryStat,
    MemoryPeak,
    MemoryEvents,
    MemoryEventsLocal,
    MemorySwapCurrent,
    MemorySwapPeak,
    MemorySwapEvents,
    CpuPressure,
    MemoryPressure,
    IoPressure,
    IoStat,
    PidsCurrent,
    PidsPeak,
    PidsEvents,
    CgroupStat,
    CgroupEvents,
    CpuMax,
    CpuMaxBurst,
    CpuWeight,
    MemoryMax,
    MemoryHigh,
    MemoryMin,
    MemoryLow,
    MemoryOomGroup,
    MemorySwapMax,
    MemorySwapHigh,
    PidsMax,
}

impl File {
    pub const COUNT: usize = File::PidsMax as usize + 1;
    /// All files, in reading order.
    pub const ALL: [File; File::COUNT] = [
        File::CpuStat,
        File::MemoryCurrent,
        File::MemoryStat,
        File::MemoryPeak,
        File::MemoryEvents,
        File::MemoryEventsLocal,
        File::MemorySwapCurrent,
        File::MemorySwapPeak,
        File::MemorySwapEvents,
        File::CpuPressure,
        File::MemoryPressure,
        File::IoPressure,
        File::IoStat,
        File::PidsCurrent,
        File::PidsPeak,
        File::PidsEvents,
        File::CgroupStat,
        File::CgroupEvents,
        File::CpuMax,
        File::CpuMaxBurst,
        File::CpuWeight,
        File::MemoryMax,
        File::MemoryHigh,
        File::MemoryMin,
        File::MemoryLow,
        File::MemoryOomGroup,
        File::MemorySwapMax,
        File::MemorySwapHigh,
        File::PidsMax,
    ];

    /// The file's name below a cgroup directory.
    pub const fn name(self) -> &'static str {
        match self {
            File::CpuStat => "cpu.stat",
            File::MemoryCurrent => "memory.current",
            File::MemoryStat => "memory.stat",
            File::MemoryPeak => "memory.peak",
            File::MemoryEvents => "memory.events",
            File::MemoryEventsLocal => "memory.events.local",
            File::MemorySwapCurrent => "memory.swap.current",
            File::MemorySwapPeak => "memory.swap.peak",
            File::MemorySwapEvents => "memory.swap.events",
            File::CpuPressure => "cpu.pressure",
            File::MemoryPressure => "memory.pressure",
            File::IoPressure => "io.pressure",
            File::IoStat => "io.stat",
            File::PidsCurrent => "pids.current",
            File::PidsPeak => "pids.peak",
            File::PidsEvents => "pids.events",
            File::CgroupStat => "cgroup.stat",
            File::CgroupEvents => "cgroup.events",
            File::CpuMax => "cpu.max",
            File::CpuMaxBurst => "cpu.max.burst",
            File::CpuWeight => "cpu.weight",
            File::MemoryMax => "memory.max",
            File::MemoryHigh => "memory.high",
            File::MemoryMin => "memory.min",
            File::MemoryLow => "memory.low",
            File::MemoryOomGroup => "memory.oom.group",
            File::MemorySwapMax => "memory.swap.max",
            File::MemorySwapHigh => "memory.swap.high",
            File::PidsMax => "pids.max",
        }
    }
}

macro_rules! fields {
    ($( $variant:ident, $file:ident, $key:literal, $nature:ident; )*) => {
        /// One number of one cgroup file. The key is the kernel's; see [`Field::key`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Field { $( $variant, )* }

        impl Field {
            /// All fields in table order.
            pub const ALL: &'static [Field] = &[ $( Field::$variant, )* ];
            pub const COUNT: usize = Field::ALL.len();
            const FILES: [File; Field::COUNT] = [ $( File::$file, )* ];
            const KEYS: [&'static str; Field::COUNT] = [ $( $key, )* ];
            const NATURES: [Nature; Field::COUNT] = [ $( Nature::$nature, )* ];
        }
    };
}

// variant, file, key in that file ("" where the file holds one bare number), nature
fields! {
    UsageUsec,              CpuStat,           "usage_usec",                 Counter;
    UserUsec,               CpuStat,           "user_usec",                  Counter;
    SystemUsec,             CpuStat,           "system_usec",                Counter;
    NiceUsec,               CpuStat,           "nice_usec",                  Counter;
    ForceIdleUsec,          CpuStat,           "core_sched.force_idle_usec", Counter;
    NrPeriods,              CpuStat,           "nr_periods",                 Counter;
    NrThrottled,            CpuStat,           "nr_throttled",               Counter;
    ThrottledUsec,          CpuStat,           "throttled_usec",             Counter;
    NrBursts,               CpuStat,           "nr_bursts",                  Counter;
    BurstUsec,              CpuStat,           "burst_usec",                 Counter;
    MemoryCurrent,          MemoryCurrent,     "",                           Gauge;
    Anon,                   MemoryStat,        "anon",                       Gauge;
    FileCache,              MemoryStat,        "file",                       Gauge;
    Kernel,                 MemoryStat,        "kernel",                     Gauge;
    KernelStack,            MemoryStat,        "kernel_stack",               Gauge;
    Pagetables,             MemoryStat,        "pagetables",                 Gauge;
    Percpu,                 MemoryStat,        "percpu",                     Gauge;
    Sock,                   MemoryStat,        "sock",                       Gauge;
    Vmalloc,                MemoryStat,        "vmalloc",                    Gauge;
    Shmem,                  MemoryStat,        "shmem",                      Gauge;
    FileMapped,             MemoryStat,        "file_mapped",                Gauge;
    FileDirty,              MemoryStat,        "file_dirty",                 Gauge;
    FileWriteback,          MemoryStat,        "file_writeback",             Gauge;
    Swapcached,             MemoryStat,        "swapcached",                 Gauge;
    AnonThp,                MemoryStat,        "anon_thp",                   Gauge;
    InactiveAnon,           MemoryStat,        "inactive_anon",              Gauge;
    ActiveAnon,             MemoryStat,        "active_anon",                Gauge;
    InactiveFile,           MemoryStat,        "inactive_file",              Gauge;
    ActiveFile,             MemoryStat,        "active_file",                Gauge;
    Unevictable,            MemoryStat,        "unevictable",                Gauge;
    SlabReclaimable,        MemoryStat,        "slab_reclaimable",           Gauge;
    SlabUnreclaimable,      MemoryStat,        "slab_unreclaimable",         Gauge;
    Slab,                   MemoryStat,        "slab",                       Gauge;
    WorkingsetRefaultAnon,  MemoryStat,        "workingset_refault_anon",    Counter;
    WorkingsetRefaultFile,  MemoryStat,        "workingset_refault_file",    Counter;
    Pgscan,                 MemoryStat,        "pgscan",                     Counter;
    Pgsteal,                MemoryStat,        "pgsteal",                    Counter;
    Pgfault,                MemoryStat,        "pgfault",                    Counter;
    Pgmajfault,             MemoryStat,        "pgmajfault",                 Counter;
    MemoryPeak,             MemoryPeak,        "",                           Gauge;
    EventsLow,              MemoryEvents,      "low",                        Counter;
    EventsHigh,             MemoryEvents,      "high",                       Counter;
    EventsMax,              MemoryEvents,      "max",                        Counter;
    EventsOom,              MemoryEvents,      "oom",                        Counter;
    EventsOomKill,          MemoryEvents,      "oom_kill",                   Counter;
    EventsOomGroupKill,     MemoryEvents,      "oom_group_kill",             Counter;
    LocalLow,               MemoryEventsLocal, "low",                        Counter;
    LocalHigh,              MemoryEventsLocal, "high",                       Counter;
    LocalMax,               MemoryEventsLocal, "max",                        Counter;
    LocalOom,               MemoryEventsLocal, "oom",                        Counter;
    LocalOomKill,           MemoryEventsLocal, "oom_kill",                   Counter;
    LocalOomGroupKill,      MemoryEventsLocal, "oom_group_kill",             Counter;
    SwapCurrent,            MemorySwapCurrent, "",                           Gauge;
    SwapPeak,               MemorySwapPeak,    "",                           Gauge;
    SwapEventsHigh,         MemorySwapEvents,  "high",                       Counter;
    SwapEventsMax,          MemorySwapEvents,  "max",                        Counter;
    SwapEventsFail,         MemorySwapEvents,  "fail",                       Counter;
    CpuSomeTotal,           CpuPressure,       "some total",                 Counter;
    CpuFullTotal,           CpuPressure,       "full total",                 Counter;
    CpuSomeAvg10,           CpuPressure,       "some avg10",                 Gauge;
    CpuFullAvg10,           CpuPressure,       "full avg10",                 Gauge;
    CpuSomeAvg60,           CpuPressure,       "some avg60",                 Gauge;
    CpuFullAvg60,           CpuPressure,       "full avg60",                 Gauge;
    CpuSomeAvg300,          CpuPressure,       "some avg300",                Gauge;
    CpuFullAvg300,          CpuPressure,       "full avg300",                Gauge;
    MemorySomeTotal,        MemoryPressure,    "some total",                 Counter;
    MemoryFullTotal,        MemoryPressure,    "full total",                 Counter;
    MemorySomeAvg10,        MemoryPressure,    "some avg10",                 Gauge;
    MemoryFullAvg10,        MemoryPressure,    "full avg10",                 Gauge;
    MemorySomeAvg60,        MemoryPressure,    "some avg60",                 Gauge;
    MemoryFullAvg60,        MemoryPressure,    "full avg60",                 Gauge;
    MemorySomeAvg300,       MemoryPressure,    "some avg300",                Gauge;
    MemoryFullAvg300,       MemoryPressure,    "full avg300",                Gauge;
    IoSomeTotal,            IoPressure,        "some total",                 Counter;
    IoFullTotal,            IoPressure,        "full total",                 Counter;
    IoSomeAvg10,            IoPressure,        "some avg10",                 Gauge;
    IoFullAvg10,            IoPressure,        "full avg10",                 Gauge;
    IoSomeAvg60,            IoPressure,        "some avg60",                 Gauge;
    IoFullAvg60,            IoPressure,        "full avg60",                 Gauge;
    IoSomeAvg300,           IoPressure,        "some avg300",                Gauge;
    IoFullAvg300,           IoPressure,        "full avg300",                Gauge;
    PidsCurrent,            PidsCurrent,       "",                           Gauge;
    PidsPeak,               PidsPeak,          "",                           Gauge;
    PidsEventsMax,          PidsEvents,        "max",                        Counter;
    NrDescendants,          CgroupStat,        "nr_descendants",             Gauge;
    NrDyingDescendants,     CgroupStat,        "nr_dying_descendants",       Gauge;
    Populated,              CgroupEvents,      "populated",                  Gauge;
    Frozen,                 CgroupEvents,      "frozen",                     Gauge;
    CpuQuotaUsec,           CpuMax,            "quota",                      Limit;
    CpuPeriodUsec,          CpuMax,            "period",                     Gauge;
    CpuMaxBurstUsec,        CpuMaxBurst,       "",                           Gauge;
    CpuWeight,              CpuWeight,         "",                           Gauge;
    MemoryMax,              MemoryMax,         "",                           Limit;
    MemoryHigh,             MemoryHigh,        "",                           Limit;
    MemoryMin,              MemoryMin,         "",                           Limit;
    MemoryLow,              MemoryLow,         "",                           Limit;
    MemoryOomGroup,         MemoryOomGroup,    "",                           Gauge;
    SwapMax,                MemorySwapMax,     "",                           Limit;
    SwapHigh,               MemorySwapHigh,    "",                           Limit;
    PidsMax,                PidsMax,           "",                           Limit;
}

impl Field {
    /// The file that holds it.
    pub const fn file(self) -> File {
        Field::FILES[self as usize]
    }

    /// The kernel's key in that file; empty where the file is one bare number.
    pub const fn key(self) -> &'static str {
        Field::KEYS[self as usize]
    }

    pub const fn nature(self) -> Nature {
        Field::NATURES[self as usize]
    }
}

/// A kernel limit: a number, or no limit at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    At(u64),
    Max,
}

const WORDS: usize = Field::COUNT.div_ceil(64);

/// The numbers of one cgroup. A field that was not read is absent, never zero.
///
/// Pressure averages are hundredths of a percent (the kernel prints two decimals), totals microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    present: [u64; WORDS],
    unlimited: [u64; WORDS],
    numbers: [u64; Field::COUNT],
}

impl Default for Values {
    fn default() -> Self {
        Values { present: [0; WORDS], unlimited: [0; WORDS], numbers: [0; Field::COUNT] }
    }
}

impl Values {
    /// The number, when it was read and is not `max`.
    pub fn get(&self, field: Field) -> Option<u64> {
        let (word, bit) = place(field);
        (self.present[word] & bit != 0 && self.unlimited[word] & bit == 0)
            .then(|| self.numbers[field as usize])
    }

    /// The limit, when it was read.
    pub fn limit(&self, field: Field) -> Option<Limit> {
        let (word, bit) = place(field);
        if self.present[word] & bit == 0 {
            None
        } else if self.unlimited[word] & bit != 0 {
            Some(Limit::Max)
        } else {
            Some(Limit::At(self.numbers[field as usize]))
        }
    }

    pub fn set(&mut self, field: Field, number: u64) {
        let (word, bit) = place(field);
        self.present[word] |= bit;
        self.unlimited[word] &= !bit;
        self.numbers[field as usize] = number;
    }

    pub fn set_max(&mut self, field: Field) {
        let (word, bit) = place(field);
        self.present[word] |= bit;
        self.unlimited[word] |= bit;
    }

    pub fn clear(&mut self, field: Field) {
        let (word, bit) = place(field);
        self.present[word] &= !bit;
        self.unlimited[word] &= !bit;
    }

    /// Forgets every field of one file, so that a file that vanished does not leave its last numbers behind.
    pub fn clear_file(&mut self, file: File) {
        let mask = &MASKS[file as usize];
        for (word, mask) in mask.iter().enumerate() {
            self.present[word] &= !mask;
            self.unlimited[word] &= !mask;
        }
    }

    /// How many fields are present.
    pub fn len(&self) -> usize {
        self.present.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.present.iter().all(|&word| word == 0)
    }
}

/// usage_usec, user_usec and system_usec: the first three fields of the table, all that a fast pass takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuTimes {
    /// Bit n: the n-th is present.
    present: u8,
    numbers: [u64; CpuTimes::FIELDS],
}

impl CpuTimes {
    const FIELDS: usize = Field::SystemUsec as usize + 1;
    const MASK: u64 = (1 << CpuTimes::FIELDS) - 1;
}

impl Values {
    /// The three CPU times.
    pub fn cpu_times(&self) -> CpuTimes {
        let mut numbers = [0; CpuTimes::FIELDS];
        numbers.copy_from_slice(&self.numbers[..CpuTimes::FIELDS]);
        CpuTimes { present: (self.present[0] & CpuTimes::MASK) as u8, numbers }
    }

    /// Replaces the three CPU times.
    pub fn set_cpu_times(&mut self, times: &CpuTimes) {
        self.present[0] = (self.present[0] & !CpuTimes::MASK) | u64::from(times.present);
        self.numbers[..CpuTimes::FIELDS].copy_from_slice(&times.numbers);
    }
}

/// The fields of one file: a contiguous run of the table.
pub const fn fields_of(file: File) -> &'static [Field] {
    let all = Field::ALL;
    let mut start = 0;
    while start < all.len() && all[start].file() as u8 != file as u8 {
        start += 1;
    }
    let mut end = start;
    while end < all.len() && all[end].file() as u8 == file as u8 {
        end += 1;
    }
    all.split_at(end).0.split_at(start).1
}

/// The bits of each file's fields.
const MASKS: [[u64; WORDS]; File::COUNT] = {
    let mut masks = [[0; WORDS]; File::COUNT];
    let mut at = 0;
    while at < Field::COUNT {
        let field = Field::ALL[at];
        let (word, bit) = place(field);
        masks[field.file() as usize][word] |= bit;
        at += 1;
    }
    masks
};

const fn place(field: Field) -> (usize, u64) {
    (field as usize / 64, 1 << (field as usize % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_one_run_of_the_table() {
        let total: usize = File::ALL.iter().map(|&file| fields_of(file).len()).sum();
        assert_eq!(total, Field::COUNT, "a file's rows are split in two places (io.stat has none)");
        for (index, file) in File::ALL.iter().enumerate() {
            assert_eq!(*file as usize, index, "{}", file.name());
        }
    }

    #[test]
    fn absent_zero_and_max_are_three_things() {
        let mut values = Values::default();
        assert_eq!((values.get(Field::MemoryMax), values.limit(Field::MemoryMax)), (None, None));
        values.set(Field::MemoryMax, 0);
        assert_eq!(values.limit(Field::MemoryMax), Some(Limit::At(0)));
        values.set_max(Field::MemoryMax);
        assert_eq!((values.get(Field::MemoryMax), values.limit(Field::MemoryMax)), (None, Some(Limit::Max)));
        values.clear_file(File::MemoryMax);
        assert!(values.is_empty());
    }
}
