//! Who may read the agent's pages, by the API server: TokenReview and SubjectAccessReview for the server's `Authority`.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::bail;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::config::Config;
use crate::server::{Asking, Authority, User};
use crate::source::api_server::{ApiServer, is_offered};

const TOKEN_REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";
const ACCESS_REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

/// The authority that the configuration asks for. A start without one that was asked for fails.
pub(super) async fn of(config: &Config) -> anyhow::Result<Option<Arc<dyn Authority>>> {
    if !config.server.kubernetes_authorization {
        return Ok(None);
    }
    if !is_offered(&config.api_server) {
        bail!(
            "server.kubernetes_authorization: there is no API server to ask; run with a service account, or set \
             api_server.kubeconfig"
        );
    }
    let server = ApiServer::connect(&config.api_server).await?;
    Ok(Some(Arc::new(Cluster { server })))
}

/// The API server, as far as it is asked about others.
#[derive(Debug)]
struct Cluster {
    server: ApiServer,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenReview {
    status: TokenStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenStatus {
    authenticated: bool,
    user: Whose,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Whose {
    username: String,
    uid: String,
    groups: Vec<String>,
    extra: BTreeMap<String, Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AccessReview {
    status: AccessStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AccessStatus {
    allowed: bool,
    denied: bool,
}

impl Authority for Cluster {
    fn who<'a>(&'a self, token: &'a SecretString) -> Asking<'a, Option<User>> {
        Box::pin(async move {
            let document = json!({
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
                "spec": {"token": token.expose_secret()},
            });
            let review: TokenReview = self.ask(TOKEN_REVIEWS, &document).await?;
            let TokenStatus { authenticated, user } = review.status;
            let Whose { username: name, uid, groups, extra } = user;
            // A user without a name is none, whatever else is said.
            let is_known = authenticated && !name.is_empty();
            Ok(is_known.then_some(User { name, uid, groups, extra }))
        })
    }

    fn may<'a>(&'a self, user: &'a User, path: &'a str) -> Asking<'a, bool> {
        Box::pin(async move {
            let document = json!({
                "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                "spec": {
                    "user": user.name, "uid": user.uid, "groups": user.groups, "extra": user.extra,
                    "nonResourceAttributes": {"path": path, "verb": "get"},
                },
            });
            let review: AccessReview = self.ask(ACCESS_REVIEWS, &document).await?;
            Ok(review.status.allowed && !review.status.denied)
        })
    }
}

impl Cluster {
    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        document: &serde_json::Value,
    ) -> Result<T, String> {
        let answer = self.server.post(path, Bytes::from(document.to_string())).await;
        let answer = answer.map_err(|error| error.to_string())?;
        // The answer repeats the token: nothing of it is said.
        serde_json::from_slice(&answer).map_err(|_| format!("{}{path}: is no review", self.server.url))
    }
}
