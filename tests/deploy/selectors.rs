//! Selectors of labels, and what they find within a build.

use serde_json::Value;

use crate::build::{Build, containers, items, namespace_of, template, text};

/// Whether a label selector (`matchLabels`, `matchExpressions`, or a Service's bare map) takes these labels.
pub(crate) fn takes(selector: &Value, labels: &Value) -> bool {
    let is_full = selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some();
    let pairs = if is_full { selector.get("matchLabels") } else { Some(selector) };
    let pairs_hold = pairs
        .and_then(Value::as_object)
        .is_none_or(|pairs| pairs.iter().all(|(key, value)| labels.get(key) == Some(value)));
    let expressions = if is_full { items(selector, "/matchExpressions") } else { &[] };
    pairs_hold && expressions.iter().all(|expression| holds(expression, labels))
}

fn holds(expression: &Value, labels: &Value) -> bool {
    let label = labels.get(text(expression, "/key"));
    let is_among = label.is_some_and(|label| items(expression, "/values").contains(label));
    match text(expression, "/operator") {
        "In" => is_among,
        "NotIn" => !is_among,
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        other => panic!("operator {other:?}"),
    }
}

/// Pod templates of a namespace that the selector takes; of any namespace where that is `None`.
pub(crate) fn pods<'a>(build: &'a Build, namespace: Option<&str>, selector: &Value) -> Vec<&'a Value> {
    let local =
        build.objects.iter().filter(|object| namespace.is_none_or(|wanted| namespace_of(object) == wanted));
    local.filter_map(template).filter(|pod| takes(selector, labels(pod))).collect()
}

pub(crate) fn labels(object: &Value) -> &Value {
    object.pointer("/metadata/labels").unwrap_or(&Value::Null)
}

/// Whether a pod has this port, by name or by number.
pub(crate) fn has_port(pod: &Value, port: &Value) -> bool {
    let ports = containers(pod).flat_map(|container| items(container, "/ports"));
    ports.into_iter().any(|known| known.get("name") == Some(port) || known.get("containerPort") == Some(port))
}

/// Whether a Service has this port, by name or by number.
pub(crate) fn serves(service: &Value, port: &Value) -> bool {
    items(service, "/spec/ports")
        .iter()
        .any(|known| known.get("name") == Some(port) || known.get("port") == Some(port))
}
