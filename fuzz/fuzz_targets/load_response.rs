//! Any bytes of a server to the load generator, in two parts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podometer::load::protocol::http1::{Keep, Progress, Reader};

fuzz_target!(|input: (bool, &[u8], &[u8])| {
    let (is_head, first, second) = input;
    let mut reader = Reader::default();
    reader.begin(is_head, Keep { head: true, news: true, content: 1 << 10 });
    let progress = reader.read(first);
    if progress == Ok(Progress::More) {
        let _ = reader.read(second);
    }
    let response = reader.response();
    assert!(response.wire_bytes >= response.body_bytes);
    assert!(reader.content().len() <= 1 << 10);
    let _ = reader.field("content-type");
    let _ = reader.closed();
});
