//! The webhook configuration and whom it trusts: the authorities of our certificate, and nobody else.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::error::ServeError;
use crate::source::api_server::ApiServer;

const LIMIT_BYTES: usize = 4 << 20;

/// One MutatingWebhookConfiguration.
pub(super) struct Bundle<'a> {
    pub(super) server: &'a ApiServer,
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) service: &'a str,
}

impl Bundle<'_> {
    fn path(&self) -> String {
        format!("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/{}", self.name)
    }

    pub(super) async fn read(&self) -> Result<Value, ServeError> {
        let path = self.path();
        let mut body = Vec::new();
        self.server.get(&path, LIMIT_BYTES, &mut body).await?;
        serde_json::from_slice(&body)
            .map_err(|error| ServeError::Unusable { place: path, problem: format!("is no JSON: {error}") })
    }

    /// Has every webhook of ours in what was read trust these authorities; true where one did not. Refused where
    /// anybody has changed it since.
    pub(super) async fn ensure(&self, object: &Value, authorities: &str) -> Result<bool, ServeError> {
        let path = self.path();
        let wanted = BASE64_STANDARD.encode(authorities);
        let webhooks = object["webhooks"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ours: Vec<(usize, &Value)> =
            webhooks.iter().enumerate().filter(|(_, each)| self.is_ours(each)).collect();
        if ours.is_empty() {
            let service = format!("{}/{}", self.namespace, self.service);
            return Err(ServeError::NoWebhook { place: path, service });
        }
        let others = ours.iter().filter(|(_, webhook)| webhook["clientConfig"]["caBundle"] != wanted);
        let mut operations: Vec<Value> = others
            .map(|(place, _)| json!({"op": "add", "path": format!("/webhooks/{place}/clientConfig/caBundle"), "value": wanted}))
            .collect();
        if operations.is_empty() {
            return Ok(false);
        }
        // A place in a list is only good for the webhook that was seen there.
        let version = &object["metadata"]["resourceVersion"];
        operations.insert(0, json!({"op": "test", "path": "/metadata/resourceVersion", "value": version}));
        self.server.patch(&path, Bytes::from(Value::Array(operations).to_string())).await?;
        Ok(true)
    }

    fn is_ours(&self, webhook: &Value) -> bool {
        let service = &webhook["clientConfig"]["service"];
        service["name"] == self.service && service["namespace"] == self.namespace
    }
}
