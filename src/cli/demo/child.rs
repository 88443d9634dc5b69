//! The target, a process of its own: what it uses is its own, not the generator's.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, bail};

/// Threads that answer.
const THREADS: &str = "2";

/// Ends with this, and also when this program is killed: it serves until its standard input is closed.
#[derive(Debug)]
pub(super) struct Target {
    child: Child,
    pub(super) address: SocketAddr,
    stdin: Option<ChildStdin>,
}

impl Target {
    pub(super) fn start() -> anyhow::Result<Target> {
        let program = std::env::current_exe().context("our own program")?;
        let mut command = Command::new(program);
        command.args(["target", "--listen", "127.0.0.1:0", "--threads", THREADS, "--until-stdin-closes"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        // Ctrl-C is for us; the target serves until the last request is through.
        command.process_group(0);
        let mut child = command.spawn().context("starting the target")?;
        let stdin = child.stdin.take();
        let Some(mut stderr) = child.stderr.take().map(BufReader::new) else {
            bail!("the target has no voice")
        };
        let (mut said, mut line) = (String::new(), String::new());
        while stderr.read_line(&mut line).unwrap_or(0) > 0 {
            if let Some(address) = address_in(&line) {
                // What it says later is read by nobody, and must not fill the pipe.
                std::thread::spawn(move || drop(std::io::copy(&mut stderr, &mut std::io::sink())));
                return Ok(Target { child, address, stdin });
            }
            said += &std::mem::take(&mut line);
        }
        let _killed = child.kill();
        let _status = child.wait();
        bail!("the target did not start: {}", said.trim())
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// `... serving the target address=127.0.0.1:41234 threads=2`
fn address_in(line: &str) -> Option<SocketAddr> {
    line.split_whitespace().find_map(|word| word.strip_prefix("address=")?.parse().ok())
}

impl Drop for Target {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_log() {
        let line = "2026-11-26T10:00:00Z  INFO serving the target address=127.0.0.1:41234 threads=2\n";
        assert_eq!(address_in(line), Some(SocketAddr::from(([127, 0, 0, 1], 41234))));
        assert_eq!(address_in("podometer: no"), None);
    }
}
