//! A password or token: read from its file or environment variable, never printed.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// Where a secret is found. Only the place is kept, so that a changed file takes effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sink) enum Secret {
    File(PathBuf),
    Environment(String),
}

/// Why there is no secret to send.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("secret file {path}: {error}")]
    File { path: PathBuf, error: std::io::Error },
    #[error("environment variable {name} with the secret is not set")]
    Environment { name: String },
    #[error("{place} holds no usable secret: it is empty or has control characters")]
    Unusable { place: String },
}

impl Secret {
    /// Of a pair of keys at most one may be set.
    pub(in crate::sink) fn of(
        file: Option<&PathBuf>,
        env: Option<&String>,
    ) -> Result<Option<Secret>, TwoPlaces> {
        match (file, env) {
            (Some(_), Some(_)) => Err(TwoPlaces),
            (Some(file), None) => Ok(Some(Secret::File(file.clone()))),
            (None, Some(env)) => Ok(Some(Secret::Environment(env.clone()))),
            (None, None) => Ok(None),
        }
    }

    /// Reads the secret; white space around it is not part of it.
    pub(super) fn read(&self) -> Result<SecretString, SecretError> {
        let text = match self {
            Secret::File(path) => std::fs::read_to_string(path)
                .map_err(|error| SecretError::File { path: path.clone(), error })?,
            Secret::Environment(name) => {
                std::env::var(name).map_err(|_| SecretError::Environment { name: name.clone() })?
            }
        };
        let text = text.trim();
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(SecretError::Unusable { place: self.place() });
        }
        Ok(text.to_owned().into())
    }

    /// The file to watch for a change; an environment variable never changes.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Secret::File(path) => Some(path),
            Secret::Environment(_) => None,
        }
    }

    pub(super) fn place(&self) -> String {
        match self {
            Secret::File(path) => path.display().to_string(),
            Secret::Environment(name) => name.clone(),
        }
    }
}

/// A secret cannot be in a file and in the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sink) struct TwoPlaces;
