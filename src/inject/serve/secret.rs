//! The Secret that replicas share. Who comes first makes the certificate; who comes second takes it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::certificate::Pair;
use super::error::ServeError;
use crate::source::api_server::ApiServer;

const LIMIT_BYTES: usize = 1 << 20;

/// One object of the API server.
pub(super) struct Secret<'a> {
    pub(super) server: &'a ApiServer,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

/// The object as it is.
pub(super) struct Found {
    object: Value,
    /// `None` where it holds no whole pair, as one that was made empty does.
    pub(super) pair: Option<Pair>,
}

impl Secret<'_> {
    fn list(&self) -> String {
        format!("/api/v1/namespaces/{}/secrets", self.namespace)
    }

    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.list(), self.name)
    }

    /// `None` where there is none.
    pub(super) async fn read(&self) -> Result<Option<Found>, ServeError> {
        let mut body = Vec::new();
        match self.server.get(&self.path(), LIMIT_BYTES, &mut body).await {
            Ok(()) => {}
            Err(error) if error.is_object_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let object: Value = serde_json::from_slice(&body).map_err(|error| ServeError::Unusable {
            place: self.path(),
            problem: format!("is no JSON: {error}"),
        })?;
        let pair = pair_of(&object);
        Ok(Some(Found { object, pair }))
    }

    /// Keeps a pair; false where another replica was faster.
    pub(super) async fn write(&self, pair: &Pair, found: Option<Found>) -> Result<bool, ServeError> {
        let encode = |text: &str| json!(BASE64_STANDARD.encode(text));
        let data = json!({
            "ca.crt": encode(&pair.authorities),
            "tls.crt": encode(&pair.certificate),
            "tls.key": encode(pair.key.expose_secret()),
        });
        let written = if let Some(Found { mut object, .. }) = found {
            // With its version, so that only this one is replaced; what others keep in it stays.
            for (key, value) in data.as_object().into_iter().flatten() {
                if !object["data"].is_object() {
                    object["data"] = json!({});
                }
                object["data"][key] = value.clone();
            }
            self.server.put(&self.path(), Bytes::from(object.to_string())).await
        } else {
            let labels = json!({"app.kubernetes.io/name": "podometer-injector", "app.kubernetes.io/part-of": "podometer"});
            let metadata = json!({"name": self.name, "namespace": self.namespace, "labels": labels});
            let object = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                    "metadata": metadata, "data": data});
            self.server.post(&self.list(), Bytes::from(object.to_string())).await
        };
        match written {
            Ok(_) => Ok(true),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn pair_of(object: &Value) -> Option<Pair> {
    let text = |key: &str| {
        let bytes = BASE64_STANDARD.decode(object["data"][key].as_str()?).ok()?;
        String::from_utf8(bytes).ok().filter(|text| !text.trim().is_empty())
    };
    Some(Pair {
        authorities: text("ca.crt")?,
        certificate: text("tls.crt")?,
        key: SecretString::from(text("tls.key")?),
    })
}
