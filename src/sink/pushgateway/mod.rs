//! Prometheus' Pushgateway: for what lives too shortly to be scraped, or where nobody can reach.

mod config;
/// The path that names a group.
mod group;
/// Requests, and what answers mean.
mod protocol;
/// The table behind that.
mod reply;

pub use config::{Config, Method, PushedPage};
