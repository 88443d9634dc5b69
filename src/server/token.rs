//! The bearer token: where it comes from, and the check of a request. It is never logged.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use super::config::Config;
use super::error::ServerError;

/// The token that requests must carry.
#[derive(Debug)]
pub(super) enum Token {
    /// None is asked for.
    Open,
    Fixed(SecretString),
    File {
        path: PathBuf,
        kept: Mutex<Kept>,
    },
}

/// The file's content and what told that it changed.
#[derive(Debug)]
pub(super) struct Kept {
    token: SecretString,
    version: Option<(SystemTime, u64)>,
}

impl Token {
    pub(super) fn from_config(config: &Config) -> Result<Token, ServerError> {
        match (&config.bearer_token_file, &config.bearer_token_env) {
            (None, None) => Ok(Token::Open),
            (Some(_), Some(_)) => Err(ServerError::TwoTokens),
            (None, Some(name)) => match std::env::var(name) {
                Ok(token) if !token.trim().is_empty() => Ok(Token::Fixed(token.trim().into())),
                _ => Err(ServerError::TokenVariable { name: name.clone() }),
            },
            (Some(path), None) => {
                let kept = Mutex::new(Kept { version: version_of(path), token: read_token(path)? });
                Ok(Token::File { path: path.clone(), kept })
            }
        }
    }

    /// Whether the request may pass.
    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        let given = || bearer(headers);
        match self {
            Token::Open => true,
            Token::Fixed(token) => given().is_some_and(|given| is_same(given, token.expose_secret())),
            Token::File { path, kept } => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.refresh(path);
                given().is_some_and(|given| is_same(given, kept.token.expose_secret()))
            }
        }
    }
}

/// The token that a request carries.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Kept {
    /// Reads the file again when it changed. A file that cannot be read leaves the token that was.
    fn refresh(&mut self, path: &Path) {
        let version = version_of(path);
        if version == self.version {
            return;
        }
        self.version = version;
        match read_token(path) {
            Ok(token) => {
                self.token = token;
                tracing::info!(path = %path.display(), "bearer token read again");
            }
            Err(error) => tracing::warn!(%error, "bearer token kept as it was"),
        }
    }
}

fn version_of(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read_token(path: &Path) -> Result<SecretString, ServerError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ServerError::TokenFile { path: path.to_owned(), source })?;
    if text.trim().is_empty() {
        return Err(ServerError::EmptyTokenFile { path: path.to_owned() });
    }
    Ok(text.trim().into())
}

/// Compares in a time that depends on the length of what was given alone. What is expected is not empty.
pub(super) fn is_same(given: &str, expected: &str) -> bool {
    let (given, expected) = (given.as_bytes(), expected.as_bytes());
    let mut difference = u8::from(given.len() != expected.len());
    for (place, byte) in given.iter().enumerate() {
        // A token is never empty: see read_token.
        difference |= std::hint::black_box(byte ^ expected[place % expected.len()]);
    }
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_token_is_the_same() {
        for (given, same) in
            [("secret", true), ("secre", false), ("secretsecret", false), ("", false), ("Secret", false)]
        {
            assert_eq!(is_same(given, "secret"), same, "{given:?}");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        assert!(!format!("{:?}", Token::Fixed("hunter2".into())).contains("hunter2"));
    }
}
