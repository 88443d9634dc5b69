//! Requests to a sink's servers: one at a time, each with a deadline over all of it.

/// What a sink shows to be let in.
mod access;
/// The servers of a sink, and which of them is asked.
mod client;
/// One connection, direct or through a proxy.
mod connection;
/// A server's address.
mod endpoint;
/// When a file is another than before.
mod file;
/// Which proxy stands in between.
mod proxy;
/// A password or token in its place.
mod secret;
/// Whom an `https` connection trusts, and how we show who we are.
mod tls;

pub(super) use access::Access;
pub use client::StartError;
pub(super) use client::{Client, SendError, Servers};
pub(super) use endpoint::{percent_encode, url_fault};
pub(super) use proxy::fault as proxy_fault;
pub use secret::SecretError;
pub(super) use secret::{Secret, TwoPlaces};
pub use tls::{TlsConfig, TlsError};
