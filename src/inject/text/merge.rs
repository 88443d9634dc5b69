//! YAML's merge keys: `<<: *common` puts another map's entries into this one.
//!
//! Source: yaml.org/type/merge. Readers of manifests know it, so whoever does not would read another manifest.

use std::collections::HashSet;

use crate::inject::tree::{Map, Scalar, Style, Tree};

/// The map with what it merges in its place: its own keys count first, then those of earlier maps.
pub(super) fn merged(map: Map) -> Result<Map, String> {
    if !map.entries.iter().any(|(key, _)| is_merge(key)) {
        return Ok(map);
    }
    let own = map.entries.iter().filter(|(key, _)| !is_merge(key));
    let mut known: HashSet<String> = own.map(|(key, _)| key.text.clone()).collect();
    let mut entries = Vec::new();
    for (key, value) in map.entries {
        if !is_merge(&key) {
            entries.push((key, value));
            continue;
        }
        let others = match value {
            Tree::Map(other) => vec![Tree::Map(other)],
            Tree::List(list) => list.items,
            Tree::Scalar(_) => return Err(refused()),
        };
        for other in others {
            let Tree::Map(other) = other else { return Err(refused()) };
            entries.extend(other.entries.into_iter().filter(|(key, _)| known.insert(key.text.clone())));
        }
    }
    Ok(Map { entries, is_flow: map.is_flow })
}

fn is_merge(key: &Scalar) -> bool {
    key.style == Style::Plain && key.text == "<<"
}

fn refused() -> String {
    "<< merges neither a map nor a list of maps".to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::{Indent, from_yaml, to_json};
    use super::*;

    #[test]
    fn what_is_merged_stands_in_the_map() {
        let json = |text: &str| {
            from_yaml(text)
                .map(|read| to_json(&read.root.unwrap(), &Indent::None))
                .map_err(|error| error.message)
        };
        let both = "- &a {x: 1, y: 1}\n- &b {y: 2, z: 2}\n- ";
        let with = |last: &str| json(&format!("{both}{last}\n"));
        let found = |last: &str| Ok(format!(r#"[{{"x":1,"y":1}},{{"y":2,"z":2}},{last}]"#));
        assert_eq!(with("{<<: *a, z: 0}"), found(r#"{"x":1,"y":1,"z":0}"#));
        assert_eq!(with("{x: 0, <<: *a}"), found(r#"{"x":0,"y":1}"#));
        assert_eq!(with("{<<: [*b, *a]}"), found(r#"{"y":2,"z":2,"x":1}"#));
        assert_eq!(with("{<<: {<<: *a, q: 1}}"), found(r#"{"x":1,"y":1,"q":1}"#));
        assert_eq!(with("{'<<': *a}"), found(r#"{"<<":{"x":1,"y":1}}"#));
        for odd in ["{<<: 1}", "{<<: ~}", "{<<: [*a, 1]}", "{<<: [[*a]]}"] {
            assert_eq!(with(odd), Err(refused()), "{odd}");
        }
    }
}
