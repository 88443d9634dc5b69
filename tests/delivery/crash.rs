//! What a crash leaves behind. While they are used passwords are in memory, and nothing can be done about that; so
//! the memory is not to be had: no core file, and no look into it for another process of the same user.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::program::{Agent, Host, podometer, shown};
use crate::relay::Relay;

const PASSWORD: &str = "planted-in-Memory";
const NOBODY: &str = "65534";

/// A command that may leave a core file in this directory.
fn crashable(directory: &Path, program: &Command) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited && exec \"$@\"", "sh"]).current_dir(directory);
    command.arg(program.get_program()).args(program.get_args());
    command
}

fn cores(directory: &Path) -> Vec<String> {
    let names =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("core")).collect()
}

/// Whether what the process may write to holds the text. Root alone may look.
fn is_in_memory(id: u32, text: &str) -> Option<bool> {
    let maps = BufReader::new(fs::File::open(format!("/proc/{id}/maps")).ok()?);
    let memory = fs::File::open(format!("/proc/{id}/mem")).ok()?;
    let mut bytes = Vec::new();
    for line in maps.lines().map_while(Result::ok).filter(|line| line.contains(" rw")) {
        let (from, to) = line.split(' ').next()?.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        let (from, to) = (number(from)?, number(to)?);
        bytes.resize((to - from) as usize, 0);
        // Some mappings cannot be read.
        let is_read = memory.read_exact_at(&mut bytes, from).is_ok();
        if is_read && bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            return Some(true);
        }
    }
    Some(false)
}

#[test]
fn no_core_file_is_left_and_the_same_user_reads_no_memory_though_secrets_are_in_it() {
    let host = Host::new();
    let server = Relay::start(1, None);
    server.refuse("204 No Content", "");
    let token = host.write("token", PASSWORD);
    let file = host.write(
        "podometer.yaml",
        format!(
            "sampler: {{cpu_budget_percent: 400}}\nsinks: {{influxdb: [{{url: \"{}\", org: o, bucket: b, interval: 1s, \
             token_file: {token:?}}}]}}\n",
            server.url()
        ),
    );
    let cgroup = host.set("paths.cgroup", "cgroup");
    let arguments =
        ["agent", "--set", "server.listen=127.0.0.1:0", "--set", cgroup.as_str(), "--config", shown(&file)];
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::launch_by(crashable(directory.path(), &podometer(&arguments)));
    let was_sent = |_: &Agent| server.passed().iter().any(|passed| passed.head.contains(PASSWORD));
    agent.wait("the token's use", was_sent);
    // It is there to be found, were it to be had.
    let found = is_in_memory(agent.id(), PASSWORD);
    eprintln!("the token in memory, as root sees it: {found:?}");
    // A segmentation fault that somebody sends is caught by the runtime, which looks for overflown stacks.
    agent.signal(Signal::ABORT);
    agent.crashed();
    assert_eq!(cores(directory.path()), [""; 0]);

    // Anybody else would have left one.
    let other = tempfile::tempdir().unwrap();
    let mut sleeper = Command::new("sh");
    sleeper.args(["-c", "kill -ABRT $$"]);
    _ = crashable(other.path(), &sleeper).status();
    if cores(other.path()).is_empty() {
        eprintln!("!!! SKIPPED in part: this machine writes no core files into the working directory at all");
    }
}

/// Another process of the same user, as which neither is root.
#[test]
fn what_a_process_is_told_of_another_of_its_user_it_is_not_told_of_the_agent() {
    let host = Host::new();
    let places = [host.path(""), host.path("podometer")];
    fs::copy(env!("CARGO_BIN_EXE_podometer"), &places[1]).unwrap();
    for place in &places {
        fs::set_permissions(place, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let as_nobody = |program: &str, arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", program]).args(arguments);
        command
    };
    if !as_nobody("true", &[]).status().is_ok_and(|status| status.success()) {
        eprintln!("!!! SKIPPED: nobody else can be made of this process (not root?), nothing was tested");
        return;
    }
    let cgroup = host.set("paths.cgroup", "cgroup");
    let arguments = ["agent", "--set", "server.listen=127.0.0.1:0", "--set", cgroup.as_str()];
    let mut command = as_nobody(shown(&places[1]), &arguments);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("SECRET", PASSWORD);
    let agent = Agent::launch_by(command);
    agent.wait("readiness", |agent| agent.get("/-/ready").0 == 200);
    let reads = |id: u32| {
        let output = as_nobody("cat", &[&format!("/proc/{id}/environ")]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().contains(PASSWORD)
    };
    let mut other = as_nobody("sleep", &["60"]).env("SECRET", PASSWORD).spawn().unwrap();
    let begun = std::time::Instant::now();
    // It becomes nobody first, and a sleeper then.
    while !reads(other.id()) && begun.elapsed().as_secs() < 30 {
        std::thread::yield_now();
    }
    let is_other_read = reads(other.id());
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(is_other_read, "else this says nothing of the agent");
    assert!(!reads(agent.id()));
    // What it reads of itself it still reads.
    assert!(agent.metric("process_open_fds").unwrap() > 5.0);
    assert!(agent.metric("process_resident_memory_bytes").unwrap() > 1e6);
    assert_eq!(agent.end(), 0);
}
