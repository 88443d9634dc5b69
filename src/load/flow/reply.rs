//! What an answer is to checks and extraction. The engine implements it over its own buffers, so that nothing is
//! copied to be looked at.

use crate::load::span::Span;

/// An answer that arrived.
pub trait Reply {
    fn status(&self) -> u16;

    /// The first header of that name, whatever its case.
    fn header(&self, name: &str) -> Option<&[u8]>;

    /// Empty where it was not kept; see [`Request::needs_body`](super::Request::needs_body).
    fn body(&self) -> &[u8];

    /// As `http_req_duration`.
    fn duration(&self) -> Span;
}
