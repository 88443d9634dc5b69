//! How a command ends, and the exit code for it.

use std::process::ExitCode;

/// Why a command ended early. 0 is fine, 1 a failure at run time, 64 wrong usage or configuration.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// One message a line.
    #[error("{}", .0.join("\n"))]
    Usage(Vec<String>),
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
            Failure::Runtime(_) | Failure::Unwell => ExitCode::from(1),
            Failure::Closed => ExitCode::SUCCESS,
        }
    }
}
