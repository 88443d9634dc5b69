//! What a check asks of a response.

use crate::load::protocol::http1::Reader;

/// Holds or does not; a request without a response fails all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The status is this one.
    Status(u16),
}

impl Condition {
    pub(super) fn holds(&self, reader: &Reader) -> bool {
        match self {
            Condition::Status(status) => reader.response().status == *status,
        }
    }
}
