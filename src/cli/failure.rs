//! How a command ends, and the exit code for it.

use std::process::ExitCode;

use crate::load::exit::Exit;

/// Why a command ended early. 0 is fine, 1 a failure at run time, 64 wrong usage or
/// configuration; load tests have k6's codes.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// One message a line.
    #[error("{}", .0.join("\n"))]
    Usage(Vec<String>),
    /// A load test that cannot be what was asked for. One message a line.
    #[error("{}", .0.join("\n"))]
    LoadRefused(Vec<String>),
    /// Everything was said about the load test; this is how it ended.
    #[error("the load test ended with {0:?}")]
    LoadEnded(Exit),
    #[error("{0:#}")]
    Runtime(#[from] anyhow::Error),
    /// Everything was said already; this is the code alone.
    #[error("not everything works")]
    Unwell,
    /// Whoever read our output has seen enough.
    #[error("standard output is closed")]
    Closed,
}

impl Failure {
    pub(super) fn code(&self) -> ExitCode {
        match self {
            Failure::Usage(_) => ExitCode::from(64),
            Failure::LoadRefused(_) => ExitCode::from(Exit::InvalidConfig.code()),
            Failure::LoadEnded(exit) => ExitCode::from(exit.code()),
            Failure::Runtime(_) | Failure::Unwell => ExitCode::from(1),
            Failure::Closed => ExitCode::SUCCESS,
        }
    }
}
