//! A password or token: read from its file or environment variable, never printed.

use std::path::PathBuf;

use hyper::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::model::base64::base64;

/// Where a secret is found. Only the place is kept, so that a changed file takes effect.
#[derive(Clone, Debug)]
pub(super) enum Secret {
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
    /// Reads the secret; white space around it is not part of it.
    fn read(&self) -> Result<SecretString, SecretError> {
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

    fn place(&self) -> String {
        match self {
            Secret::File(path) => path.display().to_string(),
            Secret::Environment(name) => name.clone(),
        }
    }

    /// The `Authorization` header: Basic with a user (v1), Token without (v2).
    pub(super) fn authorization(&self, user: Option<&str>) -> Result<HeaderValue, SecretError> {
        let secret = self.read()?;
        let text = match user {
            Some(user) => {
                format!("Basic {}", base64(format!("{user}:{}", secret.expose_secret()).as_bytes()))
            }
            None => format!("Token {}", secret.expose_secret()),
        };
        let mut header =
            HeaderValue::try_from(text).map_err(|_| SecretError::Unusable { place: self.place() })?;
        header.set_sensitive(true);
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_does_not_print_and_a_changed_file_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "first\n").unwrap();
        let secret = Secret::File(path.clone());
        let header = secret.authorization(None).unwrap();
        assert_eq!(header, "Token first");
        assert!(!format!("{header:?} {secret:?}").contains("first"));
        std::fs::write(&path, "second").unwrap();
        assert_eq!(secret.authorization(Some("u")).unwrap(), "Basic dTpzZWNvbmQ=");
        std::fs::write(&path, "two\nlines").unwrap();
        let error = secret.authorization(None).unwrap_err().to_string();
        assert!(error.contains("token") && !error.contains("lines"), "{error}");
    }
}
