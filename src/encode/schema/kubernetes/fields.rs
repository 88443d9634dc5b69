//! The fields: name and value, one row each. A field that is not known is left out, where Telegraf writes 0.
//! Source: contracts, inputs.kubernetes; formulas: kubelet's stats summary.

use std::sync::Arc;
use std::time::Duration;

use crate::encode::influx::{Key, plain_key};
use crate::model::field::{Field, Limit};
use crate::model::unit::{Interface, IoDevice, Unit, memory_usage_bytes};

pub(super) type Row = (Key, fn(&Unit) -> Option<u64>);
pub(super) type FloatRow = (Key, fn(&Unit) -> Option<f64>);

/// Telegraf's fields, in the order in which Telegraf builds them.
pub(super) const TELEGRAF: &[Row] = &[
    (plain_key!("cpu_usage_nanocores"), live_nanocores),
    (plain_key!("cpu_usage_core_nanoseconds"), |unit| nanoseconds(unit, Field::UsageUsec)),
    (plain_key!("memory_usage_bytes"), |unit| memory_usage_bytes(&unit.values)),
    (plain_key!("memory_working_set_bytes"), |unit| unit.memory.working_set_bytes),
    (plain_key!("memory_rss_bytes"), |unit| unit.values.get(Field::Anon)),
    (plain_key!("memory_page_faults"), |unit| unit.values.get(Field::Pgfault)),
    (plain_key!("memory_major_page_faults"), |unit| unit.values.get(Field::Pgmajfault)),
];

/// The fields that only our own measurements have, beside [`TELEGRAF`]'s.
pub(super) const OWN: &[Row] = &[
    (MEMORY_AVAILABLE, available_bytes),
    (plain_key!("cpu_user_core_nanoseconds"), |unit| nanoseconds(unit, Field::UserUsec)),
    (plain_key!("cpu_system_core_nanoseconds"), |unit| nanoseconds(unit, Field::SystemUsec)),
    (plain_key!("cpu_limit_nanocores"), cpu_limit_nanocores),
    (plain_key!("cpu_nr_periods"), |unit| unit.values.get(Field::NrPeriods)),
    (plain_key!("cpu_nr_throttled"), |unit| unit.values.get(Field::NrThrottled)),
    (plain_key!("cpu_throttled_usec"), |unit| unit.values.get(Field::ThrottledUsec)),
    (plain_key!("cpu_nr_bursts"), |unit| unit.values.get(Field::NrBursts)),
    (plain_key!("cpu_burst_usec"), |unit| unit.values.get(Field::BurstUsec)),
    (plain_key!("cpu_some_usec"), |unit| unit.values.get(Field::CpuSomeTotal)),
    (plain_key!("cpu_full_usec"), |unit| unit.values.get(Field::CpuFullTotal)),
    (plain_key!("memory_cache_bytes"), |unit| unit.values.get(Field::FileCache)),
    (plain_key!("memory_kernel_bytes"), |unit| unit.values.get(Field::Kernel)),
    (plain_key!("memory_shmem_bytes"), |unit| unit.values.get(Field::Shmem)),
    (plain_key!("memory_inactive_file_bytes"), |unit| unit.values.get(Field::InactiveFile)),
    (plain_key!("memory_peak_bytes"), |unit| unit.values.get(Field::MemoryPeak)),
    (plain_key!("memory_limit_bytes"), |unit| unit.values.get(Field::MemoryMax)),
    (plain_key!("memory_swap_bytes"), |unit| unit.values.get(Field::SwapCurrent)),
    (plain_key!("memory_some_usec"), |unit| unit.values.get(Field::MemorySomeTotal)),
    (plain_key!("memory_full_usec"), |unit| unit.values.get(Field::MemoryFullTotal)),
    (plain_key!("oom_kills"), |unit| unit.oom_kills),
    (plain_key!("pids_current"), |unit| unit.values.get(Field::PidsCurrent)),
    (plain_key!("pids_limit"), |unit| unit.values.get(Field::PidsMax)),
    (plain_key!("io_read_bytes"), |unit| io_sum(unit, |device| device.rbytes)),
    (plain_key!("io_write_bytes"), |unit| io_sum(unit, |device| device.wbytes)),
    (plain_key!("io_reads"), |unit| io_sum(unit, |device| device.rios)),
    (plain_key!("io_writes"), |unit| io_sum(unit, |device| device.wios)),
    (plain_key!("io_some_usec"), |unit| unit.values.get(Field::IoSomeTotal)),
    (plain_key!("io_full_usec"), |unit| unit.values.get(Field::IoFullTotal)),
];

/// Percent of time, as the kernel averages it over ten seconds.
pub(super) const OWN_FLOATS: &[FloatRow] = &[
    (plain_key!("cpu_some_avg10"), |unit| percent(unit, Field::CpuSomeAvg10)),
    (plain_key!("cpu_full_avg10"), |unit| percent(unit, Field::CpuFullAvg10)),
    (plain_key!("memory_some_avg10"), |unit| percent(unit, Field::MemorySomeAvg10)),
    (plain_key!("memory_full_avg10"), |unit| percent(unit, Field::MemoryFullAvg10)),
    (plain_key!("io_some_avg10"), |unit| percent(unit, Field::IoSomeAvg10)),
    (plain_key!("io_full_avg10"), |unit| percent(unit, Field::IoFullAvg10)),
];

pub(super) const MEMORY_AVAILABLE: Key = plain_key!("memory_available_bytes");
pub(super) type NetworkRow = (Key, fn(&Interface) -> u64);
pub(super) const POD_NETWORK_FIELDS: &[NetworkRow] = &[
    (plain_key!("rx_bytes"), |interface| interface.rx_bytes),
    (plain_key!("rx_errors"), |interface| interface.rx_errors),
    (plain_key!("tx_bytes"), |interface| interface.tx_bytes),
    (plain_key!("tx_errors"), |interface| interface.tx_errors),
];
pub(super) const NODE_NETWORK_FIELDS: &[NetworkRow] = &[
    (plain_key!("network_rx_bytes"), |interface| interface.rx_bytes),
    (plain_key!("network_rx_errors"), |interface| interface.rx_errors),
    (plain_key!("network_tx_bytes"), |interface| interface.tx_bytes),
    (plain_key!("network_tx_errors"), |interface| interface.tx_errors),
];

/// Framed names of the fields that carry a window's length, see `LineWriter::framed_integer`.
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
            let name = |stem: &str| format!(",{stem}_{length}=").into_bytes().into_boxed_slice();
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
