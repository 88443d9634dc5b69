//! Where log lines go (standard error) and how they look.

use std::io::IsTerminal;

use tracing_subscriber::filter::LevelFilter;
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

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
