//! What the encoders for sinks hand out: bytes that nobody needs to understand, and how many points they hold.

use bytes::Bytes;

/// One request's worth of points, encoded and not yet compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub body: Bytes,
    /// Lines, samples or data points: what the account of a sink counts.
    pub points: u64,
}
