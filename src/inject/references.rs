//! What a pod's annotations refer to, checked as the API server will: it refuses a pod for one bad name.
//!
//! Source: kubernetes `pkg/apis/core/validation` (env, configMapKeyRef, secretKeyRef), apimachinery `util/validation`.

/// Fields that `fieldRef` knows. Sorted.
const FIELDS: [&str; 8] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.podIP",
    "status.podIPs",
];
/// Maps of which it knows single keys.
const MAPS: [&str; 2] = ["metadata.annotations['", "metadata.labels['"];

/// The longest name of an object or key.
const MOST_BYTES: usize = 253;
/// Of the last part of a label's or annotation's name.
const MOST_NAME_BYTES: usize = 63;

/// A field of the pod.
pub(super) fn field(value: &str) -> Result<String, String> {
    let key = || MAPS.iter().find_map(|map| value.strip_prefix(map)?.strip_suffix("']"));
    let is_known = FIELDS.contains(&value) || key().is_some_and(is_qualified);
    is_known
        .then(|| value.to_owned())
        .ok_or_else(|| format!("{value:?} is no field that a variable can have"))
}

/// Of a ConfigMap or Secret.
pub(super) fn object(name: &str) -> Result<String, String> {
    is_subdomain(name).then(|| name.to_owned()).ok_or_else(|| format!("{name:?} is no name of an object"))
}

/// Within a ConfigMap or Secret.
pub(super) fn key(key: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let is_one = !key.is_empty() && key.len() <= MOST_BYTES && key.chars().all(is_plain) && !is_way(key);
    is_one.then(|| key.to_owned()).ok_or_else(|| format!("{key:?} is no key of an object"))
}

/// Of the environment.
pub(super) fn variable(name: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let begins = name.starts_with(|c: char| !c.is_ascii_digit());
    let is_one = begins && name.chars().all(is_plain) && !is_way(name);
    is_one.then(|| name.to_owned()).ok_or_else(|| format!("{name:?} is no name of a variable"))
}

/// What would lead out of a directory.
fn is_way(name: &str) -> bool {
    name == "." || name.starts_with("..")
}

/// RFC 1123, in lower case: the name of most objects.
pub(super) fn is_subdomain(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(is_plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= MOST_BYTES && name.split('.').all(is_label)
}

/// `NAME` or `PREFIX/NAME`.
fn is_qualified(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let is_end = |c: char| c.is_ascii_alphanumeric();
    prefix.is_none_or(is_subdomain)
        && name.len() <= MOST_NAME_BYTES
        && name.starts_with(is_end)
        && name.ends_with(is_end)
        && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&str) -> Result<String, String>;

    #[test]
    fn names_are_what_the_api_server_takes() {
        assert!(FIELDS.is_sorted());
        let long = "a".repeat(254);
        let good: [(Check, &[&str]); 4] = [
            (
                field,
                &["metadata.uid", "metadata.labels['app.kubernetes.io/name']", "metadata.annotations['a']"],
            ),
            (object, &["influx", "a.b-c.d1", &long[1..]]),
            (key, &["tls.key", "A_b-c", ".netrc", &long[1..]]),
            (variable, &["A", "_a", "a.b-c", ".a"]),
        ];
        let bad: [(Check, &[&str]); 4] = [
            (
                field,
                &[
                    "",
                    "spec.containers",
                    "metadata.labels",
                    "metadata.labels['']",
                    "metadata.labels['-a']",
                    "metadata.labels['A_/b']",
                    "metadata.labels['a/b/c']",
                    "metadata.labels['a",
                    "limits.cpu",
                ],
            ),
            (object, &["", "Influx", "a_b", "-a", "a-", "a..b", "é", &long]),
            (key, &["", ".", "..", "..data", "a/b", "a b", "é", &long]),
            (variable, &["", ".", "..", "..a", "1A", "a b", "é"]),
        ];
        for (check, names) in good {
            for name in names {
                assert_eq!(check(name).as_deref(), Ok(*name));
            }
        }
        for (check, names) in bad {
            for name in names {
                assert!(check(name).is_err(), "{name}");
            }
        }
    }
}
