//! One bounded request to the API server, and what can go wrong with it in words that name the remedy.
//!
//! It knows nothing of what is asked for; metrics, inventory and lease build on it.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::{Method, Request, StatusCode};
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Longest piece of the server's own words that a message repeats.
const MAX_WORDS: usize = 400;

/// The right that a request needs, as RBAC spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    pub verb: &'static str,
    /// Resource and group, such as `pods.metrics.k8s.io`.
    pub resource: &'static str,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "verb {} on {}", self.verb, self.resource)
    }
}

/// The bounds of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Over connecting, waiting and reading.
    pub timeout: Duration,
    pub body_bytes: usize,
}

/// Why a request gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("{path}: no whole answer within {limit:?}; is the API server overloaded?")]
    Timeout { path: String, limit: Duration },
    #[error("{path}: {error}; check the API server's address and CA")]
    Unreachable { path: String, error: String },
    #[error("{path}: {status} {words:?}; {}", remedy(*.status, *.right))]
    Refused {
        path: String,
        status: StatusCode,
        words: String,
        right: Right,
        /// The server knows the kind of object, but not the one that was named.
        is_object_missing: bool,
    },
    #[error("{path}: the answer is larger than {limit} bytes")]
    TooLarge { path: String, limit: usize },
    #[error("{path}: the answer broke off: {error}")]
    Truncated { path: String, error: String },
    #[error("{path}: the answer is not what was asked for: {error}")]
    Malformed { path: String, error: String },
}

impl CallError {
    /// One of a closed list of words, for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            CallError::Timeout { .. } => "timeout",
            CallError::Unreachable { .. } => "unreachable",
            CallError::Refused { status, .. } => match status.as_u16() {
                401 => "unauthorized",
                403 => "forbidden",
                404 => "not_found",
                409 => "conflict",
                410 => "gone",
                429 => "throttled",
                503 => "unavailable",
                _ => "status",
            },
            CallError::TooLarge { .. } => "too_large",
            CallError::Truncated { .. } => "truncated",
            CallError::Malformed { .. } => "malformed",
        }
    }

    /// True where the server answers, but has no object of that name.
    pub fn is_object_missing(&self) -> bool {
        matches!(self, CallError::Refused { is_object_missing: true, .. })
    }

    /// True where the server, or the way to it, fails: the next request would fail alike.
    pub fn is_of_the_server(&self) -> bool {
        match self {
            CallError::Timeout { .. } | CallError::Unreachable { .. } | CallError::Truncated { .. } => true,
            CallError::Refused { status, .. } => {
                status.is_server_error() || matches!(status.as_u16(), 401 | 429)
            }
            CallError::TooLarge { .. } | CallError::Malformed { .. } => false,
        }
    }
}

fn remedy(status: StatusCode, right: Right) -> String {
    match status.as_u16() {
        401 => "the token is not accepted: check the service account or kubeconfig".to_owned(),
        403 => format!("grant the {right} in a Role or ClusterRole"),
        404 => format!("the server does not serve {}", right.resource),
        409 => "somebody else changed it meanwhile".to_owned(),
        429 => "the server asks for fewer requests".to_owned(),
        503 => format!("what serves {} does not answer", right.resource),
        _ => "see the API server's log".to_owned(),
    }
}

/// One page of a list, its objects not yet read, so that a bad one costs itself alone.
#[derive(Debug, Deserialize)]
pub struct Page<'a> {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(borrow)]
    pub items: Vec<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

impl Page<'_> {
    /// The token of the next page, if the server cut the list here.
    pub fn next(&self) -> Option<&str> {
        self.metadata.next.as_deref().filter(|next| !next.is_empty())
    }
}

/// Percent-encodes all but what a query may hold as it is.
pub fn query_value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    out
}

/// Sends a GET and returns the body of a success.
pub async fn get(client: &Client, path: &str, right: Right, bounds: Bounds) -> Result<Bytes, CallError> {
    send(client, Method::GET, path, Bytes::new(), right, bounds).await
}

/// Sends a GET and reads the body as JSON.
pub async fn get_json<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    right: Right,
    bounds: Bounds,
) -> Result<T, CallError> {
    let body = get(client, path, right, bounds).await?;
    parse(path, &body)
}

/// Sends a document by `method` and returns the body of a success.
pub async fn send(
    client: &Client,
    method: Method,
    path: &str,
    document: Bytes,
    right: Right,
    bounds: Bounds,
) -> Result<Bytes, CallError> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .body(Body::from(document))
        .map_err(|error| CallError::Malformed { path: path.to_owned(), error: error.to_string() })?;
    let limit = bounds.timeout;
    tokio::time::timeout(limit, exchange(client, request, path, right, bounds.body_bytes))
        .await
        .unwrap_or_else(|_| Err(CallError::Timeout { path: path.to_owned(), limit }))
}

/// Reads `body`, which `path` answered, as JSON.
pub fn parse<T: DeserializeOwned>(path: &str, body: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(body)
        .map_err(|error| CallError::Malformed { path: path.to_owned(), error: error.to_string() })
}

async fn exchange(
    client: &Client,
    request: Request<Body>,
    path: &str,
    right: Right,
    limit: usize,
) -> Result<Bytes, CallError> {
    let path = || path.to_owned();
    let response = client.send(request).await;
    let response =
        response.map_err(|error| CallError::Unreachable { path: path(), error: whole_story(&error) })?;
    let status = response.status();
    let body = Limited::new(response.into_body(), limit).collect().await;
    let body = body.map_err(|error| {
        if error.downcast_ref::<http_body_util::LengthLimitError>().is_some() {
            CallError::TooLarge { path: path(), limit }
        } else {
            CallError::Truncated { path: path(), error: error.to_string() }
        }
    });
    if status.is_success() {
        return Ok(body?.to_bytes());
    }
    // The status counts, whatever came of the body.
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let said: Option<Status> = serde_json::from_slice(&body).ok();
    let names_object = |said: &Status| {
        said.details.as_ref().is_some_and(|details| !details.name.is_empty()) && said.reason == "NotFound"
    };
    let is_object_missing = status == StatusCode::NOT_FOUND && said.as_ref().is_some_and(names_object);
    let words = said.map_or_else(|| String::from_utf8_lossy(&body).trim().to_owned(), |said| said.message);
    let words = words.chars().take(MAX_WORDS).collect();
    Err(CallError::Refused { path: path(), status, words, right, is_object_missing })
}

/// An error with its causes, which hyper and rustls keep apart.
fn whole_story(error: &kube::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}
