//! A target's URL in its parts. Nothing that is wrong with it is said with the URL: a password may stand in it.

use crate::load::protocol::Origin;
use crate::model::nearest::nearest;

/// `http://host[:port]/path?name=value`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    /// Scheme, host and port.
    pub(super) base: String,
    /// As it was written, without the slashes around it.
    pub(super) path: String,
    /// Decoded.
    parameters: Vec<(String, String)>,
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Address, String> {
        let (origin, target) = Origin::split(text).map_err(|reason| match reason.strip_prefix("holds a user") {
            Some(_) => "the URL must not carry a user or a password: every process list would show them; set them in \
                        the environment"
                .to_owned(),
            None => format!("the URL {reason}"),
        })?;
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        };
        let scheme = if origin.is_tls { "https" } else { "http" };
        Ok(Address {
            base: format!("{scheme}://{}", origin.authority()),
            path: path.trim_matches('/').to_owned(),
            parameters: pairs.map(pair).collect(),
        })
    }

    /// Takes a parameter of the query out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.parameters.iter().position(|(known, _)| known == name)?;
        Some(self.parameters.remove(place).1)
    }

    /// Takes those out whose names begin so, without that beginning.
    pub(super) fn take_all(&mut self, prefix: &str) -> Vec<(String, String)> {
        let (taken, left) =
            std::mem::take(&mut self.parameters).into_iter().partition(|(name, _)| name.starts_with(prefix));
        self.parameters = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(name, value)| (name[prefix.len()..].to_owned(), value)).collect()
    }

    /// What nobody took is a mistake.
    pub(super) fn rest(&self, known: &[&str]) -> Result<(), String> {
        let Some((name, _)) = self.parameters.first() else { return Ok(()) };
        let meant = nearest(name, known.iter().copied());
        let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        let allowed = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Err(format!("the URL has an unknown parameter \"{name}\"{meant}; allowed: {allowed}"))
    }
}

/// `%XX` as the byte that it stands for; anything else stays.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| bytes[at] == b'%');
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_url() {
        let mut address = Address::parse("http://h:8086/a%20b/?x=1&TAG_a=%26&TAG_b=&y").unwrap();
        assert_eq!((&*address.base, &*address.path), ("http://h:8086", "a%20b"));
        assert_eq!(decoded(&address.path), "a b");
        assert_eq!(address.take("x").as_deref(), Some("1"));
        let tags = address.take_all("TAG_");
        assert_eq!(tags, [("a".to_owned(), "&".to_owned()), ("b".to_owned(), String::new())]);
        let told = address.rest(&["yy", "x"]).unwrap_err();
        assert!(told.contains("\"y\"; did you mean yy?; allowed: yy, x"), "{told}");
        assert_eq!(decoded("%zz%4"), "%zz%4");
    }

    #[test]
    fn a_password_is_refused_and_not_told() {
        for url in ["http://u:secret@h/db", "https://u:secret@h:1/", "ftp://u:secret@h/", "u:secret@h"] {
            let told = Address::parse(url).unwrap_err();
            assert!(!told.contains("secret"), "{told}");
        }
        assert!(Address::parse("http://u:secret@h/db").unwrap_err().contains("set them in the environment"));
    }
}
