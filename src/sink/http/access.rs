//! What a sink shows to be let in: the `Authorization` header, made anew when its file changes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::file::Version;
use super::secret::{Secret, SecretError};

/// How a sink shows who it is.
#[derive(Clone, Debug, Default)]
pub(in crate::sink) enum Access {
    #[default]
    Open,
    Basic {
        user: String,
        password: Secret,
    },
    /// `scheme` is `Bearer`, or `Token` as InfluxDB has it.
    Token {
        scheme: &'static str,
        token: Secret,
    },
}

/// The header as it was last made.
#[derive(Debug)]
pub(super) struct Credentials {
    access: Access,
    held: Option<(HeaderValue, Option<Version>)>,
}

impl Credentials {
    pub(super) fn new(access: Access) -> Credentials {
        Credentials { access, held: None }
    }

    /// The header for the secret as it is now. A file that cannot be read for a moment, since it is being
    /// replaced, costs nothing as long as the old secret is still known.
    pub(super) fn header(&mut self) -> Result<Option<HeaderValue>, SecretError> {
        let (Access::Basic { password: secret, .. } | Access::Token { token: secret, .. }) = &self.access
        else {
            return Ok(None);
        };
        let version = secret.path().map(Version::of);
        if let Some((header, seen)) = &self.held
            && *seen == version
        {
            return Ok(Some(header.clone()));
        }
        let made = secret.read().and_then(|text| self.access.header(secret, &text));
        match (made, &self.held) {
            (Ok(header), _) => {
                self.held = Some((header.clone(), version));
                Ok(Some(header))
            }
            (Err(error), Some((header, _))) => {
                tracing::debug!(%error, "secret not read; the one before is sent");
                Ok(Some(header.clone()))
            }
            (Err(error), None) => Err(error),
        }
    }

    /// The server refused it: it is read again before the next attempt.
    pub(super) fn forget(&mut self) {
        self.held = None;
    }
}

/// A server's text without what we showed it: some answer with what they were sent.
pub(super) fn masked(text: Bytes, shown: &[&HeaderValue]) -> Bytes {
    let mut masked = String::from_utf8_lossy(&text).into_owned();
    for header in shown.iter().filter_map(|header| header.to_str().ok()) {
        let Some((_, secret)) = header.split_once(' ') else { continue };
        let login = STANDARD.decode(secret).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let password = login.as_deref().and_then(|login| login.split_once(':')).map(|(_, password)| password);
        for secret in [Some(secret), password].into_iter().flatten().filter(|secret| !secret.is_empty()) {
            if masked.contains(secret) {
                masked = masked.replace(secret, "***");
            }
        }
    }
    if masked.as_bytes() == text { text } else { masked.into() }
}

impl Access {
    fn header(&self, secret: &Secret, text: &SecretString) -> Result<HeaderValue, SecretError> {
        let text = match self {
            Access::Open => return Err(SecretError::Unusable { place: secret.place() }),
            Access::Basic { user, .. } => basic(user, text),
            Access::Token { scheme, .. } => format!("{scheme} {}", text.expose_secret()),
        };
        let mut header =
            HeaderValue::try_from(text).map_err(|_| SecretError::Unusable { place: secret.place() })?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// RFC 7617.
pub(super) fn basic(user: &str, password: &SecretString) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose_secret())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_is_not_told_on() {
        let basic = HeaderValue::from_static("Basic dTpwNHNz");
        let token = HeaderValue::from_static("Token t0k3n==");
        for (text, expected) in [
            ("no dTpwNHNz, that is p4ss, not u", "no ***, that is ***, not u"),
            ("authorization: Token t0k3n==", "authorization: Token ***"),
            ("partial write", "partial write"),
        ] {
            assert_eq!(masked(text.into(), &[&basic, &token]), expected);
        }
    }

    #[test]
    fn a_header_does_not_print_and_a_changed_file_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "first\n").unwrap();
        let access = |scheme| Access::Token { scheme, token: Secret::File(path.clone()) };
        let mut token = Credentials::new(access("Token"));
        let header = token.header().unwrap().unwrap();
        assert_eq!(header, "Token first");
        assert!(!format!("{header:?} {token:?}").contains("first"));
        std::fs::write(&path, "second!").unwrap();
        assert_eq!(token.header().unwrap().unwrap(), "Token second!");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(token.header().unwrap().unwrap(), "Token second!", "it is being replaced");
        token.forget();
        assert!(token.header().unwrap_err().to_string().contains("No such file"));
        std::fs::write(&path, "p4ss").unwrap();
        let basic = Access::Basic { user: "u".into(), password: Secret::File(path.clone()) };
        assert_eq!(Credentials::new(basic).header().unwrap().unwrap(), "Basic dTpwNHNz");
        std::fs::write(&path, "two\nlines").unwrap();
        let error = Credentials::new(access("Bearer")).header().unwrap_err().to_string();
        assert!(error.contains("token") && !error.contains("lines"), "{error}");
    }
}
