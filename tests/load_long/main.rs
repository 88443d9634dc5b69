//! What only many runs or many requests show: healthy runs are never called invalid, and memory does not grow with what
//! was sent. Each is short here; the whole is asked for by environment:
//!
//! ```sh
//! cargo build --release
//! export PODOMETER_LOAD_BINARY=target/release/podometer
//! PODOMETER_HEALTHY_RUNS=50 PODOMETER_SLOPE_REQUESTS=50000000 cargo test --test load_long -- --nocapture --test-threads=1
//! ```

#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking and say what they measured"
)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One at a time: each is about how a run fares that has the machine for itself.
static ALONE: Mutex<()> = Mutex::new(());

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable)
        .map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable}: {text}")))
}

/// The program under test; one that is built for release says more of memory and of long runs.
fn program() -> PathBuf {
    let given = std::env::var_os("PODOMETER_LOAD_BINARY").map(PathBuf::from);
    given.unwrap_or_else(|| env!("CARGO_BIN_EXE_podometer").into())
}

/// `podometer target` of the program under test; its end is ours.
struct Target {
    child: Child,
    address: String,
}

impl Drop for Target {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn target() -> Target {
    let mut command = Command::new(program());
    command.args(["target", "--listen", "127.0.0.1:0", "--threads", "1"]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("address=")).unwrap();
    let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    // Whatever it says later must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Target { child, address }
}

fn load(target: &Target, flags: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(["load", "run", &format!("http://{}/healthz", target.address), "--quiet"]).args(flags);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A rate that any machine keeps, users with think time, and iterations that are counted.
#[test]
fn healthy_runs_are_never_invalid() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let target = target();
    let runs = number("PODOMETER_HEALTHY_RUNS", 3);
    let kinds: [&[&str]; 3] = [
        &["--rate", "100/s", "--duration", "2s", "--vus", "10"],
        &["--rate", "20/s", "--stage", "1s:200", "--stage", "1s:20", "--vus", "10"],
        &["--vus", "4", "--iterations", "200"],
    ];
    let (mut run, mut unhealthy) = (0, 0);
    while run < runs {
        let flags = kinds[run as usize % kinds.len()];
        let control = Control::start();
        let output = load(&target, flags).output().unwrap();
        let late = control.end();
        let said = String::from_utf8_lossy(&output.stdout);
        if output.status.code() == Some(120) && late > MOST_LATE {
            // Nothing ran in its time on this machine, so what the run says of itself is true.
            unhealthy += 1;
            assert!(unhealthy <= 10 * runs, "this machine is never calm enough for one run");
            continue;
        }
        assert_eq!(output.status.code(), Some(0), "run {run}, {flags:?}, control {late:?} late\n{said}");
        run += 1;
    }
    eprintln!("{runs} healthy runs, none of them called invalid; {unhealthy} while the machine was too busy");
}

/// A thread that sleeps and wakes beside a run, to tell a busy machine from a generator that is too slow.
struct Control(Arc<AtomicBool>, JoinHandle<Duration>);

/// Half of what makes a run invalid at its 99th percentile.
const MOST_LATE: Duration = Duration::from_millis(5);

impl Control {
    fn start() -> Control {
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let sleeper = std::thread::spawn(move || {
            let mut most = Duration::ZERO;
            while !told.load(Ordering::Relaxed) {
                let due = Instant::now() + Duration::from_millis(5);
                std::thread::sleep(Duration::from_millis(5));
                most = most.max(due.elapsed());
            }
            most
        });
        Control(is_over, sleeper)
    }

    /// The most that it was late.
    fn end(self) -> Duration {
        self.0.store(true, Ordering::Relaxed);
        self.1.join().unwrap()
    }
}

/// Anonymous memory in KiB, without the pages of the program itself, which come when they are first used; and the most
/// that was resident at any time, with them.
fn memory_kib(child: &Child) -> Option<(f64, f64)> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let figure = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.trim().parse().ok()
    };
    Some((figure("RssAnon:")?, figure("VmHWM:")?))
}

/// By least squares, in the unit of `y` for one of `x`.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (up, down) = points.iter().fold((0.0, 0.0), |(up, down), point| {
        (up + (point.0 - x) * (point.1 - y), down + (point.0 - x).powi(2))
    });
    up / down
}

/// From the first quarter on, when every size was seen that there is. 64 KiB for a million requests are 16 pages: far
/// less than a bit for each.
#[test]
fn memory_does_not_grow_with_requests() {
    const MOST_KIB_OF_A_MILLION: f64 = 64.0;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let target = target();
    let requests = number("PODOMETER_SLOPE_REQUESTS", 200_000);
    let mut child =
        load(&target, &["--vus", "64", "--iterations", &requests.to_string(), "--duration", "3h"])
            .spawn()
            .unwrap();
    let (mut seen, mut peak) = (Vec::new(), 0.0);
    while child.try_wait().unwrap().is_none() {
        if let Some((anonymous, resident)) = memory_kib(&child) {
            seen.push(anonymous);
            peak = resident;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    // As fast as it goes it is its own bottleneck, and says so; every request is there all the same.
    assert!(matches!(output.status.code(), Some(0 | 120)), "{said}");
    assert!(
        said.lines().any(|line| line.contains(" http_reqs.") && line.contains(&format!(" {requests} "))),
        "{said}"
    );
    let each = requests as f64 / 1e6 / seen.len() as f64;
    let steady: Vec<(f64, f64)> =
        seen.iter().enumerate().skip(seen.len() / 4).map(|(at, kib)| (at as f64 * each, *kib)).collect();
    assert!(steady.len() > 5, "over too soon to be seen: {seen:?}");
    let (slope, most) = (slope(&steady), steady.iter().map(|(_, kib)| *kib).fold(0.0, f64::max));
    eprintln!(
        "{requests} requests, {} looks: {slope:+.1} KiB of anonymous memory for a million, {most} KiB at most, {} at the end; {peak} KiB resident at most, the program's own pages included",
        seen.len(),
        steady[steady.len() - 1].1
    );
    assert!(most < 8192.0, "{steady:?}");
    // In a short one histograms still take pages for times that they meet first.
    assert!(slope < MOST_KIB_OF_A_MILLION || requests < 20_000_000, "{steady:?}");
}
