//! No text makes the reader panic: neither any bytes nor words in any order.

use podometer::load::flow::JsonPath;
use proptest::prelude::*;

use crate::reading::read;

#[rustfmt::skip]
const WORDS: [&str; 60] = [
    "\n", "\n  ", "\n    ", "\n- ", "\n  - ", ": ", ", ", "{", "}", "[", "]", "'", "\"", "${", "}", ":-", "$${", "&a ", "*a", "|", "<<", "!!str ",
    "flows", "default", "get", "http://h/", "post", "json", "form", "check", "status", "json $.a", "extract", "id", "$.id", "$[?@.a]", "regex (",
    "group", "steps", "mix", "batch", "sleep", "1s-", "3s", "scenarios", "executor", "constant-vus", "duration", "stages", "thresholds",
    "http_reqs", "count<1", "env", "data", "users.csv", "set", "record", "__VU", "options", "metrics",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn any_text(text in "\\PC{0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn words_in_any_order(words in proptest::collection::vec(0..WORDS.len(), 0..60)) {
        let text: String = words.into_iter().map(|word| WORDS[word]).collect();
        let _ = read(&text);
    }

    #[test]
    fn any_value_in_a_place(place in 0..9usize, value in "[ -~]{0,30}") {
        let value = value.replace('\'', "''");
        let texts = [
            "flows: {default: [{get: 'http://h/@'}]}",
            "flows: {default: [{get: '@'}]}",
            "flows: {default: [{sleep: '@'}]}",
            "flows: {default: [{get: 'http://h', check: {'@': '5'}}]}",
            "flows: {default: [{get: 'http://h', check: {body: '@'}}]}",
            "flows: {default: [{get: 'http://h', extract: {id: '@'}}]}",
            "flows: {default: [{post: 'http://h', json: '@'}]}",
            "thresholds: {'@': '@'}",
            "duration: '@'",
        ];
        let _ = read(&texts[place].replace('@', &value));
    }

    #[test]
    fn any_path(path in "\\$[$.\\[\\]'\"?@*0-9a-c:,<>=!&|() -]{0,30}", document in "[\\[\\]{}\"a-c0-9:,\\\\]{0,30}") {
        if let Ok(path) = JsonPath::parse(&path) {
            let _ = path.find(document.as_bytes());
            let _ = path.find(br#"{"a": [1, {"b": [2, "c"]}], "b": null}"#);
        }
    }
}
