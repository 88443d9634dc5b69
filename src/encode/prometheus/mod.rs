//! The Prometheus exposition formats: text 0.0.4, OpenMetrics 1.0 and delimited protobuf.
//!
//! A [`LabelCache`] keeps each unit's labels serialised; an [`Encoder`] walks the tables of a page over one
//! snapshot and hands out the document in chunks.

mod encoder;
mod labels;
mod page;
mod protobuf;
mod push;
mod text;

pub(in crate::encode) use encoder::{Dialect, Row, Walk};
pub use encoder::{Encoder, Options};
pub use labels::{LabelCache, Plan};
pub(in crate::encode) use labels::{Syntax, window_label};
pub use page::{Format, Page, Table};
pub use push::{LABELS, Pusher};
pub(in crate::encode) use text::{CLASSIC_BOUNDS, classic_counts};
