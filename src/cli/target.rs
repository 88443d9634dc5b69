//! `podometer target`: flags into the target's settings.

use super::arguments::Target;
use super::{Failure, Wiring, log};
use crate::config::agent::Log;
use crate::target::{Config, Faults};

pub(super) fn run(arguments: &Target, wiring: &dyn Wiring) -> Result<(), Failure> {
    let config = settings(arguments)?;
    let _level_stays = log::start(&Log::default());
    Ok(wiring.run_target(config)?)
}

/// The settings, or one line for each problem.
fn settings(arguments: &Target) -> Result<Config, Failure> {
    let mut faults = Faults::default();
    let mut problems = Vec::new();
    for (key, value) in [
        ("stall", &arguments.stall),
        ("delay", &arguments.delay),
        ("burn", &arguments.burn),
        ("error_share", &arguments.error_share),
        ("leak", &arguments.leak),
    ] {
        if let Some(value) = value {
            problems.extend(faults.set(key, value).err());
        }
    }
    let usual = Config::default();
    let config = Config {
        listen: arguments.listen.unwrap_or(usual.listen),
        metrics_listen: arguments.metrics_listen,
        threads: arguments.threads.unwrap_or(usual.threads),
        max_connections: arguments.max_connections.unwrap_or(usual.max_connections),
        idle_timeout: arguments.idle_timeout.unwrap_or(usual.idle_timeout),
        max_leak_bytes: arguments.max_leak.unwrap_or(usual.max_leak_bytes),
        seed: arguments.seed.unwrap_or(usual.seed),
        until_stdin_closes: arguments.until_stdin_closes,
        faults,
        ..usual
    };
    problems.extend(config.validate());
    // The keys as they are typed.
    let told = |mut problem: crate::model::bounds::OutOfRange| {
        problem.key = format!("--{}", problem.key.replace('_', "-"));
        problem.to_string()
    };
    if problems.is_empty() {
        Ok(config)
    } else {
        Err(Failure::Usage(problems.into_iter().map(told).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::{Arguments, Command};
    use super::*;
    use clap::Parser;
    use std::time::Duration;

    fn of(flags: &[&str]) -> Result<Config, String> {
        let parsed = Arguments::try_parse_from(["podometer", "target"].iter().chain(flags)).unwrap();
        match parsed.command {
            Command::Target(target) => settings(&target).map_err(|failure| failure.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_become_settings() {
        assert_eq!(of(&[]).unwrap(), Config::default());
        let config =
            of(&["--threads", "3", "--delay", "300ms", "--error-share", "0.1", "--max-leak", "1GiB"]);
        let config = config.unwrap();
        assert_eq!((config.threads, config.max_leak_bytes), (3, 1 << 30));
        assert_eq!(config.faults.delay, Some(Duration::from_millis(300)));
        assert_eq!(config.faults.error_share, Some(0.1));
    }

    #[test]
    fn every_problem_is_told_with_its_flag() {
        let told = of(&["--threads", "0", "--error-share", "2", "--leak", "much"]).unwrap_err();
        let expected = "--error-share: \"2\" is above 1; allowed: 0 to 1\n\
                        --leak: \"much\" is no size; allowed: 0B to 64MiB, such as 1MiB\n\
                        --threads: \"0\" is below 1; allowed: 1 to 256";
        assert_eq!(told, expected);
    }
}
