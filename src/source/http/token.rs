//! The token or password in its file or variable. Kubernetes replaces a service account's token about once an hour.

use std::time::Duration;

use hyper::header::HeaderValue;
use tokio::time::Instant;

use super::config::{Login, Secret};
use super::error::Kind;
use super::file::{self, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A file system that shows no change is read again after this time.
const MAX_AGE: Duration = Duration::from_mins(1);

/// The secret as it was last read.
#[derive(Debug)]
pub(super) struct Token {
    login: Login,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    /// Marked sensitive, so that it never prints.
    header: HeaderValue,
    /// `None` for a variable, which does not change while we run.
    version: Option<Version>,
    read: Instant,
}

impl Token {
    pub(super) fn new(login: Login) -> Token {
        Token { login, held: None }
    }

    /// The `Authorization` header, of the file as it is now.
    pub(super) fn header(&mut self) -> Result<HeaderValue, Kind> {
        if let Some(held) = &self.held
            && held.read.elapsed() < MAX_AGE
            && self.version_now() == held.version
        {
            return Ok(held.header.clone());
        }
        self.read()
    }

    /// Reads the file whatever it looks like.
    pub(super) fn read(&mut self) -> Result<HeaderValue, Kind> {
        self.held = None;
        let (bytes, version) = match self.secret() {
            Secret::File(path) => {
                let read = file::read(path).map_err(|error| self.failed(error.to_string()))?;
                (read.0, Some(read.1))
            }
            Secret::Environment(name) => {
                let value = std::env::var(name).map_err(|_| self.failed("is not set".to_owned()))?;
                (value.into_bytes(), None)
            }
        };
        let text = bytes.trim_ascii();
        let (value, may_hold_spaces) = match &self.login {
            Login::Bearer(_) => ([b"Bearer ".as_slice(), text].concat(), false),
            Login::Basic { username, .. } => {
                let pair = [username.as_bytes(), b":", text].concat();
                (format!("Basic {}", STANDARD.encode(&pair)).into_bytes(), true)
            }
        };
        let is_bad = |byte: &u8| byte.is_ascii_control() || (*byte == b' ' && !may_hold_spaces);
        let unusable =
            || self.failed("holds no usable token: it is empty or has control characters".to_owned());
        if text.is_empty() || text.iter().any(is_bad) {
            return Err(unusable());
        }
        let mut header = HeaderValue::from_bytes(&value).map_err(|_| unusable())?;
        header.set_sensitive(true);
        self.held = Some(Held { header: header.clone(), version, read: Instant::now() });
        Ok(header)
    }

    fn secret(&self) -> &Secret {
        match &self.login {
            Login::Bearer(secret) | Login::Basic { password: secret, .. } => secret,
        }
    }

    fn version_now(&self) -> Option<Version> {
        match self.secret() {
            Secret::File(path) => Version::of(path).ok(),
            Secret::Environment(_) => None,
        }
    }

    fn failed(&self, problem: String) -> Kind {
        match &self.login {
            Login::Bearer(Secret::File(path)) => Kind::TokenFile { path: path.clone(), problem },
            Login::Basic { password: Secret::File(path), .. } => {
                Kind::Secret { place: path.display().to_string(), problem }
            }
            Login::Bearer(Secret::Environment(name))
            | Login::Basic { password: Secret::Environment(name), .. } => {
                Kind::Secret { place: format!("the environment's {name}"), problem }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_changed_file_counts_at_once_and_an_unchanged_one_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "first\n").unwrap();
        let mut token = Token::new(Login::Bearer(Secret::File(path.clone())));
        assert_eq!(token.header().unwrap(), "Bearer first");
        assert!(!format!("{token:?}").contains("first"));
        // As kubelet does it: another file takes its place.
        std::fs::write(directory.path().join("next"), "other").unwrap();
        std::fs::rename(directory.path().join("next"), &path).unwrap();
        assert_eq!(token.header().unwrap(), "Bearer other");
        std::fs::remove_file(&path).unwrap();
        let said = token.header().unwrap_err().to_string();
        assert!(said.contains("token: ") && said.contains("No such file"), "{said}");
        for bad in ["", " \n", "two words", "two\nlines"] {
            std::fs::write(&path, bad).unwrap();
            assert!(token.header().unwrap_err().to_string().contains("no usable token"), "{bad:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_password_goes_with_its_user_and_never_prints() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        std::fs::write(&path, "open sesame\n").unwrap();
        let password = Secret::File(path.clone());
        let mut token = Token::new(Login::Basic { username: "u".to_owned(), password });
        let header = token.header().unwrap();
        assert_eq!(header, "Basic dTpvcGVuIHNlc2FtZQ==");
        assert!(!format!("{header:?} {token:?}").contains("dTpv"));
        std::fs::write(&path, " ").unwrap();
        assert_eq!(token.read().unwrap_err().reason(), "secret");
        let unset = Secret::Environment("PODOMETER_NO_SUCH_VARIABLE".to_owned());
        let said = Token::new(Login::Bearer(unset)).header().unwrap_err().to_string();
        assert!(said.contains("the environment's PODOMETER_NO_SUCH_VARIABLE: is not set"), "{said}");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_minute_it_is_read_whatever_it_looks_like() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "first").unwrap();
        let mut token = Token::new(Login::Bearer(Secret::File(path.clone())));
        token.header().unwrap();
        let first_read = token.held.as_ref().unwrap().read;
        tokio::time::advance(Duration::from_secs(59)).await;
        token.header().unwrap();
        assert_eq!(token.held.as_ref().unwrap().read, first_read);
        tokio::time::advance(Duration::from_secs(1)).await;
        token.header().unwrap();
        assert!(token.held.as_ref().unwrap().read > first_read);
    }
}
