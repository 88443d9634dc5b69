//! No text makes the reader panic or exhaust its stack, and whatever comes of one can be read.

use std::path::Path;

use podometer::load::import::import;
use proptest::prelude::*;

use crate::reading::{parsed, script};
use crate::scripts::NAMES;

#[rustfmt::skip]
const WORDS: [&str; 72] = [
    "\n", ";", ",", "(", ")", "{", "}", "[", "]", "=>", "=", "===", "!==", "<", ">", "&&", "||", "!", "?", ":", "+", "*", "...", "`", "${", "'", "\"", "/",
    "import http from 'k6/http';", "import { check, sleep, group } from 'k6';", "import { Rate } from 'k6/metrics';", "export default function () {",
    "export const options = {", "export function setup() {", "http.get(", "http.post(", "http.batch(", "check(res, {", "res", "res.status", "res.json('a.b')",
    "res.body.includes('x')", "(r) => r.status === 200", "'http://h/'", "`http://h/${id}`", "const res = ", "const id = ", "let x = ", "x += 1", "sleep(1)", "Math.random()", "Math.floor(",
    "if (", "else", "for (let i = 0; i < 3; i++) {", "for (const a of [1, 2]) {", "return", "__ENV.A", "__VU", "JSON.stringify(", "new Rate('e')", "e.add(", "group('g', () => {", "async", "await", "vus: 5", "duration: '1s'",
    "stages: [", "thresholds: {", "open('a.json')", "JSON.parse(", "undefined",
];

fn survives(text: &str) {
    if let Ok(imported) = import(Path::new("s.js"), text) {
        parsed(&imported.yaml);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_text(text in "\\PC{0,80}") {
        survives(&text);
    }

    #[test]
    fn words_in_any_order(words in proptest::collection::vec(0..WORDS.len(), 0..50)) {
        let text: Vec<&str> = words.into_iter().map(|word| WORDS[word]).collect();
        survives(&text.join(" "));
        survives(&format!("import http from 'k6/http';\nexport default () => {{ {} }};", text.join(" ")));
    }

    #[test]
    fn scripts_that_were_cut_or_changed(which in 0..NAMES.len(), from in 0.0..1.0f64, len in 0..40usize, word in 0..WORDS.len(), is_cut: bool) {
        let text = script(NAMES[which]);
        let boundary = |mut at: usize| {
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = boundary((text.len() as f64 * from) as usize);
        let end = boundary((start + len).min(text.len()));
        let word = if is_cut { "" } else { WORDS[word] };
        survives(&format!("{}{word}{}", &text[..start], &text[end..]));
        survives(&text[..start]);
    }
}

#[test]
fn nothing_nests_too_deeply() {
    for way in [
        "(",
        "[",
        "{",
        "!",
        "a=>",
        "a?b:",
        "if(a)",
        "if(a);else ",
        "`${",
        "a.b(",
        "x=",
        "new ",
        "-",
        "typeof ",
        "async()=>",
        "function f(){",
    ] {
        let deep = way.repeat(100_000);
        assert!(import(Path::new("s.js"), &deep).is_err(), "{way}");
        // As deep as is allowed.
        survives(&way.repeat(300));
    }
    // Long, and not deep for the parser.
    for text in ["a + ", "a.b.", "f()", "a, ", "'x' + "] {
        survives(&format!("export default () => {{ const y = {}1; }};", text.repeat(20_000)));
    }
    let lines = |last: usize, line: fn(usize) -> String| (1..last).map(line).collect::<Vec<_>>().concat();
    let doubled = lines(60, |at| format!("const a{at} = a{} + a{};\n", at - 1, at - 1));
    survives(&format!("const a0 = 'xxxxxxxx';\n{doubled}export default () => {{}};"));
    let listed = lines(60, |at| format!("const a{at} = [a{}, a{}];\n", at - 1, at - 1));
    survives(&format!("const a0 = [1];\n{listed}export default () => {{}};"));
    let calls = lines(40, |at| format!("const f{at} = (x) => f{}(f{}(x));\n", at - 1, at - 1));
    survives(&format!("const f0 = (x) => x;\n{calls}export default () => {{ f39(1); }};"));
}
