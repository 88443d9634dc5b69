//! A tree whose files are not what the kernel writes, and that changes under the agent's hands.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::program::{Agent, Host};

/// The unit's CPU counter.
fn cpu(agent: &Agent, unit: &str) -> Option<f64> {
    let (_, page) = agent.get("/metrics/cadvisor");
    let id = format!("id=\"/system.slice/{unit}.service\"");
    let is_it = |line: &&str| line.starts_with("container_cpu_usage_seconds_total{") && line.contains(&id);
    page.lines().find(is_it)?.split("} ").nth(1)?.split(' ').next()?.parse().ok()
}

fn faults(agent: &Agent, kind: &str) -> f64 {
    agent.metric(&format!("podometer_sampler_{kind}_total")).unwrap()
}

const SOON: [&str; 4] = ["--set", "sampler.memory_interval=100ms", "--set", "sampler.slow_interval=1s"];

#[test]
fn garbage_loses_its_own_fields_alone() {
    let host = Host::new();
    let agent = host.agent(&SOON);
    assert_eq!((cpu(&agent, "a"), cpu(&agent, "b")), (Some(5.0), Some(5.0)));
    let garbage: Vec<u8> = (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    host.write("cgroup/system.slice/a.service/cpu.stat", &garbage);
    host.write("cgroup/system.slice/a.service/memory.stat", "anon 10\nfile 2x\ninactive_fi");
    host.write("cgroup/system.slice/a.service/memory.current", "99999999999999999999999\n");
    host.write("cgroup/system.slice/a.service/pids.current", "");
    agent.wait("counted faults", |agent| faults(agent, "parse_faults") > 3.0);
    agent.wait("the loss of the counter", |agent| cpu(agent, "a") != Some(5.0));
    assert_eq!(cpu(&agent, "b"), Some(5.0));

    // The files heal, and so do the values.
    host.unit("a");
    agent.wait("the healed counter", |agent| cpu(agent, "a") == Some(5.0));
    assert_eq!(agent.end(), 0);
}

#[test]
fn huge_files_do_not_hold_up_the_rest() {
    let host = Host::new();
    let agent = host.agent(&SOON);
    let line = "usage_usec 7000000\n";
    host.write("cgroup/system.slice/a.service/cpu.stat", line.repeat((3 << 20) / line.len()));
    host.write("cgroup/system.slice/a.service/memory.stat", vec![b'x'; 3 << 20]);
    host.write("cgroup/system.slice/b.service/cpu.stat", "usage_usec 6000000\n");
    agent.wait("the neighbour's next value", |agent| cpu(agent, "b") == Some(6.0));
    agent.wait("counted faults", |agent| faults(agent, "parse_faults") + faults(agent, "read_faults") > 0.0);
    assert!(agent.metric("process_resident_memory_bytes").unwrap() < 128e6);
    assert_eq!(agent.end(), 0);
}

#[test]
fn files_and_directories_vanish_while_it_runs() {
    let host = Host::new();
    let agent = host.agent(&SOON);
    fs::remove_dir_all(host.path("cgroup/system.slice/a.service")).unwrap();
    agent.wait("the end of a", |agent| cpu(agent, "a").is_none());
    fs::remove_file(host.path("cgroup/system.slice/b.service/memory.stat")).unwrap();
    for round in 0..50 {
        host.unit(&format!("short{round}"));
        fs::remove_dir_all(host.path(&format!("cgroup/system.slice/short{round}.service"))).unwrap();
    }
    host.unit("late");
    agent.wait("the newcomer", |agent| cpu(agent, "late") == Some(5.0));
    agent.wait("the removals", |agent| faults(agent, "removed_units") >= 1.0);
    assert_eq!((cpu(&agent, "b"), cpu(&agent, "c")), (Some(5.0), Some(5.0)));
    assert_eq!(agent.end(), 0);
}

/// Root reads what has no permission bits, so a link to itself stands for the refusal there.
#[test]
fn a_refused_file_is_counted() {
    let host = Host::new();
    let place = host.path("cgroup/system.slice/a.service/memory.current");
    fs::remove_file(&place).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::symlink(&place, &place).unwrap();
    } else {
        host.write("cgroup/system.slice/a.service/memory.current", "1\n");
        fs::set_permissions(&place, fs::Permissions::from_mode(0o000)).unwrap();
    }
    let agent = host.agent(&SOON);
    agent.wait("counted refusals", |agent| faults(agent, "read_faults") > 0.0);
    assert_eq!((cpu(&agent, "a"), cpu(&agent, "b")), (Some(5.0), Some(5.0)));
    assert_eq!(agent.end(), 0);
}
