//! The kubelet's documents, read again and again into the feeds.

/// Whether the kubelet is asked, and where.
pub(super) mod endpoint;
/// Both documents' state as that of one source.
mod joint;
mod task;

pub(super) use task::start;
