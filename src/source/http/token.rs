//! The bearer token in its file. Kubernetes replaces a service account's token about once an hour.

use std::path::PathBuf;
use std::time::Duration;

use hyper::header::HeaderValue;
use tokio::time::Instant;

use super::error::Kind;
use super::file::{self, Version};

/// A file system that shows no change is read again after this time.
const MAX_AGE: Duration = Duration::from_mins(1);

/// The token as it was last read.
#[derive(Debug)]
pub(super) struct Token {
    path: PathBuf,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    /// Marked sensitive, so that it never prints.
    header: HeaderValue,
    version: Version,
    read: Instant,
}

impl Token {
    pub(super) fn new(path: PathBuf) -> Token {
        Token { path, held: None }
    }

    /// The `Authorization` header, of the file as it is now.
    pub(super) fn header(&mut self) -> Result<HeaderValue, Kind> {
        if let Some(held) = &self.held
            && held.read.elapsed() < MAX_AGE
            && Version::of(&self.path).is_ok_and(|version| version == held.version)
        {
            return Ok(held.header.clone());
        }
        self.read()
    }

    /// Reads the file whatever it looks like.
    pub(super) fn read(&mut self) -> Result<HeaderValue, Kind> {
        self.held = None;
        let failed = |problem: String| Kind::TokenFile { path: self.path.clone(), problem };
        let (bytes, version) = file::read(&self.path).map_err(|error| failed(error.to_string()))?;
        let text = bytes.trim_ascii();
        let unusable = || failed("holds no usable token: it is empty or has control characters".to_owned());
        if text.is_empty() || text.iter().any(|byte| byte.is_ascii_control() || *byte == b' ') {
            return Err(unusable());
        }
        let mut header =
            HeaderValue::from_bytes(&[b"Bearer ".as_slice(), text].concat()).map_err(|_| unusable())?;
        header.set_sensitive(true);
        self.held = Some(Held { header: header.clone(), version, read: Instant::now() });
        Ok(header)
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
        let mut token = Token::new(path.clone());
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
    async fn after_a_minute_it_is_read_whatever_it_looks_like() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "first").unwrap();
        let mut token = Token::new(path.clone());
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
