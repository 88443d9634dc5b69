//! What remote write costs: both versions beside the same page as protobuf exposition, and their sizes.
//!
//! `cargo bench --bench remote_write` prints one table.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where it fails")]

#[path = "support/synthetic.rs"]
mod synthetic;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use podometer::encode::prometheus::{self, Format, LabelCache, Page};
use podometer::encode::remote_write::{Encoder, Limits, Options, Version};
use podometer::encode::{Batch, prometheus::Encoder as PageEncoder};
use podometer::model::report::AgentReport;
use podometer::model::snapshot::Snapshot;

const PODS: u64 = 250;
const ROUNDS: u64 = 15;

fn main() {
    let report = Arc::new(AgentReport::default());
    let mut cache = LabelCache::new(Format::Protobuf);
    let mut encoders = [Version::V1, Version::V2].map(|version| Encoder::new(options(version)));
    let mut churning = [Version::V1, Version::V2].map(|version| Encoder::new(options(version)));
    let mut times: [Vec<Duration>; 5] = Default::default();
    let mut sizes = [(0, 0, 0); 2];
    // Interleaved, so that whatever else runs on the machine meets all alike.
    for round in 0..ROUNDS {
        let snapshot = Arc::new(synthetic::snapshot(PODS, round + 1));
        let mut time = |row: usize, begin: Instant| times[row].push(begin.elapsed());
        let begin = Instant::now();
        let mut page = Vec::new();
        let plan = cache.plan(Arc::clone(&snapshot), Page::Metrics);
        let rows = prometheus::Options::default();
        PageEncoder::new(plan, Arc::clone(&report), Format::Protobuf, rows).finish(&mut page);
        black_box(page);
        time(0, begin);
        for (at, encoder) in encoders.iter_mut().enumerate() {
            let begin = Instant::now();
            let batches = encoder.encode(&snapshot, &report);
            time(1 + at, begin);
            sizes[at] = size(&batches);
        }
        // Every time another pod has gone.
        let mut without: Snapshot = (*snapshot).clone();
        let first = 1 + 3 * round as usize;
        without.units.drain(first..first + 3);
        let without = Arc::new(without);
        for (at, encoder) in churning.iter_mut().enumerate() {
            let begin = Instant::now();
            black_box(encoder.encode(&without, &report));
            time(3 + at, begin);
        }
    }
    let median = |row: usize| {
        let mut sorted = times[row].clone();
        sorted.sort();
        sorted[sorted.len() / 2].as_secs_f64() * 1e3
    };
    let series = sizes[0].0;
    println!("{PODS} pods, {series} series");
    println!("  {:<26} {:>9} {:>7} {:>11} {:>11}", "", "ms", "ratio", "MB", "MB snappy");
    let rows =
        ["protobuf exposition", "remote write v1", "remote write v2", "v1, one pod gone", "v2, one pod gone"];
    for (at, name) in rows.iter().enumerate() {
        let bytes = at.checked_sub(1).and_then(|at| sizes.get(at));
        let mb = |bytes: usize| format!("{:.2}", bytes as f64 / 1e6);
        let (plain, packed) =
            bytes.map_or_else(Default::default, |(_, plain, packed)| (mb(*plain), mb(*packed)));
        let ratio = median(at) / median(0);
        println!("  {name:<26} {:>9.2} {ratio:>6.2}x {plain:>11} {packed:>11}", median(at));
    }
}

fn options(version: Version) -> Options {
    Options {
        version,
        labels: vec![("job".into(), "podometer".into()), ("instance".into(), "worker-0042".into())],
        native_histograms: true,
        node_names: false,
        rows: prometheus::Options::default(),
        limits: Limits::default(),
    }
}

/// Points, bytes, and bytes as they are sent.
fn size(batches: &[Batch]) -> (u64, usize, usize) {
    let mut packer = snap::raw::Encoder::new();
    batches.iter().fold((0, 0, 0), |(points, plain, packed), batch| {
        let sent = packer.compress_vec(&batch.body).unwrap().len();
        (points + batch.points, plain + batch.body.len(), packed + sent)
    })
}
