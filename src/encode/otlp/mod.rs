//! OTLP metrics: export requests in OpenTelemetry's own message types.

mod encoder;
mod message;
mod pack;
mod resource;
mod split;
mod walk;

pub use encoder::{Encoder, Options};
pub use split::split;
