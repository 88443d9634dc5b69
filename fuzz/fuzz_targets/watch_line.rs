//! Lines of a watch and pages of a list, in any order: the register stays within its bound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podometer::identity::{Allowed, Register};
use tokio::time::Instant;

fuzz_target!(|text: &[u8]| {
    let keys = vec!["app*".to_owned()];
    let mut register = Register::new(Allowed { labels: keys.clone(), annotations: keys }, 4);
    let now = Instant::now();
    for line in text.split(|&byte| byte == b'\n') {
        if register.line("fuzz", line, now).is_err() {
            register.begin_list();
            let _ = register.page("fuzz", line);
            register.end_list(now);
        }
        assert!(register.len() <= 4);
    }
    if let Some(directory) = register.publish() {
        assert!(directory.pods().all(|pod| directory.pod(&pod.uid).is_some()));
    }
});
