//! The program: hands the arguments to the command line and its answer to the system.

use std::process::ExitCode;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

fn main() -> ExitCode {
    // Passwords and tokens are in memory while they are used: a crash leaves no core file of them, and no other
    // process of our user reads it. A kernel that refuses leaves things as they were.
    let _as_before = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    podometer::cli::run(std::env::args_os(), &podometer::agent::Parts)
}
