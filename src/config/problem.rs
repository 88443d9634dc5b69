//! What can be wrong with a configuration. Every message names the place, the key and what is allowed.

use std::path::PathBuf;

use super::layers::Origin;

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("{}: cannot be read: {error}; {}", path.display(), remedy(error))]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{}: is larger than {limit} bytes, which no configuration is", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("{place}: {message}")]
    Malformed { place: String, message: String },
    /// A part's own words, which name the key.
    #[error("{origin}: {message}")]
    Refused { origin: Origin, message: String },
    #[error("--set {text}: has no \"=\"; allowed: --set section.key=value")]
    Set { text: String },
    #[error("{origin}: unknown key {key}{}", hint(nearest.as_ref(), known))]
    UnknownKey { origin: Origin, key: String, nearest: Option<String>, known: Vec<String> },
    #[error("{origin}: {key}: {value}{}{reason}; allowed: {allowed}", if value.is_empty() { "" } else { " " })]
    /// The value is as it was written, in quotes; empty where it is a list or must not show.
    BadValue { origin: Origin, key: String, value: String, reason: String, allowed: String },
}

fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            "check the path, or write a file there with: podometer config default > FILE"
        }
        std::io::ErrorKind::PermissionDenied => "let the user that runs podometer read it",
        std::io::ErrorKind::InvalidData => "save it as UTF-8 text",
        std::io::ErrorKind::IsADirectory => "name the file in that directory",
        _ => "check the path and the file system",
    }
}

fn hint(nearest: Option<&String>, known: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean {nearest}?"),
        None if known.is_empty() => String::new(),
        None => format!("; known here: {}", known.join(", ")),
    }
}
