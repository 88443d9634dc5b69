//! What reading costs, as ratios in the same run: podometer's passes against the bare system calls on the same
//! kept descriptors and against the cgroups-rs crate. Cold as in life: 300 ms between passes.
//!
//! `cargo bench --bench cgroup` prints the tables.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod trees;

use std::time::Duration;

use cgroups_rs::fs::cpu::CpuController;
use cgroups_rs::fs::memory::MemController;
use podometer::model::field::{Field, File, Values};
use podometer::model::unit::working_set_bytes;
use podometer::sampler::clock::{Clock, KernelClock};
use podometer::sampler::{Config, Feeds, Sampler};
use podometer::source::cgroup::Limits;
use podometer::source::cgroup::Tree;
use trees::Pods;

const PAUSE: Duration = Duration::from_millis(300);
/// Two batches of passes: rings and histograms take in eight passes at a time.
const ROUNDS: usize = 17;
const TOP_SET: [File; 3] = [File::CpuStat, File::MemoryCurrent, File::MemoryStat];

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    println!("CPU time of the reading thread per pass, median of {ROUNDS}, {PAUSE:?} between passes\n");
    println!(
        "{:<34} {:>8} {:>10} {:>10} {:>12} {:>8} {:>12}",
        "", "cgroups", "bare us", "ours us", "cgroups-rs us", "/ bare", "cheaper by"
    );
    for pods in [110, 375] {
        match Pods::real(pods) {
            Ok(tree) => cpu_pass("cpu.stat, real cgroups", &tree)?,
            Err(error) => println!("cpu.stat, real cgroups: not run: {error}"),
        }
        let tree = Pods::in_memory(pods)?;
        cpu_pass("cpu.stat, files in memory", &tree)?;
        top_set("top set, files in memory", &tree)?;
    }
    println!("\nheld descriptors");
    held_memory()?;
    Ok(())
}

/// One method's CPU times in microseconds.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    fn take(&mut self, pass: impl FnOnce()) {
        std::thread::sleep(PAUSE);
        let before = KernelClock.thread_cpu_ns();
        pass();
        self.0.push((KernelClock.thread_cpu_ns() - before) as f64 / 1000.0);
    }

    fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }
}

fn row(name: &str, units: usize, bare: &Times, ours: &Times, library: &Times) {
    let mean = ours.0.iter().sum::<f64>() / ours.0.len() as f64;
    let (bare, ours, library) = (bare.median(), ours.median(), library.median());
    println!(
        "{name:<34} {units:>8} {bare:>10.0} {ours:>10.0} {mean:>10.0} {library:>13.0} {:>8.2} {:>12.1}",
        ours / bare,
        library / ours
    );
}

/// The bare loop: one pread per kept descriptor into one buffer.
fn preads(tree: &Tree, files: &[File], buffer: &mut [u8]) {
    for &slot in tree.order() {
        for &file in files {
            if let Some(fd) = tree.held_fd(slot, file) {
                let read = rustix::io::pread(fd, &mut *buffer, 0);
                std::hint::black_box(&read);
            }
        }
    }
}

fn cpu_pass(name: &str, pods: &Pods) -> Result<(), Failure> {
    let tree = Tree::open(&pods.root, Limits::default())?;
    // Slower files than cpu.stat stay out of the measured ticks.
    let never = Duration::from_secs(100_000);
    let config = Config { memory_interval: never, slow_interval: never, ..Config::default() };
    let mut sampler = Sampler::new(tree, KernelClock, config, Feeds::default(), "bench".into());
    let controllers: Vec<CpuController> =
        pods.paths().iter().map(|path| CpuController::new(path.clone(), pods.root.clone(), true)).collect();
    let mut buffer = vec![0; 16 * 1024];
    let (mut bare, mut ours, mut library) = (Times::default(), Times::default(), Times::default());
    for _ in 0..ROUNDS {
        bare.take(|| preads(sampler.tree(), &[File::CpuStat], &mut buffer));
        ours.take(|| sampler.tick());
        library.take(|| {
            for controller in &controllers {
                std::hint::black_box(controller.cpu());
            }
        });
    }
    row(name, sampler.tree().order().len(), &bare, &ours, &library);
    Ok(())
}

fn top_set(name: &str, pods: &Pods) -> Result<(), Failure> {
    // All three files of all cgroups held: max_held_files at its default would not hold those of the larger tree.
    let mut tree = Tree::open(&pods.root, Limits { held_files: 8192, ..Limits::default() })?;
    let controllers: Vec<(CpuController, MemController)> = pods
        .paths()
        .iter()
        .map(|path| {
            let cpu = CpuController::new(path.clone(), pods.root.clone(), true);
            (cpu, MemController::new(path.clone(), pods.root.clone(), true))
        })
        .collect();
    let slots = tree.order().to_vec();
    let mut values = Values::default();
    let mut read = |tree: &mut Tree| {
        for &slot in &slots {
            // What the memory pace reads: each file up to the last number that `kubectl top` needs.
            tree.read_until(slot, Field::SystemUsec, &mut values);
            tree.read(slot, File::MemoryCurrent, &mut values);
            tree.read_until(slot, Field::InactiveFile, &mut values);
            std::hint::black_box(working_set_bytes(&values));
        }
    };
    read(&mut tree);
    let mut buffer = vec![0; 16 * 1024];
    let (mut bare, mut ours, mut library) = (Times::default(), Times::default(), Times::default());
    for _ in 0..ROUNDS {
        bare.take(|| preads(&tree, &TOP_SET, &mut buffer));
        ours.take(|| read(&mut tree));
        library.take(|| {
            for (cpu, memory) in &controllers {
                std::hint::black_box((cpu.cpu(), memory.memory_stat()));
            }
        });
    }
    row(name, slots.len(), &bare, &ours, &library);
    Ok(())
}

/// Unreclaimable slab memory of the kernel, in bytes.
fn slab_bytes() -> Result<u64, Failure> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("SUnreclaim:")).ok_or("no SUnreclaim")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

/// What a held and read cgroup file costs the kernel, and that the setting bounds it.
fn held_memory() -> Result<(), Failure> {
    let pods = match Pods::real(375) {
        Ok(pods) => pods,
        Err(error) => {
            println!("not run: {error}");
            return Ok(());
        }
    };
    for limit in [4096, 500] {
        let mut tree = Tree::open(&pods.root, Limits { held_files: limit, ..Limits::default() })?;
        let mut values = Values::default();
        let before = slab_bytes()?;
        for slot in tree.order().to_vec() {
            tree.read(slot, File::CpuStat, &mut values);
        }
        let grown = slab_bytes()?.saturating_sub(before);
        let held = tree.budget().held as u64;
        println!(
            "max_held_files {limit}: {held} held, {} kB counted, {} kB of slab grown ({} B each)",
            tree.held_kernel_bytes() / 1024,
            grown / 1024,
            grown / held.max(1)
        );
    }
    Ok(())
}
