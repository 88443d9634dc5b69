//! What a scrape costs: our encoders against the `prometheus` crate on the same series, compression once a
//! snapshot against once a scrape, scrapes under a publishing sampler, memory over many scrapes.
//!
//! `cargo bench --bench exposition` prints one table. PODOMETER_BENCH_SCRAPES sets the number of scrapes.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where it fails")]

#[path = "support/synthetic.rs"]
mod synthetic;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use flate2::Compression;
use flate2::write::GzEncoder;
use podometer::encode::prometheus::{Encoder, Format, LabelCache, Options, Page};
use podometer::model::report::AgentReport;
use podometer::model::snapshot::Snapshot;
use podometer::server::{Config, Counters, State, prepare, serve};
use prometheus::{Encoder as _, GaugeVec, Opts, Registry, TextEncoder};

const ROUNDS: usize = 7;
const CHUNK: usize = 64 * 1024;

fn main() {
    for series in [5_000, 100_000] {
        encoders(series);
    }
    scrapes();
}

/// Encodes as a scrape does: chunk by chunk into one buffer.
fn encode(cache: &mut LabelCache, snapshot: &Arc<Snapshot>, format: Format, mut take: impl FnMut(&[u8])) {
    let plan = cache.plan(Arc::clone(snapshot), Page::Metrics);
    let mut encoder = Encoder::new(plan, Arc::default(), format, Options::default());
    let mut chunk = Vec::with_capacity(CHUNK + 2048);
    loop {
        chunk.clear();
        let more = encoder.next_chunk(&mut chunk, CHUNK);
        take(black_box(&chunk));
        if !more {
            return;
        }
    }
}

/// Lines that are samples of plain families: what both encoders are given.
fn samples(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.contains("_cpu_cores_"))
}

fn encoders(wanted: usize) {
    // About 300 lines a pod of two containers.
    let mut pods = 1;
    let (snapshot, text) = loop {
        let snapshot = Arc::new(synthetic::snapshot(pods, 1));
        let mut text = Vec::new();
        encode(&mut LabelCache::new(Format::Text), &snapshot, Format::Text, |chunk| {
            text.extend_from_slice(chunk);
        });
        let text = String::from_utf8(text).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#')).count();
        if lines >= wanted {
            break (snapshot, text);
        }
        pods += ((wanted - lines) / 300).max(1) as u64;
    };
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    let (registry, crate_series) = registry_of(&text);
    println!("\n{series} series, {} units, {:.1} MB of text", snapshot.units.len(), text.len() as f64 / 1e6);

    let mut caches = Format::ALL.map(LabelCache::new);
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut crate_bytes = Vec::new();
    // Interleaved, so that whatever else runs on the machine meets all alike.
    for _ in 0..ROUNDS {
        for (name, format) in
            [("text", Format::Text), ("openmetrics", Format::OpenMetrics), ("protobuf", Format::Protobuf)]
        {
            let start = Instant::now();
            encode(&mut caches[format as usize], &snapshot, format, |_| {});
            times.entry(name).or_default().push(start.elapsed().as_secs_f64() * 1e9 / series as f64);
        }
        let start = Instant::now();
        crate_bytes.clear();
        TextEncoder::new().encode(&registry.gather(), &mut crate_bytes).unwrap();
        black_box(&crate_bytes);
        times
            .entry("prometheus crate")
            .or_default()
            .push(start.elapsed().as_secs_f64() * 1e9 / crate_series as f64);

        let start = Instant::now();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(1));
        encode(&mut caches[0], &snapshot, Format::Text, |chunk| gzip.write_all(chunk).unwrap());
        black_box(gzip.finish().unwrap());
        times.entry("text + gzip").or_default().push(start.elapsed().as_secs_f64() * 1e9 / series as f64);
    }
    let median = |name: &str| {
        let mut sorted = times[name].clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    };
    let baseline = median("prometheus crate");
    for name in ["prometheus crate", "text", "openmetrics", "protobuf", "text + gzip"] {
        println!("  {name:<18} {:>8.1} ns/series  {:>6.1}x", median(name), baseline / median(name));
    }
    let gzip_ms = median("text + gzip") * series as f64 / 1e6;
    println!(
        "  gzip of 4 scrapers in one tick: shared {gzip_ms:.2} ms, each its own {:.2} ms",
        4.0 * gzip_ms
    );
}

