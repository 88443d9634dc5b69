//! Any document in the place of the kubelet's list of pods.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podometer::identity::directory::Directory;

fuzz_target!(|document: &[u8]| {
    let _ = Directory::parse("fuzz", document, &["app".to_owned(), "*".to_owned()], 1);
});
