//! What the kubelet's authorizer wants for a path, and what a refusal says.
//!
//! Source: recorded from a kubelet 1.36; kubelet `pkg/kubelet/server/auth.go` names the subresources.

/// A right as RBAC spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// Such as `nodes/stats`.
    pub resource: &'static str,
    pub verb: &'static str,
}

/// Paths of the kubelet, and the subresource of `nodes` that guards each and everything below it.
const RIGHTS: [(&str, &str); 8] = [
    ("/configz", "nodes/configz"),
    ("/healthz", "nodes/healthz"),
    ("/logs", "nodes/log"),
    ("/metrics", "nodes/metrics"),
    ("/pods", "nodes/pods"),
    ("/runningpods", "nodes/pods"),
    ("/spec", "nodes/spec"),
    ("/stats", "nodes/stats"),
];

/// The right that a GET of this path needs at a kubelet; `None` for a path that is not the kubelet's.
pub fn right_for(path: &str) -> Option<Right> {
    let holds =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let row = RIGHTS.iter().find(|(prefix, _)| holds(prefix))?;
    Some(Right { resource: row.1, verb: "get" })
}

/// What guarded the same path before the kubelet told its paths apart (Kubernetes 1.33).
pub fn older_right_for(right: Right) -> Option<&'static str> {
    matches!(right.resource, "nodes/pods" | "nodes/healthz" | "nodes/configz").then_some("nodes/proxy")
}

/// Who was refused, as the body of a 403 has it: the kubelet's `user=NAME,` or the API server's `User "NAME"`.
pub fn subject_of(body: &str) -> Option<&str> {
    let named = |begin: &str, end: char| {
        let rest = body.split_once(begin)?.1;
        let name = rest.split(end).next()?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || ":-._@/".contains(c);
        (!name.is_empty() && name.len() <= 253 && name.chars().all(is_name)).then_some(name)
    };
    // Inside of a JSON document the quotes are escaped.
    named("user=", ',').or_else(|| named("User \\\"", '\\')).or_else(|| named("User \"", '"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_its_right() {
        for (path, resource) in [
            ("/stats/summary", Some("nodes/stats")),
            ("/metrics", Some("nodes/metrics")),
            ("/metrics/resource", Some("nodes/metrics")),
            ("/pods", Some("nodes/pods")),
            ("/pods/", Some("nodes/pods")),
            ("/podsX", None),
            ("/api/v1/pods", None),
        ] {
            assert_eq!(right_for(path).map(|right| right.resource), resource, "{path}");
        }
    }

    #[test]
    fn the_subject_is_found_in_both_forms_of_refusal() {
        for (body, subject) in [
            (
                "Forbidden (user=system:serviceaccount:mon:podometer, verb=get, resource=nodes, subresource(s)=[stats])",
                Some("system:serviceaccount:mon:podometer"),
            ),
            (
                r#"{"kind":"Status","message":"pods.metrics.k8s.io is forbidden: User \"system:serviceaccount:a:b\" cannot list"}"#,
                Some("system:serviceaccount:a:b"),
            ),
            ("User \"alice\" cannot get", Some("alice")),
            ("Forbidden", None),
            ("user=<script>, verb", None),
        ] {
            assert_eq!(subject_of(body), subject);
        }
    }
}