/// The same samples in the crate's own form.
fn registry_of(text: &str) -> (Registry, usize) {
    let registry = Registry::new();
    let mut families: BTreeMap<&str, (Vec<&str>, GaugeVec)> = BTreeMap::new();
    let mut series = 0;
    for line in samples(text) {
        let (head, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = head.split_once('{').unwrap_or((head, ""));
        let labels = labels.trim_end_matches('}');
        let pairs: Vec<(&str, &str)> = labels
            .split_terminator("\",")
            .map(|pair| pair.split_once("=\"").unwrap())
            .map(|(label, value)| (label, value.trim_end_matches('"')))
            .collect();
        let (names, family) = families.entry(name).or_insert_with(|| {
            let names: Vec<&str> = pairs.iter().map(|(label, _)| *label).collect();
            let family = GaugeVec::new(Opts::new(name, "the same help for all"), &names).unwrap();
            registry.register(Box::new(family.clone())).unwrap();
            (names, family)
        });
        assert_eq!(names.len(), pairs.len(), "{line}");
        let values: Vec<&str> = pairs.iter().map(|(_, value)| *value).collect();
        family.with_label_values(&values).set(value.parse().unwrap());
        series += 1;
    }
    (registry, series)
}

/// Scrapes of a live server while a thread publishes ten snapshots a second.
fn scrapes() {
    let count =
        std::env::var("PODOMETER_BENCH_SCRAPES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let current = Arc::new(ArcSwapOption::from(Some(Arc::new(synthetic::snapshot(20, 1)))));
    let address = start_server(&current);
    let done = Arc::new(AtomicBool::new(false));
    let publisher = std::thread::spawn({
        let (current, done) = (Arc::clone(&current), Arc::clone(&done));
        move || {
            let (mut seq, mut late, start) = (1, Duration::ZERO, Instant::now());
            while !done.load(Ordering::Relaxed) {
                seq += 1;
                let due = start + Duration::from_millis(100) * seq as u32;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let begin = Instant::now();
                current.store(Some(Arc::new(synthetic::snapshot(20, seq))));
                late = late.max(begin.elapsed());
            }
            late
        }
    });
    println!("\nscrapes of a node of 20 pods over loopback, a new snapshot every 100 ms");
    for (name, coding) in [("plain", "identity"), ("gzip", "gzip")] {
        for _ in 0..200 {
            scrape(address, coding);
        }
        let before = resident_kb();
        let mut times = Vec::with_capacity(count / 2);
        let mut bytes = 0;
        for _ in 0..count / 2 {
            let start = Instant::now();
            bytes = scrape(address, coding);
            times.push(start.elapsed());
        }
        times.sort();
        let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        println!(
            "  {name:<6} {} scrapes of {bytes} bytes: p50 {p50:.2?}, p99 {p99:.2?}, RSS {before} -> {} kB",
            times.len(),
            resident_kb()
        );
    }
    done.store(true, Ordering::Relaxed);
    println!("  longest build and publication of a snapshot meanwhile: {:.2?}", publisher.join().unwrap());
}

fn start_server(current: &Arc<ArcSwapOption<Snapshot>>) -> SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    let current = Arc::clone(current);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            let state = State::new(
                current,
                Arc::new(AgentReport::default),
                Arc::new(|_, _| Some(Vec::new())),
                Arc::new(Counters::default()),
            );
            let prepared = prepare(Config::default()).unwrap();
            serve(listener, prepared, state, std::future::pending()).await;
        });
    });
    receiver.recv().unwrap()
}

/// One request on a connection of its own; the length of the answer.
fn scrape(address: SocketAddr, coding: &str) -> usize {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /metrics HTTP/1.1\r\nhost: b\r\naccept-encoding: {coding}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let (mut buffer, mut total) = (vec![0; CHUNK], 0);
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => return total,
            read => total += read,
        }
    }
}

fn resident_kb() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * rustix::param::page_size() as u64 / 1024
}
