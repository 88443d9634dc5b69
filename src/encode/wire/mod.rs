//! The wire format of protocol buffers, written and read by hand: `fields` both ways, and the `buckets` of native
//! histograms, which every message of Prometheus writes alike.

mod buckets;
mod fields;

pub(in crate::encode) use buckets::{push_deltas, push_spans};
pub(in crate::encode) use fields::{
    BYTES, Fields, VARINT, push_double, push_key, push_string, push_varint, string_len, varint_len, zigzag,
};
