//! The fields: name and value, one row each. A field that is not known is left out, where Telegraf writes 0.
//! Source: contracts, inputs.kubernetes; formulas: kubelet's stats summary.

use std::sync::Arc;
use std::time::Duration;

use crate::encode::influx::Key;
use crate::model::field::{Field, Limit};
use crate::model::unit::{Interface, IoDevice, Unit, memory_usage_bytes};

pub(super) type Row = (Key, fn(&Unit) -> Option<u64>);
pub(super) type FloatRow = (Key, fn(&Unit) -> Option<f64>);

/// Telegraf's fields, in the order in which Telegraf builds them.
pub(super) const TELEGRAF: &[Row] = &[
    (Key::new("cpu_usage_nanocores"), live_nanocores),
    (Key::new("cpu_usage_core_nanoseconds"), |unit| nanoseconds(unit, Field::UsageUsec)),
    (Key::new("memory_usage_bytes"), |unit| memory_usage_bytes(&unit.values)),
    (Key::new("memory_working_set_bytes"), |unit| unit.memory.working_set_bytes),
    (Key::new("memory_rss_bytes"), |unit| unit.values.get(Field::Anon)),
    (Key::new("memory_page_faults"), |unit| unit.values.get(Field::Pgfault)),
    (Key::new("memory_major_page_faults"), |unit| unit.values.get(Field::Pgmajfault)),
];

/// The fields that only our own measurements have, beside [`TELEGRAF`]'s.
pub(super) const OWN: &[Row] = &[
    (MEMORY_AVAILABLE, available_bytes),
    (Key::new("cpu_user_core_nanoseconds"), |unit| nanoseconds(unit, Field::UserUsec)),
    (Key::new("cpu_system_core_nanoseconds"), |unit| nanoseconds(unit, Field::SystemUsec)),
    (Key::new("cpu_limit_nanocores"), cpu_limit_nanocores),
    (Key::new("cpu_nr_periods"), |unit| unit.values.get(Field::NrPeriods)),
    (Key::new("cpu_nr_throttled"), |unit| unit.values.get(Field::NrThrottled)),
    (Key::new("cpu_throttled_usec"), |unit| unit.values.get(Field::ThrottledUsec)),
    (Key::new("cpu_nr_bursts"), |unit| unit.values.get(Field::NrBursts)),
    (Key::new("cpu_burst_usec"), |unit| unit.values.get(Field::BurstUsec)),
    (Key::new("cpu_some_usec"), |unit| unit.values.get(Field::CpuSomeTotal)),
    (Key::new("cpu_full_usec"), |unit| unit.values.get(Field::CpuFullTotal)),
    (Key::new("memory_cache_bytes"), |unit| unit.values.get(Field::FileCache)),
    (Key::new("memory_kernel_bytes"), |unit| unit.values.get(Field::Kernel)),
    (Key::new("memory_shmem_bytes"), |unit| unit.values.get(Field::Shmem)),
    (Key::new("memory_inactive_file_bytes"), |unit| unit.values.get(Field::InactiveFile)),
    (Key::new("memory_peak_bytes"), |unit| unit.values.get(Field::MemoryPeak)),
    (Key::new("memory_limit_bytes"), |unit| unit.values.get(Field::MemoryMax)),
    (Key::new("memory_swap_bytes"), |unit| unit.values.get(Field::SwapCurrent)),
    (Key::new("memory_some_usec"), |unit| unit.values.get(Field::MemorySomeTotal)),
    (Key::new("memory_full_usec"), |unit| unit.values.get(Field::MemoryFullTotal)),
    (Key::new("oom_kills"), |unit| unit.oom_kills),
    (Key::new("pids_current"), |unit| unit.values.get(Field::PidsCurrent)),
    (Key::new("pids_limit"), |unit| unit.values.get(Field::PidsMax)),
    (Key::new("io_read_bytes"), |unit| io_sum(unit, |device| device.rbytes)),
    (Key::new("io_write_bytes"), |unit| io_sum(unit, |device| device.wbytes)),
    (Key::new("io_reads"), |unit| io_sum(unit, |device| device.rios)),
    (Key::new("io_writes"), |unit| io_sum(unit, |device| device.wios)),
    (Key::new("io_some_usec"), |unit| unit.values.get(Field::IoSomeTotal)),
    (Key::new("io_full_usec"), |unit| unit.values.get(Field::IoFullTotal)),
];

