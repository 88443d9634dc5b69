//! References to the environment: `$NAME` and `${NAME}`, which Telegraf puts in before it reads the file.

/// The name, where the whole text is one reference without a default.
pub(super) fn whole(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('$')?;
    let name = rest.strip_prefix('{').map_or(Some(rest), |inner| inner.strip_suffix('}'))?;
    is_name(name).then_some(name)
}

/// True when a reference stands somewhere in the text.
pub(super) fn is_in(text: &str) -> bool {
    let begins = |rest: &str| rest.starts_with(|c: char| c == '{' || c == '_' || c.is_ascii_alphabetic());
    text.match_indices('$').any(|(at, _)| begins(&text[at + 1..]))
}

fn is_name(text: &str) -> bool {
    let is_start = |c: char| c == '_' || c.is_ascii_alphabetic();
    text.starts_with(is_start) && text.chars().all(|c| is_start(c) || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_text() {
        for (text, name, inside) in [
            ("$HOST", Some("HOST"), true),
            ("${HOST_2}", Some("HOST_2"), true),
            ("${HOST:-n1}", None, true),
            ("https://$NODEIP:10250", None, true),
            ("$A$B", None, true),
            ("${HOST", None, true),
            ("$1", None, false),
            ("5$", None, false),
            ("$", None, false),
            ("HOST", None, false),
            ("", None, false),
        ] {
            assert_eq!((whole(text), is_in(text)), (name, inside), "{text}");
        }
    }
}
