//! One process, one kind of load.

use std::fs::{File, write};
use std::io::{Error, Read, Result, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::thread::{park, sleep, spawn};
use std::time::{Duration, Instant};

use crate::facts::read_key;

const MIB: usize = 1 << 20;

/// Enters the cgroup first, so that all that follows is charged there.
pub(crate) fn run(work: &str, options: &[&str]) -> Result<()> {
    if let Some(cgroup) = value(options, "--cgroup") {
        write(format!("{cgroup}/cgroup.procs"), "0")?;
    }
    sleep(Duration::from_millis(number(options, "--after-ms")?.unwrap_or(0)));
    let lasting = number(options, "--for-ms")?.map(Duration::from_millis);
    let size = || Ok::<_, Error>(number(options, "--mb")?.unwrap_or(1) as usize * MIB);
    match work {
        "burn" => {
            let cores = number(options, "--cores")?.unwrap_or(1);
            burn(cores, lasting.unwrap_or_default());
        }
        "burst" => burst(options, lasting.unwrap_or_default())?,
        "anon" => hold(&vec![1_u8; size()?], lasting, options),
        "pagecache" => {
            let file = value(options, "--file").ok_or_else(|| Error::other("pagecache needs --file"))?;
            let file = read(File::open(file)?, size()?)?;
            // The cache of a disk lives only as long as someone holds the disk open.
            hold(&file, lasting, options);
        }
        "oom" => oom(options)?,
        "sleep" => {}
        other => return Err(Error::other(format!("no such work: {other}"))),
    }
    hold(&(), lasting.filter(|_| work == "sleep"), options);
    Ok(())
}

/// The value that follows `name`.
pub(crate) fn value<'a>(options: &[&'a str], name: &str) -> Option<&'a str> {
    let at = options.iter().position(|option| *option == name)?;
    options.get(at + 1).copied()
}

fn number(options: &[&str], name: &str) -> Result<Option<u64>> {
    value(options, name)
        .map(|text| text.parse().map_err(|_| Error::other(format!("{name} {text}: not a number"))))
        .transpose()
}

fn burn(cores: u64, lasting: Duration) {
    let until = Instant::now() + lasting;
    let spin = move || {
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    };
    let others: Vec<_> = (1..cores).map(|_| spawn(spin)).collect();
    spin();
    for other in others {
        let _ = other.join();
    }
}

/// How often a burst is tried that found no core free.
const BURSTS: u32 = 6;

/// Burns one core and says how high the burst was by the kernel's own count: on a busy machine even a lone
/// process may have to wait for its core. Of several the last is told, the first that had four fifths of one.
fn burst(options: &[&str], lasting: Duration) -> Result<()> {
    let name = value(options, "--tell").ok_or_else(|| Error::other("burst needs --tell"))?;
    let cgroup = value(options, "--cgroup").ok_or_else(|| Error::other("burst needs --cgroup"))?;
    let used = || read_key(&Path::new(cgroup).join("cpu.stat"), "usage_usec");
    for attempt in 1..=BURSTS {
        let (begun, before) = (Instant::now(), used()?);
        burn(1, lasting);
        let (after, took) = (used()?, begun.elapsed());
        let cores = (after - before) as f64 / took.as_micros() as f64;
        if cores > 0.8 || attempt == BURSTS {
            println!("INJECTED burst {name} {cores:.3}");
            break;
        }
        sleep(Duration::from_secs(2 * u64::from(attempt)));
    }
    Ok(())
}

/// Keeps what was made until the time is over, with `--linger` until it is killed.
fn hold<T>(made: &T, lasting: Option<Duration>, options: &[&str]) {
    sleep(lasting.unwrap_or_default());
    while options.contains(&"--linger") {
        park();
    }
    std::hint::black_box(made);
}

/// Reads the file's beginning, then its first third again: that part becomes active cache.
fn read(mut file: File, bytes: usize) -> Result<File> {
    let mut buffer = vec![0; MIB];
    for part in [bytes, bytes / 3] {
        file.seek(SeekFrom::Start(0))?;
        for _ in 0..part / MIB {
            file.read_exact(&mut buffer)?;
        }
    }
    Ok(file)
}

/// Asks for more than the cgroup may hold, while the other processes of the group wait for their common end.
/// Coming back from it means that the kernel let it live: an error.
fn oom(options: &[&str]) -> Result<()> {
    let bystanders = number(options, "--processes")?.unwrap_or(1).saturating_sub(1);
    for _ in 0..bystanders {
        Command::new("/proc/self/exe").args(["sleep", "--linger"]).spawn()?;
    }
    let mut held = Vec::new();
    for _ in 0..number(options, "--mb")?.unwrap_or(64) {
        held.push(vec![1_u8; MIB]);
        std::hint::black_box(&held);
    }
    Err(Error::other("memory.max did not hold: still alive"))
}
