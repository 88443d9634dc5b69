//! Settings from the environment, as k6 names them. An empty one is none.

use std::path::PathBuf;

use crate::load::span::Span;

/// The variables of a kind: a prefix, and where the rest of the name is asked for.
#[derive(Clone, Copy)]
pub(super) struct Variables<'a> {
    prefix: &'static str,
    of: &'a dyn Fn(&str) -> Option<String>,
}

/// A user's password: where it is to be found, never what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) username: Option<String>,
    pub(super) password_env: Option<String>,
    pub(super) password_file: Option<PathBuf>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(prefix: &'static str, of: &'a dyn Fn(&str) -> Option<String>) -> Variables<'a> {
        Variables { prefix, of }
    }

    pub(super) fn name(&self, rest: &str) -> String {
        format!("{}{rest}", self.prefix)
    }

    pub(super) fn get(&self, rest: &str) -> Option<String> {
        (self.of)(&self.name(rest)).filter(|value| !value.is_empty())
    }

    pub(super) fn is_true(&self, rest: &str) -> Result<bool, String> {
        self.get(rest).map_or(Ok(false), |text| truth(&self.name(rest), &text))
    }

    /// The name of a variable that is set, for whoever reads it himself.
    pub(super) fn name_of_set(&self, rest: &str) -> Option<String> {
        self.get(rest).map(|_| self.name(rest))
    }

    pub(super) fn login(&self) -> Login {
        let password_file = self.get("PASSWORD_FILE").map(PathBuf::from);
        Login {
            username: self.get("USERNAME"),
            // The file stands above the variable.
            password_env: self.name_of_set("PASSWORD").filter(|_| password_file.is_none()),
            password_file,
        }
    }
}

/// How often something is written: whole seconds, since the engine speaks once a second.
pub(super) fn every(name: &str, text: &str) -> Result<Span, String> {
    let span = Span::parse(text).map_err(|error| format!("{name}: {error}"))?;
    let seconds = span.nanos().div_ceil(Span::SECOND.nanos()).max(1);
    Ok(Span::from_secs(seconds))
}

pub(super) fn truth(name: &str, text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "t" | "true" => Ok(true),
        "0" | "f" | "false" => Ok(false),
        _ => Err(format!("{name}: \"{text}\" is neither true nor false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_named_and_not_read() {
        let set = |given: &'static [(&str, &str)]| {
            move |name: &str| {
                given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            }
        };
        let both = set(&[("P_USERNAME", "u"), ("P_PASSWORD", "secret"), ("P_PASSWORD_FILE", "/f")]);
        let login = Variables::new("P_", &both).login();
        assert_eq!((login.username.as_deref(), login.password_env), (Some("u"), None));
        let one = set(&[("P_PASSWORD", "secret"), ("P_USERNAME", "")]);
        let login = Variables::new("P_", &one).login();
        assert_eq!((login.username, login.password_env.as_deref()), (None, Some("P_PASSWORD")));
    }

    #[test]
    fn intervals_are_whole_seconds() {
        for (text, seconds) in [("1s", 1), ("200ms", 1), ("1500ms", 2), ("5s", 5)] {
            assert_eq!(every("x", text).unwrap(), Span::from_secs(seconds));
        }
        assert!(every("x", "soon").unwrap_err().starts_with("x: \"soon\" is no duration"));
        assert!(truth("x", "maybe").is_err());
    }
}
