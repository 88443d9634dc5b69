//! The HTTP server: scrapes, documents and probes of the newest snapshot, with every connection bounded.

mod body;
mod compress;
mod config;
mod counters;
mod error;
mod listen;
pub mod negotiate;
mod review;
mod routes;
mod state;
mod timed_io;
mod tls;
mod token;

pub use config::{Config, TlsConfig};
pub use counters::Counters;
pub use error::ServerError;
pub use listen::{Prepared, prepare, serve, serve_routes};
pub use review::{Asking, Authority, User};
pub use state::{Document, Report, State};
pub use tls::{Tls, server_config};
