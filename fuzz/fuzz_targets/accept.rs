//! Any `Accept` and `Accept-Encoding`.
#![no_main]

use axum::http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use podometer::server::negotiate::{accepts_gzip, format_for};

fuzz_target!(|input: (&[u8], &[u8])| {
    let mut headers = HeaderMap::new();
    for (name, value) in [(ACCEPT, input.0), (ACCEPT_ENCODING, input.1)] {
        let Ok(value) = HeaderValue::from_bytes(value) else { return };
        headers.insert(name, value);
    }
    accepts_gzip(&headers);
    let choice = format_for(&headers);
    assert!(HeaderValue::from_str(&choice.content_type).is_ok(), "{:?}", choice.content_type);
});
