//! The names of metrics in a query of Prometheus, found without its grammar: a word that is no function, keyword,
//! label or duration.

use std::collections::BTreeSet;

const KEYWORDS: [&str; 12] = [
    "and",
    "or",
    "unless",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "offset",
    "inf",
];

/// What is followed by a list of labels.
const LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// All metrics that a query names.
pub(crate) fn metrics(query: &str) -> BTreeSet<String> {
    let (mut found, mut rest) = (BTreeSet::new(), query);
    while let Some(start) = rest.find(|each: char| each.is_ascii_alphanumeric() || "_:\"{[$".contains(each)) {
        rest = &rest[start..];
        let first = rest.as_bytes()[0];
        rest = match first {
            b'"' => after(&rest[1..], '"'),
            b'{' => labels_end(&rest[1..]),
            b'[' => after(rest, ']'),
            _ => {
                let end = rest
                    .find(|each: char| !(each.is_ascii_alphanumeric() || "_:$".contains(each)))
                    .unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                let next = behind.trim_start();
                if LISTS.contains(&word) && next.starts_with('(') {
                    after(next, ')')
                } else {
                    let is_function = next.starts_with('(') || takes_labels(next) || KEYWORDS.contains(&word);
                    if !is_function && !first.is_ascii_digit() && first != b'$' {
                        found.insert(word.to_owned());
                    }
                    behind
                }
            }
        };
    }
    found
}

/// All labels that a query names: those of its selectors, and those that it groups and joins by.
pub(crate) fn labels(query: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut take = |text: &str| {
        let names = text.split(',').map(|part| part.split(['=', '!']).next().unwrap_or_default().trim());
        found.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
    };
    // What a value holds names nothing.
    let bare: String = query.split('"').step_by(2).collect();
    for part in bare.split('{').skip(1) {
        take(part.split('}').next().unwrap_or_default());
    }
    for list in LISTS {
        for part in bare.split(list).skip(1).filter_map(|part| part.trim_start().strip_prefix('(')) {
            take(part.split(')').next().unwrap_or_default());
        }
    }
    found
}

/// Whether an aggregation is what stands before: `sum by (...)`.
fn takes_labels(next: &str) -> bool {
    ["by", "without"]
        .iter()
        .any(|word| next.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with('(')))
}

/// Behind the end of a selector, whose values may hold braces.
fn labels_end(text: &str) -> &str {
    let mut is_quoted = false;
    for (at, each) in text.char_indices() {
        match each {
            '"' => is_quoted = !is_quoted,
            '}' if !is_quoted => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

fn after(text: &str, end: char) -> &str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

#[test]
fn names_are_found_and_nothing_else_is() {
    for (query, wanted) in [
        (
            "sum by (a, b) (rate(x_total{l=\"y}\",m!=\"z\"}[5m])) / on (a) group_left (c) w > 0.1",
            vec!["w", "x_total"],
        ),
        (
            "histogram_quantile(0.95, sum(rate(x_bucket[$__rate_interval])) by (le)) or vector(0)",
            vec!["x_bucket"],
        ),
        ("(a == 0) or on () max by (n) (b) unless c offset 1h", vec!["a", "b", "c"]),
        ("topk(15, a{b=~\"$c\"}) * 1000", vec!["a"]),
    ] {
        assert_eq!(metrics(query).into_iter().collect::<Vec<_>>(), wanted, "{query}");
    }
}

#[test]
fn labels_are_found() {
    let query = "sum by (a, b) (x{c=~\"{,}\",d!=\"e\"}) / on (f) group_left (g) y";
    assert_eq!(labels(query).into_iter().collect::<String>(), "abcdfg");
}
