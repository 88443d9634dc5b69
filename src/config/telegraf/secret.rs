//! Secrets stay where they are: the output names a file or a variable, never what it holds.

use std::path::Path;

use super::plugin::{Plugin, Word};
use super::variable;
use super::yaml::Block;

/// Where secrets are expected that no variable holds.
const DIRECTORY: &str = "/etc/podometer";

/// The keys by which a part takes one secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys<'a> {
    pub(super) file: &'a str,
    /// Absent where the part takes a file only.
    pub(super) env: Option<&'a str>,
    /// The section, for the message.
    pub(super) section: &'a str,
}

/// Writes where the secret is from now on. `owner` and `what` name its file.
pub(super) fn place(
    plugin: &mut Plugin<'_>,
    word: &Word,
    keys: Keys<'_>,
    owner: &str,
    what: &str,
    out: &mut Block,
) {
    if let (Some(env), Some(name)) = (keys.env, variable::whole(&word.text)) {
        out.text(env, name);
        return;
    }
    let path = Path::new(DIRECTORY).join(format!("{}-{what}", file_name(owner)));
    let path = path.display().to_string();
    out.comment(&format!("TODO: put the {what} into this file; it is not copied from line {}.", word.line));
    out.text(keys.file, &path);
    let text = format!("the {what} is not copied; put it into {path} ({}.{})", keys.section, keys.file);
    plugin.todo(word.line, &word.key, text);
}

/// A token by Telegraf's two keys: `bearer_token` is the path of its file, `bearer_token_string` the token.
pub(super) fn token(plugin: &mut Plugin<'_>, keys: Keys<'_>, owner: &str, out: &mut Block) {
    let path = plugin.word("bearer_token");
    let token = plugin.word("bearer_token_string");
    match (path, token) {
        // What is no path might be the token itself.
        (Some(path), _) if path.text.starts_with('/') || variable::whole(&path.text).is_some() => {
            plugin.put(&path, keys.section, keys.file, out);
        }
        (Some(word), _) | (None, Some(word)) => place(plugin, &word, keys, owner, "token", out),
        (None, None) => {}
    }
}

/// The text without a login before the host of an address, and without parameters of which one looks like a secret;
/// and whether something was cut.
pub(super) fn harmless(text: &str) -> (String, bool) {
    const SECRET: [&str; 7] = ["auth", "key", "pass", "pwd", "secret", "sig", "token"];
    let scheme = text.find("://").map(|at| at + 3);
    let mut kept = text.to_owned();
    // The last one, since a password may hold any character.
    if let Some(at) = text.rfind('@') {
        let start = scheme.or_else(|| text[..at].contains(':').then_some(0));
        if let Some(start) = start.filter(|start| *start <= at) {
            kept.replace_range(start..=at, "");
        }
    }
    if scheme.is_some()
        && let Some((address, parameters)) = kept.split_once('?')
    {
        let parameters = parameters.to_ascii_lowercase();
        if SECRET.iter().any(|word| parameters.contains(word)) {
            kept = address.to_owned();
        }
    }
    let is_cut = kept != text;
    (kept, is_cut)
}

/// What of a name may stand in the name of a file.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_secrets() {
        for (text, kept) in [
            ("http://influxdb:8086", "http://influxdb:8086"),
            ("http://user:hunter2@influxdb:8086/x", "http://influxdb:8086/x"),
            ("http://user:hun/t@er2@influxdb", "http://influxdb"),
            ("http://user:hunt?er2@influxdb", "http://influxdb"),
            ("user:hunter2@proxy:3128", "proxy:3128"),
            ("http://$USER:hunter2@$HOST", "http://$HOST"),
            ("http://a/metrics?Token=hunter2", "http://a/metrics"),
            ("http://a/metrics?format=text", "http://a/metrics?format=text"),
            ("someone@example.org", "someone@example.org"),
            ("Kubernetes", "Kubernetes"),
        ] {
            assert_eq!(harmless(text), (kept.to_owned(), kept != text), "{text}");
        }
    }

    #[test]
    fn a_name_becomes_no_path() {
        assert_eq!(file_name("../a b.c"), "---a-b-c");
    }
}