/// Percent of time, as the kernel averages it over ten seconds.
pub(super) const OWN_FLOATS: &[FloatRow] = &[
    (Key::new("cpu_some_avg10"), |unit| percent(unit, Field::CpuSomeAvg10)),
    (Key::new("cpu_full_avg10"), |unit| percent(unit, Field::CpuFullAvg10)),
    (Key::new("memory_some_avg10"), |unit| percent(unit, Field::MemorySomeAvg10)),
    (Key::new("memory_full_avg10"), |unit| percent(unit, Field::MemoryFullAvg10)),
    (Key::new("io_some_avg10"), |unit| percent(unit, Field::IoSomeAvg10)),
    (Key::new("io_full_avg10"), |unit| percent(unit, Field::IoFullAvg10)),
];

pub(super) const MEMORY_AVAILABLE: Key = Key::new("memory_available_bytes");
pub(super) type NetworkRow = (Key, fn(&Interface) -> u64);
pub(super) const POD_NETWORK_FIELDS: &[NetworkRow] = &[
    (Key::new("rx_bytes"), |interface| interface.rx_bytes),
    (Key::new("rx_errors"), |interface| interface.rx_errors),
    (Key::new("tx_bytes"), |interface| interface.tx_bytes),
    (Key::new("tx_errors"), |interface| interface.tx_errors),
];
pub(super) const NODE_NETWORK_FIELDS: &[NetworkRow] = &[
    (Key::new("network_rx_bytes"), |interface| interface.rx_bytes),
    (Key::new("network_rx_errors"), |interface| interface.rx_errors),
    (Key::new("network_tx_bytes"), |interface| interface.tx_bytes),
    (Key::new("network_tx_errors"), |interface| interface.tx_errors),
];

/// Escaped names of the fields that carry a window's length.
#[derive(Debug)]
pub(super) struct WindowNames {
    pub(super) windows: Arc<[Duration]>,
    /// mean, max, p95, p99 of CPU and the maximum of memory, by window.
    pub(super) names: Vec<[Box<[u8]>; 5]>,
}

impl WindowNames {
    pub(super) fn new(windows: &Arc<[Duration]>) -> WindowNames {
        let names = windows.iter().map(|window| {
            let length = match (window.as_secs(), window.subsec_millis()) {
                (seconds, 0) => format!("{seconds}s"),
                _ => format!("{}ms", window.as_millis()),
            };
            let name = |stem: &str| format!("{stem}_{length}").into_bytes().into_boxed_slice();
            [
                name("cpu_usage_nanocores_mean"),
                name("cpu_usage_nanocores_max"),
                name("cpu_usage_nanocores_p95"),
                name("cpu_usage_nanocores_p99"),
                name("memory_usage_bytes_max"),
            ]
        });
        WindowNames { windows: Arc::clone(windows), names: names.collect() }
    }
}

fn live_nanocores(unit: &Unit) -> Option<u64> {
    unit.cpu.live.map(|rate| nanocores(rate.cores))
}

pub(super) fn nanocores(cores: f64) -> u64 {
    (cores * 1e9).round() as u64
}

fn nanoseconds(unit: &Unit, field: Field) -> Option<u64> {
    unit.values.get(field).map(|usec| usec.saturating_mul(1000))
}

/// memory.max minus working set; absent without a limit. Source: kubelet `cadvisorInfoToMemoryStats`.
fn available_bytes(unit: &Unit) -> Option<u64> {
    Some(unit.values.get(Field::MemoryMax)?.saturating_sub(unit.memory.working_set_bytes?))
}

fn cpu_limit_nanocores(unit: &Unit) -> Option<u64> {
    let Some(Limit::At(quota)) = unit.values.limit(Field::CpuQuotaUsec) else { return None };
    let period = unit.values.get(Field::CpuPeriodUsec).filter(|&period| period > 0)?;
    Some(nanocores(quota as f64 / period as f64))
}

fn io_sum(unit: &Unit, value: fn(&IoDevice) -> Option<u64>) -> Option<u64> {
    unit.io.iter().filter_map(value).reduce(u64::saturating_add)
}

fn percent(unit: &Unit, field: Field) -> Option<f64> {
    unit.values.get(field).map(|hundredths| hundredths as f64 / 100.0)
}
