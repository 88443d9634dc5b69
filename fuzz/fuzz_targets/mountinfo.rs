//! Any mount table.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podometer::source::cgroup::mounts::{parse_mountinfo, survey};

fuzz_target!(|text: &str| {
    survey(&parse_mountinfo(text));
});
