//! InfluxDB 1 and 2, VictoriaMetrics and whatever else takes line protocol over HTTP.

mod account;
mod client;
mod config;
mod deliver;
mod handle;
mod parcel;
mod reply;
mod secret;
mod tls;

pub use account::{State, Status};
pub use client::ClientError;
pub use config::{Config, ConfigError, TlsConfig, Version};
pub use handle::{Handle, Sink};
pub use secret::SecretError;
pub use tls::TlsError;
