//! One document: a deadline over all of it and a bound on its body.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use kube::client::Body;
use tokio::time::{Instant, timeout_at};

use super::connect::ApiServer;
use super::error::{ApiError, Kind};

/// A refusal says its reason at its beginning.
const ERROR_BODY_BYTES: usize = 16 << 10;

impl ApiServer {
    /// The JSON document at `path` (with its query), in place of what `body` held, as far as `limit` bytes.
    pub async fn get(&self, path: &str, limit: usize, body: &mut Vec<u8>) -> Result<(), ApiError> {
        body.clear();
        let fetch = async {
            let mut response = self.open(path).await?;
            read(response.body_mut(), limit, body).await
        };
        let outcome = timeout_at(Instant::now() + self.timeout, fetch).await;
        let outcome = outcome.unwrap_or(Err(Kind::Timeout { limit: self.timeout }));
        outcome.map_err(|kind| self.error(path, kind))
    }

    /// An answer whose head says 200; its body has not been read.
    pub(super) async fn open(&self, path: &str) -> Result<Response<Body>, Kind> {
        let request = Request::get(path)
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity")
            .header(USER_AGENT, concat!("podometer/", env!("CARGO_PKG_VERSION")))
            .body(Body::empty())
            .map_err(|error| Kind::Document { problem: error.to_string() })?;
        let mut response = self.client.send(request).await.map_err(|error| Kind::of_transport(&error))?;
        let status = response.status().as_u16();
        if status == 200 {
            return Ok(response);
        }
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let mut body = Vec::new();
        // A refusal that breaks off is a refusal still.
        let _whole = read(response.body_mut(), ERROR_BODY_BYTES, &mut body).await;
        Err(Kind::of_status(status, &body, seconds.map(Duration::from_secs)))
    }
}

/// Appends the body as far as `limit`.
pub(super) async fn read(incoming: &mut Body, limit: usize, body: &mut Vec<u8>) -> Result<(), Kind> {
    if incoming.size_hint().lower() > limit as u64 {
        return Err(Kind::TooLarge { limit });
    }
    while let Some(data) = next(incoming, body.len()).await? {
        let room = limit - body.len();
        body.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Err(Kind::TooLarge { limit });
        }
    }
    Ok(())
}

/// The next bytes of a body, of which `bytes` came before; `None` at its end.
pub(super) async fn next(incoming: &mut Body, bytes: usize) -> Result<Option<Bytes>, Kind> {
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| Kind::Truncated { bytes, error: innermost(&error) })?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    let mut text = error.to_string();
    // The library's address of its manual tells an operator nothing.
    if let Some(end) = text.find(": https://") {
        text.truncate(end);
    }
    text
}
