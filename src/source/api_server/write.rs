//! One document sent: made, replaced or patched. Deadline and bound as for reading.

use bytes::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use hyper::{Method, Request};
use kube::client::Body;
use tokio::time::{Instant, timeout_at};

use super::connect::ApiServer;
use super::error::{ApiError, Kind};
use super::get::read;

/// What is written is small, and so is what comes back.
const ANSWER_BYTES: usize = 1 << 20;

const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";

impl ApiServer {
    /// Makes an object in the list at `path`; the answer is the object as it was made.
    pub async fn post(&self, path: &str, document: Bytes) -> Result<Vec<u8>, ApiError> {
        self.write(Method::POST, path, JSON, document).await
    }

    /// Replaces the object at `path`. With a resourceVersion in it, only that version is replaced.
    pub async fn put(&self, path: &str, document: Bytes) -> Result<Vec<u8>, ApiError> {
        self.write(Method::PUT, path, JSON, document).await
    }

    /// Changes the object at `path` by a JSON patch; the answer is the object as it is then.
    pub async fn patch(&self, path: &str, patch: Bytes) -> Result<Vec<u8>, ApiError> {
        self.write(Method::PATCH, path, JSON_PATCH, patch).await
    }

    async fn write(
        &self,
        method: Method,
        path: &str,
        kind: &'static str,
        document: Bytes,
    ) -> Result<Vec<u8>, ApiError> {
        let exchange = self.exchange(method, path, kind, document);
        let outcome = timeout_at(Instant::now() + self.timeout, exchange).await;
        let outcome = outcome.unwrap_or(Err(Kind::Timeout { limit: self.timeout }));
        outcome.map_err(|kind| self.error(path, kind))
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        kind: &'static str,
        document: Bytes,
    ) -> Result<Vec<u8>, Kind> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, kind)
            .header(USER_AGENT, concat!("podometer/", env!("CARGO_PKG_VERSION")))
            .body(Body::from(document))
            .map_err(|error| Kind::Document { problem: error.to_string() })?;
        let mut response = self.client.send(request).await.map_err(|error| Kind::of_transport(&error))?;
        let status = response.status();
        let mut body = Vec::new();
        let whole = read(response.body_mut(), ANSWER_BYTES, &mut body).await;
        if !status.is_success() {
            // A refusal that breaks off is a refusal still.
            return Err(Kind::of_status(status.as_u16(), &body, None));
        }
        whole.map(|()| body)
    }
}
