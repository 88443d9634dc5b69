//! Why a run could not begin.

use std::io;

/// Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("cannot listen for signals: {source}")]
    Signals { source: io::Error },
    #[error("cannot start thread {thread}: {source}")]
    Thread { thread: usize, source: io::Error },
    #[error("cannot start the thread of {name}: {source}")]
    Outer { name: Box<str>, source: io::Error },
}
