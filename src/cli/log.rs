//! Where log lines go (standard error) and how they look.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, reload};

use super::SetLevel;
use crate::config::agent::{Log, LogFormat, LogLevel};

/// Starts logging and gives the switch of its level. A second call in one process changes nothing.
pub(super) fn start(log: &Log) -> SetLevel {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let (switch, handle) = reload::Layer::new(filter(log.level));
    let registry = tracing_subscriber::registry().with(switch);
    let lines =
        fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal() && !no_colour);
    let _already_started = match log.format {
        LogFormat::Text => registry.with(lines).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    // Only fails where logging was started before: nothing listens to this switch then.
    Box::new(move |level| drop(handle.reload(filter(level))))
}

/// The client of the API server logs each failed request as an error. We say so ourselves, once a change.
const TALKATIVE: &str = "kube_client";

fn filter(level: LogLevel) -> Targets {
    let own = level_filter(level);
    let theirs = if own >= LevelFilter::DEBUG { own } else { LevelFilter::OFF };
    Targets::new().with_default(own).with_target(TALKATIVE, theirs)
}

fn level_filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_server_that_fails_all_the_time_is_not_logged_each_time() {
        let is_shown = |level, target| filter(level).would_enable(target, &Level::ERROR);
        assert!(!is_shown(LogLevel::Info, "kube_client::client::builder"));
        assert!(is_shown(LogLevel::Debug, "kube_client::client::builder"));
        assert!(is_shown(LogLevel::Error, "podometer::agent::names"));
        assert!(!filter(LogLevel::Warn).would_enable("podometer::agent::names", &Level::INFO));
    }
}
