//! The webhook: AdmissionReviews over TLS, with a certificate that it makes and renews itself, and that its replicas
//! share.

/// The webhook configuration and whom it trusts.
mod bundle;
/// A certificate and the authority that signed it.
mod certificate;
/// Classes as files of a directory.
mod classes;
/// The server's settings.
mod config;
/// What is counted.
mod counters;
/// What keeps the webhook from serving, or from being trusted.
mod error;
/// When a certificate ends.
mod expiry;
/// Looks after certificate, webhook configuration and classes.
mod keeper;
/// Which namespaces ask for sidecars.
mod namespaces;
/// What is served.
mod routes;
/// From start to shutdown.
mod run;
/// The Secret that replicas share.
mod secret;
/// Which version the cluster has.
mod version;

pub use certificate::Pair;
pub use classes::read_classes;
pub use config::Config;
pub use error::ServeError;
pub use run::{Running, run};
