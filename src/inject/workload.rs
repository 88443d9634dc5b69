//! Where the pod of an object is: below which keys, by group and kind.

use super::tree::Tree;

/// Group, kind and the way to the pod or its template. Sorted by group and kind.
const KINDS: [(&str, &str, &[&str]); 9] = [
    ("", "Pod", &[]),
    ("", "PodTemplate", &["template"]),
    ("", "ReplicationController", &["spec", "template"]),
    ("apps", "DaemonSet", &["spec", "template"]),
    ("apps", "Deployment", &["spec", "template"]),
    ("apps", "ReplicaSet", &["spec", "template"]),
    ("apps", "StatefulSet", &["spec", "template"]),
    ("batch", "CronJob", &["spec", "jobTemplate", "spec", "template"]),
    ("batch", "Job", &["spec", "template"]),
];

/// Lists in lists are nobody's.
const MOST_NESTED: usize = 8;

/// One pod of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The way to it from the document's root.
    pub(super) path: Vec<String>,
    /// Such as `Deployment shop/cart`.
    pub(super) name: String,
    /// Whether it is to end by itself.
    pub(super) is_job: bool,
}

/// Every pod and template of a document, lists opened; nothing of kinds that have none.
pub(super) fn pods(root: &Tree) -> Vec<Found> {
    let mut found = Vec::new();
    collect(root, &mut Vec::new(), MOST_NESTED, &mut found);
    found
}

fn collect(object: &Tree, path: &mut Vec<String>, nested: usize, found: &mut Vec<Found>) {
    let text = |keys: &[&str]| object.text_at(keys).unwrap_or_default();
    let (version, kind) = (text(&["apiVersion"]), text(&["kind"]));
    // What a server lists is a PodList, what people write a List.
    if kind.ends_with("List") && nested > 0 {
        for (place, item) in object.get("items").map(Tree::items).unwrap_or_default().iter().enumerate() {
            path.extend(["items".to_owned(), place.to_string()]);
            collect(item, path, nested - 1, found);
            path.truncate(path.len() - 2);
        }
        return;
    }
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let Some((_, kind, way)) = KINDS.iter().find(|(of, known, _)| (*of, *known) == (group, kind)) else {
        return;
    };
    if object.at(way).is_none() {
        return;
    }
    let namespace = object.text_at(&["metadata", "namespace"]).map(|namespace| format!("{namespace}/"));
    let name = object.text_at(&["metadata", "name"]).or(object.text_at(&["metadata", "generateName"]));
    let name = format!("{kind} {}{}", namespace.unwrap_or_default(), name.unwrap_or("without a name"));
    let path = path.iter().cloned().chain(way.iter().map(ToString::to_string)).collect();
    found.push(Found { path, name, is_job: group == "batch" });
}

#[cfg(test)]
mod tests {
    use super::super::text::from_yaml;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let root = from_yaml(text).unwrap().root.unwrap();
        pods(&root).into_iter().map(|found| format!("{}: {}", found.path.join("/"), found.name)).collect()
    }

    #[test]
    fn kinds_are_those_of_their_groups() {
        assert!(KINDS.is_sorted_by_key(|(group, kind, _)| (*group, *kind)));
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\nspec: {}\n";
        assert_eq!(found(pod), [": Pod n/a"]);
        let job = "kind: Job\nmetadata: {generateName: a-}\nspec: {template: {spec: {}}}\napiVersion: ";
        assert_eq!(found(&format!("{job}batch/v1\n")), ["spec/template: Job a-"]);
        assert_eq!(found(&format!("{job}batch.volcano.sh/v1alpha1\n")), [""; 0]);
        let list = "apiVersion: v1\nkind: List\nitems:\n  - kind: Service\n    apiVersion: v1\n  - apiVersion: v1\n    kind: Pod\n";
        assert_eq!(found(list), ["items/1: Pod without a name"]);
        assert_eq!(found("kind: Deployment\napiVersion: apps/v1\nspec: {template: null}\n"), [""; 0]);
        assert_eq!(found("- a\n- b\n"), [""; 0]);
    }
}
