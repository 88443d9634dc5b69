//! What the kubelet's documents cost: our parse beside serde_json's way to skip the same document, by turns in one
//! run, and the allocations of both steps. `cargo bench --bench kubelet [PODS]`; 250 pods without it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints and may panic")]

#[path = "support/summary.rs"]
mod documents;

use std::hint::black_box;
use std::time::{Duration, Instant};

use podometer::model::kubelet::{ResourcePage, Summary};
use podometer::model::stamp::Stamp;
use podometer::source::kubelet::{parse_resource, parse_summary};
use serde::de::IgnoredAny;

const ROUNDS: usize = 200;

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let pods = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(250u64);
    let summary = documents::summary(pods).into_bytes();
    let resource = documents::resource(pods).into_bytes();
    println!(
        "{pods} pods of 2 containers: summary {} bytes, resource {} bytes",
        summary.len(),
        resource.len()
    );

    let mut kept = Summary::default();
    let mut page = ResourcePage::default();
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(timed(|| {
            black_box(serde_json::from_slice::<IgnoredAny>(black_box(&summary)).unwrap());
        }));
        times[1].push(timed(|| {
            black_box(parse_summary(black_box(&summary)).unwrap());
        }));
        times[2]
            .push(timed(|| parse_summary(black_box(&summary)).unwrap().store(Stamp::default(), &mut kept)));
        times[3]
            .push(timed(|| parse_resource(black_box(&resource)).unwrap().store(Stamp::default(), &mut page)));
    }
    assert_eq!((kept.pods.len() as u64, kept.containers.len() as u64), (pods, 2 * pods));
    assert_eq!(page.containers.len() as u64, 2 * pods);
    let [ignored, parsed, stored, resource_time] = times.each_mut().map(|times| median(times));
    println!("median of {ROUNDS}, by turns:");
    println!("  serde_json IgnoredAny       {ignored:>10.1?}");
    let ratio = parsed.as_secs_f64() / ignored.as_secs_f64();
    println!("  parse_summary               {parsed:>10.1?}  {ratio:.2} times as long");
    println!("  parse_summary and store     {stored:>10.1?}");
    println!("  parse_resource and store    {resource_time:>10.1?}");

    let show = |what: &str, counted: allocation_counter::AllocationInfo| {
        let per_pod = counted.count_total as f64 / pods as f64;
        println!(
            "  {what:<27} {:>6} allocations, {per_pod:.2} a pod, {} kB at most",
            counted.count_total,
            counted.bytes_max / 1024
        );
    };
    println!("allocations:");
    show(
        "parse_summary",
        allocation_counter::measure(|| {
            black_box(parse_summary(&summary).unwrap());
        }),
    );
    let parsed = parse_summary(&summary).unwrap();
    show(
        "store, the first time",
        allocation_counter::measure(|| parsed.store(Stamp::default(), &mut Summary::default())),
    );
    show("store, again", allocation_counter::measure(|| parsed.store(Stamp::default(), &mut kept)));
    show(
        "parse_resource",
        allocation_counter::measure(|| {
            black_box(parse_resource(&resource).unwrap());
        }),
    );
}
