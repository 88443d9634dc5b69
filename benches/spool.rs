//! What goes to disk while a server is away.
//!
//! 1. Appending to a spool, against `write` of the same bytes to one file under the same fsync policy on the same disk.
//!    `SPOOL_BENCH_DIR` names the disk; by default the directory for temporary files.
//! 2. A million points of line protocol kept by a sink, against VictoriaMetrics' `vmagent` with its on-disk queue, where
//!    that is installed: CPU time and memory of both while the target is down.
//!
//! Interleaved rounds; the medians and their ratios count.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench may panic and prints"
)]

#[path = "../tests/influxdb/sample.rs"]
mod sample;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use podometer::encode::influx::{Batch, Producer};
use podometer::sink::Handle;
use podometer::sink::config::HttpConfig;
use podometer::sink::influxdb::Config;
use podometer::sink::spool::{self, Fsync, Keep};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 7;
const BODY: usize = 64 << 10;
const APPENDS: usize = 2000;
const POINTS: u64 = 1_000_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for fsync in [Fsync::Never, Fsync::Interval, Fsync::Always] {
        append(&runtime, fsync);
    }
    against_vmagent(&runtime);
}

fn scratch() -> tempfile::TempDir {
    match std::env::var_os("SPOOL_BENCH_DIR") {
        Some(directory) => tempfile::tempdir_in(directory).unwrap(),
        None => tempfile::tempdir().unwrap(),
    }
}

/// A sink whose server is away, and that keeps everything on disk.
fn sink(directory: &Path, fsync: Fsync, gzip: bool) -> Handle {
    let http = HttpConfig { proxy: "none".into(), ..HttpConfig::default() };
    let mut config = Config {
        url: "http://127.0.0.1:1".into(),
        database: Some("d".into()),
        gzip,
        http,
        ..Config::default()
    };
    config.queue.bytes = 256 << 20;
    config.queue.points = 1 << 40;
    let spool = spool::Config {
        directory: Some(directory.to_owned()),
        keep: Keep::Always,
        max_bytes: 64 << 30,
        memory_bytes: 64 << 20,
        fsync,
        ..spool::Config::default()
    };
    config.plan().unwrap().start(&spool, 1).unwrap()
}

fn append(runtime: &tokio::runtime::Runtime, fsync: Fsync) {
    let body: Vec<u8> = (0..BODY).map(|at| (at * 31 % 251) as u8).collect();
    let body = bytes::Bytes::from(body);
    // Forced after each group, a run takes as long as the disk does.
    let appends = if fsync == Fsync::Always { APPENDS / 4 } else { APPENDS };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let directory = scratch();
        ours.push(runtime.block_on(async {
            let handle = sink(directory.path(), fsync, false);
            handle.wait_until(|_, status| status.is_spool_open).await;
            let begun = Instant::now();
            for at in 0..appends {
                handle.push(Batch { body: body.clone(), points: 1 });
                if at % 32 == 31 {
                    handle.wait_until(|_, status| status.memory_bytes < 32 << 20).await;
                }
            }
            handle.wait_until(|_, status| status.memory_points <= 1).await;
            let taken = begun.elapsed();
            handle.shutdown(Duration::ZERO).await;
            taken
        }));
        let directory = scratch();
        let mut file = File::create(directory.path().join("plain")).unwrap();
        let begun = Instant::now();
        let mut forced = Instant::now();
        for at in 0..appends {
            file.write_all(&body).unwrap();
            let is_due = match fsync {
                Fsync::Never => false,
                Fsync::Interval => forced.elapsed() >= Duration::from_secs(1),
                // As many as the spool writes before it forces them.
                Fsync::Always => at % 64 == 63,
            };
            if is_due {
                file.sync_data().unwrap();
                forced = Instant::now();
            }
        }
        theirs.push(begun.elapsed());
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let rate = |taken: Duration| (appends * BODY) as f64 / taken.as_secs_f64() / 1e6;
    println!(
        "append, fsync {fsync:?}: spool {:>6.0} MB/s, write {:>6.0} MB/s, ratio {:.2}",
        rate(ours),
        rate(theirs),
        theirs.as_secs_f64() / ours.as_secs_f64()
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

fn status_kib(pid: u32, key: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// User and system time of another process, in its 10 ms ticks.
fn cpu_of(pid: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = text.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = [11, 12].iter().map(|&at| fields[at].parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// Requests of about 5,000 lines, as a sink makes them.
fn lines() -> Vec<Batch> {
    let mut producer = Producer::new(sample::options("n1"));
    producer.encode_snapshot(&sample::large(250), &mut [])
}

fn against_vmagent(runtime: &tokio::runtime::Runtime) {
    let batches = lines();
    let each: u64 = batches.iter().map(|batch| batch.points).sum();
    let rounds = POINTS.div_ceil(each);
    let directory = scratch();
    let (cpu, resident) = runtime.block_on(async {
        let handle = sink(directory.path(), Fsync::Interval, true);
        handle.wait_until(|_, status| status.is_spool_open).await;
        let begun = own_cpu();
        for _ in 0..rounds {
            for batch in &batches {
                handle.push(batch.clone());
            }
            handle.wait_until(|_, status| status.memory_bytes < 1 << 20).await;
        }
        handle.wait_until(|_, status| status.memory_points <= 5000).await;
        let cpu = own_cpu().saturating_sub(begun);
        let resident = status_kib(std::process::id(), "VmRSS:");
        handle.shutdown(Duration::ZERO).await;
        (cpu, resident)
    });
    let million = (rounds * each) as f64 / 1e6;
    let per_million = |cpu: Duration| cpu.as_secs_f64() / million;
    println!("podometer: {:.2} CPU s per million points, RSS {} MiB", per_million(cpu), resident >> 10);
    let Some(program) = vmagent() else {
        println!("vmagent is not installed: nothing to compare with");
        return;
    };
    let other = Agent::start(&program);
    let begun = cpu_of(other.child.id());
    for _ in 0..rounds {
        for batch in &batches {
            other.post(&batch.body);
        }
    }
    let (cpu_other, resident_other) =
        (cpu_of(other.child.id()).saturating_sub(begun), status_kib(other.child.id(), "VmRSS:"));
    println!(
        "vmagent:   {:.2} CPU s per million points, RSS {} MiB",
        per_million(cpu_other),
        resident_other >> 10
    );
    println!(
        "ratio:     CPU {:.2}, RSS {:.2}",
        cpu.as_secs_f64() / cpu_other.as_secs_f64(),
        resident as f64 / resident_other as f64
    );
}

fn vmagent() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join("vmagent")).find(|file| file.is_file())
}

struct Agent {
    child: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Agent {
    fn start(program: &Path) -> Agent {
        let directory = scratch();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .arg("-remoteWrite.url=http://127.0.0.1:1/api/v1/write")
            .arg(format!("-remoteWrite.tmpDataPath={}", directory.path().display()))
            .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(50));
        }
        Agent { child, port, _directory: directory }
    }

    fn post(&self, body: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "POST /write?db=d HTTP/1.0\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len())
            .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 204"), "{answer}");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
