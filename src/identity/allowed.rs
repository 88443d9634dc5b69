//! Which labels and annotations are kept: the allow-lists of the configuration.

use super::text::Pairs;

/// Keys, or beginnings of keys with `*` behind them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    pub labels: Vec<String>,
    pub annotations: Vec<String>,
}

/// The pairs that the list lets through, sorted by key.
pub(super) fn kept(pairs: &Pairs<'_>, allowed: &[String]) -> Vec<(Box<str>, Box<str>)> {
    if allowed.is_empty() {
        return Vec::new();
    }
    let mut kept: Vec<(Box<str>, Box<str>)> = pairs
        .iter()
        .filter(|(key, _)| allowed.iter().any(|allowed| lets_through(allowed, key)))
        .map(|(key, value)| (key.boxed(), value.boxed()))
        .collect();
    kept.sort();
    kept.dedup_by(|a, b| a.0 == b.0);
    kept.shrink_to_fit();
    kept
}

fn lets_through(allowed: &str, key: &str) -> bool {
    allowed.strip_suffix('*').map_or(allowed == key, |beginning| key.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_beginnings() {
        let pairs: Pairs<'_> =
            serde_json::from_str(r#"{"b":"1","app":"x","app.kubernetes.io/name":"y","apple":"z"}"#).unwrap();
        let keys = |allowed: &[&str]| {
            let allowed: Vec<String> = allowed.iter().map(|&key| key.to_owned()).collect();
            kept(&pairs, &allowed).into_iter().map(|(key, _)| key.into_string()).collect::<Vec<_>>()
        };
        assert_eq!(keys(&[]), [""; 0]);
        assert_eq!(keys(&["b", "app"]), ["app", "b"]);
        assert_eq!(keys(&["app.kubernetes.io/*", "missing"]), ["app.kubernetes.io/name"]);
        assert_eq!(keys(&["*"]).len(), 4);
    }
}
