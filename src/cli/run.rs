//! From arguments to an exit code.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use super::arguments::{Agent, Arguments, Command};
use super::{Failure, Wiring, check, configuration, demo, heap, inject, load, log, target, top};

/// Runs the command that the arguments name. The first argument is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, wiring: &dyn Wiring) -> ExitCode {
    let given: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&given) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help that was asked for is no error. Where it cannot be printed nobody reads it.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    let ended = match &arguments.command {
        Command::Agent(agent) => {
            heap::give_back_what_is_free(given);
            run_agent(agent, wiring)
        }
        Command::Top(arguments) => top::run(arguments, wiring),
        Command::Check(arguments) => check::run(arguments, wiring),
        Command::Demo(arguments) => demo::run(arguments, wiring),
        Command::Load(command) => load::run(command, wiring),
        Command::Target(arguments) => target::run(arguments, wiring),
        Command::Inject(command) => inject::run(command, wiring),
        Command::Config(command) => configuration::run(command),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if matches!(failure, Failure::Usage(_) | Failure::LoadRefused(_) | Failure::Runtime(_)) {
                let mut stderr = std::io::stderr().lock();
                for line in failure.to_string().lines() {
                    let _ = writeln!(stderr, "podometer: {line}");
                }
            }
            failure.code()
        }
    }
}

fn run_agent(arguments: &Agent, wiring: &dyn Wiring) -> Result<(), Failure> {
    let mut sources = arguments.settings.sources();
    if let Some(level) = arguments.log_level {
        sources.set.push(format!("agent.log.level={}", level.name()));
    }
    let loaded = configuration::load(&sources)?;
    let set_level = log::start(&loaded.config.agent.log);
    Ok(wiring.run_agent(loaded, sources, set_level)?)
}
