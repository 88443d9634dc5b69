//! A node's life in ten seconds: pods of every class, an OOM, a restart, a 40 ms container, a burst.
//!
//! `INJECTED <what> <whose> <value>` says what was done. The burst comes last and alone, at a phase that the
//! agent's clock cannot know.

use std::fs::{File, create_dir_all, read_to_string};
use std::io::{Error, Result};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use crate::facts::{fetch, print_document, print_kernel, read_key};
use crate::tree::{MOUNT, Pod, Qos, Tree, uid};

const AGENT_LOG: &str = "/tmp/agent.log";
const OOM_KILLS: u64 = 3;

pub(crate) fn run(style: &str, agent: &str, config: &str) -> Result<()> {
    let tree = Tree::create(style)?;
    let doctor = || Command::new(agent).args(["check", "--config", config]).output();
    let mut agent = start_agent(agent, config)?;
    let told = play(&tree, &mut agent);
    print_document("check", &String::from_utf8_lossy(&doctor()?.stdout));
    let _ = agent.kill();
    print_document("agent-log", &read_to_string(AGENT_LOG).unwrap_or_default());
    told
}

fn play(tree: &Tree, agent: &mut Child) -> Result<()> {
    wait_for("the agent's first answer", agent, || fetch("/metrics").is_ok())?;

    let quota = tree.pod(Qos::Guaranteed, &uid('1'))?;
    let burner = quota.container()?;
    burner.set("cpu.max", "20000 100000")?;
    let mut throttled = burner.start(&["burn", "--for-ms", "2000", "--linger"])?;
    println!("INJECTED quota {} 0.2", burner.id);

    let cache = tree.pod(Qos::Burstable, &uid('2'))?;
    let filler = cache.container()?;
    let mut reader = filler.start(&["pagecache", "--mb", "24", "--file", "/run/disk", "--linger"])?;
    let holder = cache.container()?;
    let mut held = holder.start(&["anon", "--mb", "12", "--linger"])?;
    println!("INJECTED pagecache {} {}", filler.id, 24 << 20);

    let hog = tree.pod(Qos::Burstable, &uid('3'))?;
    for death in 0..OOM_KILLS {
        kill_by_oom(&hog, death + 1)?;
    }
    println!("INJECTED oom {} {OOM_KILLS}", hog.uid);

    let brief = tree.pod(Qos::BestEffort, &uid('4'))?;
    for _ in 0..2 {
        let container = brief.container()?;
        container.start(&["burn", "--for-ms", "40"])?.wait()?;
        let used = read_key(&container.directory.join("cpu.stat"), "usage_usec")?;
        container.remove()?;
        println!("INJECTED short {} {used}", brief.uid);
    }
    let restarted = tree.pod(Qos::BestEffort, &uid('5'))?;
    let first = restarted.container()?;
    first.start(&["burn", "--for-ms", "300"])?.wait()?;
    println!(
        "INJECTED restart {} {}",
        restarted.uid,
        read_key(&first.directory.join("cpu.stat"), "usage_usec")?
    );
    first.remove()?;
    let second = restarted.container()?;
    let mut again = second.start(&["burn", "--for-ms", "100", "--linger"])?;

    let idle = tree.pod(Qos::BestEffort, &uid('6'))?;
    let bursting = idle.container()?;
    let phase = SystemTime::UNIX_EPOCH.elapsed().map_err(Error::other)?.subsec_nanos() % 1000;
    let after = (4000 + phase).to_string();
    let burst_of = ["burst", "--for-ms", "200", "--after-ms", &after, "--tell", &bursting.id];
    let mut stays = bursting.start(&["sleep", "--linger"])?;
    bursting.start(&burst_of)?.wait()?;
    sleep(Duration::from_secs(1));

    let kubepods = Path::new(MOUNT).join(if quota.directory.starts_with(Path::new(MOUNT).join("kubepods")) {
        "kubepods"
    } else {
        "kubepods.slice"
    });
    print_kernel("before", &kubepods)?;
    // What the agent serves is up to two seconds old. It must be from after the kernel's first word: memory that
    // is charged in advance for a CPU goes back on its own, 256 KiB at once.
    sleep(Duration::from_millis(2500));
    let metrics = fetch("/metrics")?;
    let pods = fetch("/api/v1/pods")?;
    print_kernel("after", &kubepods)?;
    print_document("metrics", &metrics);
    print_document("pods", &pods);
    for child in [&mut throttled, &mut reader, &mut held, &mut again, &mut stays] {
        child.kill()?;
    }
    Ok(())
}

/// One container that outgrows its limit. With the group flag all its processes die as one.
fn kill_by_oom(pod: &Pod, processes: u64) -> Result<()> {
    let container = pod.container()?;
    container.set("memory.max", "16777216")?;
    container.set("memory.oom.group", "1")?;
    let count = processes.to_string();
    let status = container.start(&["oom", "--mb", "64", "--processes", &count])?.wait()?;
    if status.success() || status.code().is_some() {
        return Err(Error::other(format!("the hog was not killed: {status}")));
    }
    container.remove()
}

/// The agent runs in a service's cgroup, as on a node.
fn start_agent(agent: &str, config: &str) -> Result<Child> {
    let service = Path::new(MOUNT).join("system.slice/podometer.service");
    create_dir_all(&service)?;
    let log = File::create(AGENT_LOG)?;
    let child = Command::new(agent)
        .args(["agent", "--config", config])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    std::fs::write(service.join("cgroup.procs"), child.id().to_string())?;
    Ok(child)
}

/// Polls twenty times a second for at most thirty seconds; a dead agent ends the wait at once.
fn wait_for(what: &str, agent: &mut Child, mut come: impl FnMut() -> bool) -> Result<()> {
    for _ in 0..600 {
        if come() {
            return Ok(());
        }
        if let Some(status) = agent.try_wait()? {
            return Err(Error::other(format!("the agent ended: {status}")));
        }
        sleep(Duration::from_millis(50));
    }
    Err(Error::other(format!("waited in vain for {what}")))
}
