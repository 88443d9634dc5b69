//! Names from a real API server's protocol: HTTPS, tokens, pages, watches and every way in which they end.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

/// Tokens, rights and certificates.
mod access;
#[path = "../support/api_server.rs"]
mod api_server;
#[path = "../support/authority.rs"]
mod authority;
/// Pods that come and go by the thousand.
mod churn;
/// The kubelet instead of the API server.
mod fallback;
/// Someone who follows, and what was seen.
mod follower;
/// The recorded nodes.
mod names;
/// The API server gone and back.
mod outage;
/// Lists and watches.
mod protocol;
#[allow(dead_code, reason = "trees are unpacked elsewhere")]
#[path = "../support/truth.rs"]
mod truth;
