//! What an API server says of tokens and rights: TokenReview and SubjectAccessReview, as kube-apiserver answers them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

#[derive(Debug, Default)]
pub(crate) struct Reviews {
    /// Token to user.
    tokens: BTreeMap<String, String>,
    /// User, verb and path.
    rights: BTreeSet<(String, String, String)>,
}

impl Reviews {
    pub(crate) fn know(&mut self, token: &str, user: &str) {
        self.tokens.insert(token.to_owned(), user.to_owned());
    }

    pub(crate) fn allow(&mut self, user: &str, path: &str) {
        self.rights.insert((user.to_owned(), "get".to_owned(), path.to_owned()));
    }

    pub(crate) fn take_away(&mut self) {
        self.rights.clear();
    }

    /// The review with its status; `None` for what is no review.
    pub(super) fn answer(&self, resource: &str, body: &[u8]) -> Option<Value> {
        let mut review: Value = serde_json::from_slice(body).ok()?;
        review["status"] = match resource {
            "tokenreviews" => {
                assert_eq!(review["apiVersion"], "authentication.k8s.io/v1");
                match self.tokens.get(review["spec"]["token"].as_str()?) {
                    Some(user) => json!({"authenticated": true, "user": {"username": user, "uid": "u-1",
                        "groups": ["system:authenticated"], "extra": {"pod": ["p-0"]}}}),
                    None => json!({"user": {}, "error": "invalid bearer token"}),
                }
            }
            "subjectaccessreviews" => {
                let spec = &review["spec"];
                assert_eq!(review["apiVersion"], "authorization.k8s.io/v1");
                assert_eq!(
                    (&spec["uid"], &spec["groups"][0]),
                    (&json!("u-1"), &json!("system:authenticated"))
                );
                assert_eq!(spec["extra"]["pod"][0], "p-0");
                let attributes = &spec["nonResourceAttributes"];
                let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let right = (word(&spec["user"]), word(&attributes["verb"]), word(&attributes["path"]));
                json!({"allowed": self.rights.contains(&right)})
            }
            _ => return None,
        };
        Some(review)
    }
}
