//! A configuration as variables of the sidecar's environment, which needs no ConfigMap in the pod's namespace.

use super::text::{Indent, to_json};
use super::tree::Tree;

const PREFIX: &str = "PODOMETER__";
/// What inputs are, of a class and of a pod together.
const TARGETS: [&str; 2] = ["scrape", "targets"];

/// A setting that no variable can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: the text {text:?} cannot be given by a variable; begin it otherwise")]
pub(super) struct Unsayable {
    key: String,
    text: String,
}

/// One value and the keys that lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    path: Vec<String>,
    value: Tree,
}

/// The values of a configuration, in its order; null is the default and left out.
pub(super) fn leaves(config: &Tree) -> Vec<Leaf> {
    let mut found = Vec::new();
    collect(config, &mut Vec::new(), &mut found);
    found
}

fn collect(value: &Tree, path: &mut Vec<String>, found: &mut Vec<Leaf>) {
    let is_key = |key: &str| {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        !key.is_empty() && key.chars().all(is_plain) && !key.contains("__")
    };
    let entries = value.entries();
    // Names that people give are not keys of ours, and a variable's name would lose their case.
    if !entries.is_empty() && entries.iter().all(|(key, _)| is_key(&key.text)) {
        for (key, below) in entries {
            path.push(key.text.clone());
            collect(below, path, found);
            path.pop();
        }
    } else if !value.is_null() && !path.is_empty() {
        found.push(Leaf { path: path.clone(), value: value.clone() });
    }
}

/// Puts the second over the first: its values count, but for targets, of which both have some.
pub(super) fn layered(below: Vec<Leaf>, above: Vec<Leaf>) -> Vec<Leaf> {
    let mut all = below;
    for leaf in above {
        match all.iter_mut().find(|known| known.path == leaf.path) {
            Some(known) if leaf.path == TARGETS => known.value = joined(&known.value, &leaf.value),
            Some(known) => known.value = leaf.value,
            None => all.push(leaf),
        }
    }
    all
}

/// Cuts the list of targets; how many are left out.
pub(super) fn bound_targets(leaves: &mut [Leaf], most: usize) -> usize {
    let mut left_out = 0;
    for leaf in leaves.iter_mut().filter(|leaf| leaf.path == TARGETS) {
        if let Tree::List(list) = &mut leaf.value {
            left_out += list.items.len().saturating_sub(most);
            list.items.truncate(most);
        }
    }
    left_out
}

/// Both lists; a name that is taken gets a number.
fn joined(one: &Tree, two: &Tree) -> Tree {
    let mut items = one.items().to_vec();
    let has = |items: &[Tree], name: &str| items.iter().any(|item| item.text_at(&["name"]) == Some(name));
    for item in two.items() {
        let mut item = item.clone();
        if let Some(name) = item.text_at(&["name"]).map(str::to_owned).filter(|name| has(&items, name)) {
            // One more than there are others is always free.
            let mut free = (2..items.len() + 3).map(|number| format!("{name}-{number}"));
            let free = free.find(|name| !has(&items, name));
            super::patch::Operation::add(&["name"], Tree::text(&free.unwrap_or_default())).apply(&mut item);
        }
        items.push(item);
    }
    Tree::list(items)
}

/// Whether a section says anything.
pub(super) fn speaks_of(leaves: &[Leaf], section: &str) -> bool {
    leaves.iter().any(|leaf| leaf.path.first().is_some_and(|first| first == section))
}

/// Names and values as the agent reads them.
pub(super) fn variables(leaves: &[Leaf]) -> Result<Vec<(String, String)>, Unsayable> {
    let mut all = Vec::new();
    for Leaf { path, value } in leaves {
        let name = format!("{PREFIX}{}", path.join("__").to_uppercase());
        let text = match value {
            Tree::Scalar(scalar) if scalar.text.starts_with(['[', '{']) => {
                return Err(Unsayable { key: path.join("."), text: scalar.text.clone() });
            }
            Tree::Scalar(scalar) => scalar.text.clone(),
            _ => to_json(value, &Indent::None),
        };
        all.push((name, text));
    }
    Ok(all)
}

/// As a container's `env` must have it, where `$(NAME)` is a reference and `$$` a dollar.
pub(super) fn escaped(value: &str) -> String {
    value.replace('$', "$$")
}

#[cfg(test)]
mod tests {
    use super::super::text::from_yaml;
    use super::*;

    fn of(text: &str) -> Vec<Leaf> {
        leaves(&from_yaml(text).unwrap().root.unwrap())
    }

    #[test]
    fn every_value_becomes_a_variable() {
        let config = "agent:\n  log: {level: debug}\n  node_name: null\nsinks:\n  influxdb:\n    - {name: main, tags: {Team: shop}, retries: 3}\n";
        let said = variables(&of(config)).unwrap();
        let said: Vec<String> = said.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            said,
            [
                "PODOMETER__AGENT__LOG__LEVEL=debug",
                "PODOMETER__SINKS__INFLUXDB=[{\"name\":\"main\",\"tags\":{\"Team\":\"shop\"},\"retries\":3}]"
            ]
        );
        let unsayable = variables(&of("paths: {cgroup: '[x'}\n")).unwrap_err().to_string();
        assert!(unsayable.starts_with("paths.cgroup: the text \"[x\""), "{unsayable}");
        assert_eq!(escaped("$1 $(A)"), "$$1 $$(A)");
    }

    #[test]
    fn targets_of_both_are_read() {
        let class = of("scrape: {targets: [{name: app, url: a}]}\nsampler: {cpu_budget_percent: 1}\n");
        let pod = of(
            "scrape: {targets: [{name: app, url: b}, {name: c, url: c}]}\nsampler: {cpu_budget_percent: 2}\n",
        );
        let said = variables(&layered(class, pod)).unwrap();
        assert_eq!(
            said[0].1,
            r#"[{"name":"app","url":"a"},{"name":"app-2","url":"b"},{"name":"c","url":"c"}]"#
        );
        assert_eq!(said[1].1, "2");
    }
}
