//! The path that names a group: `/metrics/job/JOB/LABEL/VALUE...`.
//!
//! Source: prometheus/pushgateway `README.md`, "URL"; measured with 1.5.1. A value is one part of a path, so that one
//! with a slash, or without any character, needs base64; every value that is not plain gets it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(super) fn path(job: &str, grouping: &BTreeMap<String, String>) -> String {
    let mut path = String::from("/metrics");
    push(&mut path, "job", job);
    for (label, value) in grouping {
        push(&mut path, label, value);
    }
    path
}

/// Whether the Pushgateway takes it as a label's name.
pub(super) fn is_label(name: &str) -> bool {
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    begins && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !name.starts_with("__")
}

fn push(path: &mut String, label: &str, value: &str) {
    path.push('/');
    path.push_str(label);
    if is_plain(value) {
        path.push('/');
        path.push_str(value);
        return;
    }
    path.push_str("@base64/");
    // An empty part would end the path; padding alone stands for no byte at all.
    path.push_str(&if value.is_empty() { "=".to_owned() } else { URL_SAFE_NO_PAD.encode(value) });
}

/// RFC 3986's unreserved characters, and not what stands for a directory.
fn is_plain(value: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !matches!(value, "" | "." | "..") && value.bytes().all(is_unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_no_part_of_a_path_are_base64() {
        for (job, label, value, expected) in [
            ("podometer", "instance", "n1", "/metrics/job/podometer/instance/n1"),
            ("a/b", "instance", "", "/metrics/job@base64/YS9i/instance@base64/="),
            ("j", "x", "\u{fc}", "/metrics/job/j/x@base64/w7w"),
            ("j", "x", "..", "/metrics/job/j/x@base64/Li4"),
            ("j", "x", "a b?#%", "/metrics/job/j/x@base64/YSBiPyMl"),
            ("j", "x", "\u{ff}~?", "/metrics/job/j/x@base64/w79-Pw"),
        ] {
            let grouping = BTreeMap::from([(label.to_owned(), value.to_owned())]);
            assert_eq!(path(job, &grouping), expected);
        }
        assert_eq!(path("j", &BTreeMap::new()), "/metrics/job/j");
    }

    #[test]
    fn names_of_labels() {
        for (name, expected) in
            [("instance", true), ("_a1", true), ("__a", false), ("1a", false), ("a-b", false), ("", false)]
        {
            assert_eq!(is_label(name), expected, "{name}");
        }
    }
}
