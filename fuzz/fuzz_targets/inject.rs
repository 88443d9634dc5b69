//! Any manifests, injected and taken out again; any review, which is always allowed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podometer::inject::{Asked, Settings, Work, judge, rewrite};

fuzz_target!(|input: &[u8]| {
    let settings = Settings::default();
    let answer = judge(input, Asked::ByNamespace, "podometer", &settings);
    assert!(answer.document.contains("\"allowed\":true"), "a pod is refused");
    let text = String::from_utf8_lossy(input);
    if let Ok((once, _)) = rewrite(&text, Work::Inject(&settings)) {
        let (twice, _) = rewrite(&once, Work::Inject(&settings)).expect("what was written is read");
        assert_eq!(twice, once, "a second time changes something");
        rewrite(&once, Work::Remove).expect("what was written is read");
    }
});
