//! `podometer inject`: manifests in and out, and the webhook over TLS against a double of the API server.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../support/api_double.rs"]
mod api_double;
/// Manifests of all kinds and odd ones, as a person runs the command.
mod files;
#[path = "../support/golden.rs"]
mod golden;
/// The certificate: made, shared, renewed, trusted.
mod kept;
#[path = "../support/metrics_server.rs"]
mod metrics_server;
/// Idempotence, and that what is taken out leaves exactly what was there.
mod properties;
/// AdmissionReviews, good and bad.
mod reviews;
/// A webhook at work, and an API server's way to call it.
mod webhook;
