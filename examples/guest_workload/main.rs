//! Makes known workloads inside a virtual machine, and runs the scenario that the agent is measured by.
//!
//! Built static; run by `tests/vm.rs` through `tests/lab`. It judges nothing: it does what it was told, reads the
//! kernel's files itself, prints them beside what the agent serves, and leaves the comparison to the host.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is its product")]

mod facts;
mod scenario;
mod sidecar;
mod tree;
mod workload;

use std::process::ExitCode;

const USAGE: &str = "usage: guest_workload WORK [--cgroup DIR] [--after-ms N] [--for-ms N] [--linger]
  burn [--cores N]         use N cores
  burst --tell NAME        use one core, say how much of it was had
  anon --mb N              touch anonymous memory
  pagecache --mb N --file  read the file's first N MiB, the first third twice
  sleep                    do nothing
       guest_workload oom --cgroup DIR --mb N --processes N
       guest_workload tree cgroupfs|systemd
       guest_workload scenario|sidecar cgroupfs|systemd AGENT CONFIG";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["tree", style] => tree::Tree::create(style).and_then(|tree| tree.example()),
        ["scenario", style, agent, config] => scenario::run(style, agent, config),
        ["sidecar", style, agent, config] => sidecar::run(style, agent, config),
        // Steps of that scenario.
        ["pod-init", script @ ..] => sidecar::first_process(script),
        ["enter", leaf, user, has_host_mount, program @ ..] => {
            sidecar::enter(leaf, user, has_host_mount, program)
        }
        ["own-view", user, has_host_mount, program @ ..] => sidecar::own_view(user, has_host_mount, program),
        [work, options @ ..] => workload::run(work, options),
        [] => Err(std::io::Error::other(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guest_workload {words:?}: {error}");
            ExitCode::FAILURE
        }
    }
}
