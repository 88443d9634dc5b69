//! What the sampler keeps of one cgroup between ticks.

use std::time::Duration;

use super::config::{Config, Histograms};
use crate::model::field::Values;
use crate::model::identity::UnitKind;
use crate::model::oom::OomCount;
use crate::model::reconciled::SourceKind;
use crate::model::unit::{CpuUse, MAX_WINDOWS, MemoryUse, Pace, Unit};
use crate::model::window::{PeakRing, UsageRing};
use crate::source::cgroup::Entry;

/// One cgroup's last numbers and the rings behind its windows. All memory is taken at creation.
#[derive(Debug)]
pub(super) struct State {
    pub(super) unit: Unit,
    pub(super) parent_slot: Option<u32>,
    pub(super) ring: UsageRing,
    pub(super) peaks: PeakRing,
    pub(super) oom: OomCount,
    /// Version of the directory that the identity was last looked up in, and whether it was found complete.
    pub(super) resolved: Option<u64>,
    /// Counts slow readings, so that limits are read every few of them.
    pub(super) slow_turns: u32,
    /// Whether this kind of unit carries a histogram, as long as it is no sandbox.
    pub(super) has_histogram: bool,
}

impl State {
    pub(super) fn new(entry: &Entry, config: &Config) -> State {
        let longest = config.windows.iter().max().copied().unwrap_or(Duration::from_secs(15));
        let steps = longest.as_nanos().div_ceil(config.fast_interval.as_nanos().max(1)) as usize + 1;
        let has_histogram = match (config.histograms, &entry.cgroup.kind) {
            (Histograms::All, _) | (Histograms::Pods | Histograms::Containers, UnitKind::Pod { .. }) => true,
            (Histograms::Containers, kind) => matches!(kind, UnitKind::Container { .. }),
            (Histograms::None | Histograms::Pods, _) => false,
        };
        State {
            unit: Unit {
                id: entry.id,
                cgroup: entry.cgroup.clone(),
                identity: None,
                source: SourceKind::Cgroup,
                parent: None,
                created_wall_s: entry.created_wall_s,
                gone: false,
                values: Values::default(),
                read_at: [None; Pace::COUNT],
                cpu: CpuUse { histogram: has_histogram.then(Box::default), ..CpuUse::default() },
                memory: MemoryUse::default(),
                oom_kills: None,
                io: Vec::new(),
                hugetlb: Vec::new(),
                network: None,
            },
            parent_slot: entry.parent,
            ring: UsageRing::new(steps),
            peaks: PeakRing::new(longest.as_secs() as usize),
            oom: OomCount::default(),
            resolved: None,
            slow_turns: 0,
            has_histogram,
        }
    }

    /// Brings what follows from the rings up to date. `windows` are lengths in microseconds.
    pub(super) fn derive(&mut self, windows: &[u64], scratch: &mut Vec<f32>) {
        let cpu = &mut self.unit.cpu;
        cpu.live = self.ring.mean(1_000_000);
        for (place, &span_us) in windows.iter().enumerate().take(MAX_WINDOWS) {
            cpu.windows[place] = self.ring.window(span_us, scratch);
            self.unit.memory.window_max_bytes[place] = self.peaks.max(span_us / 1_000_000);
        }
    }
}

/// Copies one unit over another without giving up the memory that the target holds.
pub(super) fn copy_unit(target: &mut Unit, source: &Unit) {
    target.id = source.id;
    target.cgroup.clone_from(&source.cgroup);
    target.identity.clone_from(&source.identity);
    target.source = source.source;
    target.parent = source.parent;
    target.created_wall_s = source.created_wall_s;
    target.gone = source.gone;
    target.values.clone_from(&source.values);
    target.read_at = source.read_at;
    target.cpu.live = source.cpu.live;
    target.cpu.windows = source.cpu.windows;
    match (&mut target.cpu.histogram, &source.cpu.histogram) {
        (Some(target), Some(source)) => **target = (**source).clone(),
        (target, source) => target.clone_from(source),
    }
    target.memory.clone_from(&source.memory);
    target.oom_kills = source.oom_kills;
    target.io.clone_from(&source.io);
    copy_rows(&mut target.hugetlb, &source.hugetlb);
    target.network.clone_from(&source.network);
}

fn copy_rows(target: &mut Vec<crate::model::unit::Hugetlb>, source: &[crate::model::unit::Hugetlb]) {
    let same = target.len() == source.len()
        && target.iter().zip(source).all(|(target, source)| target.page_size == source.page_size);
    if !same {
        target.clear();
        target.extend_from_slice(source);
        return;
    }
    for (target, source) in target.iter_mut().zip(source) {
        target.current = source.current;
        target.max = source.max;
        target.events_max = source.events_max;
    }
}
