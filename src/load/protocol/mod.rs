//! The seam of protocols: each knows how to ask and what an answer is, and nothing of schedules.

/// HTTP/1.1 by hand: the hot path.
pub mod http1;
/// HTTP/2 by the `h2` library: what has no IO.
pub mod http2;
/// Where a request goes.
mod url;

pub use url::Origin;
