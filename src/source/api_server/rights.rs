//! What a 403 of the API server says: who may not do what. The words are those of its RBAC authorizer.

use std::fmt;

/// A right as a ClusterRole spells it, and who lacks it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    pub subject: String,
    pub verb: String,
    pub resource: String,
    /// Empty for the core group.
    pub group: String,
}

/// Reads `pods is forbidden: User "NAME" cannot list resource "pods" in API group "" at the cluster scope`.
pub fn missing_from(message: &str) -> Option<Missing> {
    let quoted = |after: &str| {
        let value = message.split_once(after)?.1.split('"').next()?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || ":-._@/".contains(c);
        (value.len() <= 253 && value.chars().all(is_name)).then(|| value.to_owned())
    };
    let verb = message.split_once("\" cannot ")?.1.split(' ').next()?;
    if verb.is_empty() || !verb.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    Some(Missing {
        subject: quoted("User \"")?,
        verb: verb.to_owned(),
        resource: quoted("resource \"")?,
        group: quoted("API group \"")?,
    })
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Missing { subject, verb, resource, group } = self;
        let dot = if group.is_empty() { "" } else { "." };
        write!(
            f,
            "{subject} lacks the verb {verb} on {resource}{dot}{group}; add to its ClusterRole: apiGroups: [\"{group}\"], \
             resources: [\"{resource}\"], verbs: [\"{verb}\"]"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_and_its_remedy() {
        let core = r#"pods is forbidden: User "system:serviceaccount:m:p" cannot list resource "pods" in API group "" at the cluster scope"#;
        assert_eq!(
            missing_from(core).unwrap().to_string(),
            "system:serviceaccount:m:p lacks the verb list on pods; add to its ClusterRole: apiGroups: [\"\"], \
             resources: [\"pods\"], verbs: [\"list\"]"
        );
        let metrics = r#"pods.metrics.k8s.io is forbidden: User "a" cannot get resource "pods" in API group "metrics.k8s.io" in the namespace "b""#;
        let missing = missing_from(metrics).unwrap();
        assert_eq!((&*missing.group, &*missing.verb), ("metrics.k8s.io", "get"));
        for other in ["", "forbidden", "User \"\u{1b}\" cannot list resource \"pods\" in API group \"\""] {
            assert_eq!(missing_from(other), None, "{other}");
        }
    }
}
