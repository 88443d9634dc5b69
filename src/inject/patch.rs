//! Operations on a tree: applied here, or written as a JSON patch (RFC 6902) for the API server.

use super::text::{Indent, to_json};
use super::tree::{Map, Tree};

/// One step. A path names keys and places in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// A key, in place of what it had; or into a list before that place.
    Add {
        path: Vec<String>,
        value: Tree,
    },
    Remove {
        path: Vec<String>,
    },
}

impl Operation {
    pub(super) fn add(path: &[&str], value: Tree) -> Operation {
        Operation::Add { path: owned(path), value }
    }

    pub(super) fn remove(path: &[&str]) -> Operation {
        Operation::Remove { path: owned(path) }
    }

    /// The same below another root.
    pub(super) fn below(self, root: &[String]) -> Operation {
        let whole = |path: Vec<String>| root.iter().cloned().chain(path).collect();
        match self {
            Operation::Add { path, value } => Operation::Add { path: whole(path), value },
            Operation::Remove { path } => Operation::Remove { path: whole(path) },
        }
    }

    /// Does it. A path that leads nowhere changes nothing.
    pub(super) fn apply(&self, tree: &mut Tree) {
        let (Operation::Add { path, .. } | Operation::Remove { path }) = self;
        let Some((last, way)) = path.split_last() else { return };
        let Some(parent) = way.iter().try_fold(tree, step) else { return };
        match (self, parent) {
            (Operation::Add { value, .. }, Tree::Map(map)) => put(map, last, value),
            (Operation::Add { value, .. }, Tree::List(list)) => {
                let place = last.parse().unwrap_or(list.items.len());
                list.items.insert(place.min(list.items.len()), value.clone());
            }
            (Operation::Remove { .. }, Tree::Map(map)) => map.entries.retain(|(key, _)| key.text != *last),
            (Operation::Remove { .. }, Tree::List(list)) => {
                if let Some(place) = last.parse().ok().filter(|place| *place < list.items.len()) {
                    list.items.remove(place);
                }
            }
            (_, Tree::Scalar(_)) => {}
        }
    }
}

fn put(map: &mut Map, key: &str, value: &Tree) {
    if let Some((_, known)) = map.entries.iter_mut().find(|(known, _)| known.text == key) {
        *known = value.clone();
    } else if let Tree::Scalar(key) = Tree::text(key) {
        // Written in the way of ours, which quotes what must be.
        map.entries.push((key, value.clone()));
    }
}

fn step<'a>(tree: &'a mut Tree, key: &String) -> Option<&'a mut Tree> {
    match tree {
        Tree::Map(map) => {
            map.entries.iter_mut().find(|(known, _)| known.text == *key).map(|(_, value)| value)
        }
        Tree::List(list) => list.items.get_mut(key.parse::<usize>().ok()?),
        Tree::Scalar(_) => None,
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(ToString::to_string).collect()
}

/// A JSON patch.
pub(super) fn json_patch(operations: &[Operation]) -> String {
    let each = operations.iter().map(|operation| match operation {
        Operation::Add { path, value } => Tree::map(vec![
            ("op", Tree::text("add")),
            ("path", Tree::text(&pointer(path))),
            ("value", value.clone()),
        ]),
        Operation::Remove { path } => {
            Tree::map(vec![("op", Tree::text("remove")), ("path", Tree::text(&pointer(path)))])
        }
    });
    to_json(&Tree::list(each.collect()), &Indent::None)
}

/// RFC 6901.
fn pointer(path: &[String]) -> String {
    path.iter().fold(String::new(), |whole, key| whole + "/" + &key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::super::text::from_json;
    use super::*;

    #[test]
    fn keys_are_escaped_and_lists_counted() {
        let mut tree = from_json(br#"{"a":{"x/y":1},"l":["b"]}"#).unwrap();
        let operations = [
            Operation::add(&["a", "x/y"], Tree::plain(2)),
            Operation::add(&["l", "0"], Tree::text("a")),
            Operation::add(&["l", "-"], Tree::text("c")),
            Operation::remove(&["l", "1"]),
            Operation::remove(&["nowhere", "at", "all"]),
        ];
        for operation in &operations {
            operation.apply(&mut tree);
        }
        assert_eq!(to_json(&tree, &Indent::None), r#"{"a":{"x/y":2},"l":["a","c"]}"#);
        assert!(json_patch(&operations[..1]).contains(r#""path":"/a/x~1y""#));
    }
}
