//! The filter by a table of cases, and against a plain version that reads each line with another parser.

use std::collections::BTreeMap;

use influxdb_line_protocol::parse_lines;
use proptest::prelude::*;

use super::*;

const LINES: &str = "cpu,cpu=cpu0,host=n1 usage_idle=90,usage_user=1 5\n\
                     cpu,cpu=cpu-total,host=n1 usage_idle=95,usage_user=2 5\n\
                     disk\\ io,host=n1,path=/a\\ b note=\"x, y=\\\"z\\\" \",reads=1i 5\n\
                     mem,host=n1 free=7i 5\n";

fn filter(json: &str) -> Result<Filter, FilterError> {
    Filter::new(&serde_json::from_str(json).unwrap())
}

fn applied(json: &str) -> (String, u64) {
    let (lines, filtered) = filter(json).unwrap().apply(LINES.into());
    (String::from_utf8(lines).unwrap(), filtered)
}

#[test]
fn each_rule_does_what_its_name_says() {
    let lines: Vec<&str> = LINES.split_inclusive('\n').collect();
    let [cpu0, total, disk, mem] = lines[..] else { panic!("four lines") };
    for (rules, expected, filtered) in [
        ("{}", LINES.to_owned(), 0),
        (r#"{"namepass": ["cpu", "m?m"]}"#, [cpu0, total, mem].concat(), 1),
        (r#"{"namedrop": ["c*", "disk io"]}"#, mem.to_owned(), 3),
        (r#"{"namepass": ["*"], "namedrop": ["mem"]}"#, [cpu0, total, disk].concat(), 1),
        (r#"{"tagpass": {"cpu": ["cpu[0-9]"], "path": ["/a b"]}}"#, [cpu0, disk].concat(), 2),
        (r#"{"tagdrop": {"cpu": ["cpu-total"]}}"#, [cpu0, disk, mem].concat(), 1),
        (r#"{"tagpass": {"host": ["n1"]}, "tagdrop": {"cpu": ["*"], "path": ["*"]}}"#, mem.to_owned(), 3),
        (
            r#"{"fieldinclude": ["usage_*", "reads"], "fieldexclude": ["*_user"]}"#,
            "cpu,cpu=cpu0,host=n1 usage_idle=90 5\ncpu,cpu=cpu-total,host=n1 usage_idle=95 5\n\
             disk\\ io,host=n1,path=/a\\ b reads=1i 5\n"
                .to_owned(),
            1,
        ),
        (r#"{"fieldpass": ["free"]}"#, mem.to_owned(), 3),
        (r#"{"fielddrop": ["usage_*", "reads"], "fieldexclude": ["note"]}"#, mem.to_owned(), 3),
        (
            r#"{"taginclude": ["cpu", "path"], "namedrop": ["mem"]}"#,
            "cpu,cpu=cpu0 usage_idle=90,usage_user=1 5\ncpu,cpu=cpu-total usage_idle=95,usage_user=2 5\n\
             disk\\ io,path=/a\\ b note=\"x, y=\\\"z\\\" \",reads=1i 5\n"
                .to_owned(),
            1,
        ),
        (r#"{"tagexclude": ["*"], "namepass": ["mem"]}"#, "mem free=7i 5\n".to_owned(), 3),
        // The points are chosen before their tags go.
        (
            r#"{"tagpass": {"cpu": ["cpu0"]}, "tagexclude": ["cpu"]}"#,
            "cpu,host=n1 usage_idle=90,usage_user=1 5\n".to_owned(),
            3,
        ),
    ] {
        assert_eq!(applied(rules), (expected, filtered), "{rules}");
    }
}

#[test]
fn what_passes_untouched_stays_the_same_memory() {
    let lines: Vec<u8> = LINES.into();
    let address = lines.as_ptr();
    let (same, filtered) = filter("{}").unwrap().apply(lines);
    assert_eq!((same.as_ptr(), filtered), (address, 0));
    // No line of the protocol, and one without its end.
    let odd = b"# comment\n\nmem free=7i";
    assert_eq!(filter(r#"{"namepass": ["mem"]}"#).unwrap().apply(odd.to_vec()), (odd.to_vec(), 0));
}

#[test]
fn mistakes_name_key_and_pattern() {
    for (rules, told) in [
        (r#"{"namepass": ["a", "[b"]}"#, "filter.namepass pattern \"[b\" has a [ without its ]"),
        (r#"{"tagdrop": {"cpu": ["{a,b}"]}}"#, "filter.tagdrop.cpu pattern \"{a,b}\" braces are not known"),
        (r#"{"tagpass": {"cpu": []}}"#, "filter.tagpass.cpu has no pattern"),
        (r#"{"fieldpass": ["[]"]}"#, "filter.fieldpass "),
    ] {
        let error = filter(rules).unwrap_err().to_string();
        assert!(error.starts_with(told), "{error}");
    }
    assert!(serde_json::from_str::<FilterConfig>(r#"{"namepas": []}"#).is_err());
}

/// A point with its names as they are meant, and values as text.
type Point = (String, Vec<(String, String)>, Vec<(String, String)>, i64);

fn read(text: &str) -> Vec<Point> {
    let point = |line: influxdb_line_protocol::ParsedLine<'_>| {
        let tags = line.series.tag_set.iter().flatten();
        (
            line.series.measurement.to_string(),
            tags.map(|(key, value)| (key.to_string(), value.to_string())).collect(),
            line.field_set.iter().map(|(key, value)| (key.to_string(), format!("{value:?}"))).collect(),
            line.timestamp.unwrap(),
        )
    };
    parse_lines(text).map(|line| point(line.unwrap())).collect()
}

/// The pattern tried in every way, without a thought for speed.
fn plain_match(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=text.len()).any(|skip| plain_match(rest, &text[skip..])),
        (['[', a, b, ']', rest @ ..], [first, more @ ..]) => {
            (first == a || first == b) && plain_match(rest, more)
        }
        (['?', rest @ ..], [_, more @ ..]) => plain_match(rest, more),
        ([one, rest @ ..], [first, more @ ..]) => one == first && plain_match(rest, more),
        _ => false,
    }
}

fn hits(patterns: &[String], text: &str) -> bool {
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    patterns.iter().any(|pattern| plain_match(&chars(pattern), &chars(text)))
}

fn takes(include: &[String], exclude: &[String], name: &str) -> bool {
    (include.is_empty() || hits(include, name)) && !hits(exclude, name)
}

/// The rules once more, on points instead of bytes.
fn slow(config: &FilterConfig, points: Vec<Point>) -> Vec<Point> {
    let tagged = |rules: &BTreeMap<String, Vec<String>>, tags: &[(String, String)]| {
        tags.iter().any(|(key, value)| rules.get(key).is_some_and(|patterns| hits(patterns, value)))
    };
    let include = [&config.fieldinclude[..], &config.fieldpass].concat();
    let exclude = [&config.fieldexclude[..], &config.fielddrop].concat();
    let mut left = Vec::new();
    for (name, mut tags, mut fields, time) in points {
        if !takes(&config.namepass, &config.namedrop, &name)
            || (!config.tagpass.is_empty() && !tagged(&config.tagpass, &tags))
            || tagged(&config.tagdrop, &tags)
        {
            continue;
        }
        fields.retain(|(key, _)| takes(&include, &exclude, key));
        tags.retain(|(key, _)| takes(&config.taginclude, &config.tagexclude, key));
        if !fields.is_empty() {
            left.push((name, tags, fields, time));
        }
    }
    left
}

/// Short names in which what must be escaped is frequent, so that patterns hit often.
fn name() -> impl Strategy<Value = String> {
    let char = prop::sample::select(vec!['a', 'b', 'a', 'b', ',', '=', ' ', '"', '\\', 'é']);
    prop::collection::vec(char, 1..4).prop_map(|chars| chars.into_iter().collect())
}

fn pattern() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec!["a", "b", "*", "?", "[ab]", "[a,]", ",", "=", " ", "\"", "é"]);
    prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(pattern(), 1..3)]
}

fn tag_patterns() -> impl Strategy<Value = BTreeMap<String, Vec<String>>> {
    let some = prop::collection::btree_map(name(), prop::collection::vec(pattern(), 1..3), 1..3);
    prop_oneof![2 => Just(BTreeMap::new()), 1 => some]
}

fn rules() -> impl Strategy<Value = FilterConfig> {
    let lists = prop::collection::vec(patterns(), 8);
    (lists, tag_patterns(), tag_patterns()).prop_map(|(lists, tagpass, tagdrop)| {
        let mut lists = lists.into_iter();
        let mut next = || lists.next().unwrap();
        FilterConfig {
            namepass: next(),
            namedrop: next(),
            tagpass,
            tagdrop,
            fieldinclude: next(),
            fieldexclude: next(),
            fieldpass: next(),
            fielddrop: next(),
            taginclude: next(),
            tagexclude: next(),
        }
    })
}

fn lines() -> impl Strategy<Value = String> {
    let pairs = || prop::collection::vec((name(), name()), 0..4);
    prop::collection::vec((name(), pairs(), pairs(), any::<bool>()), 1..6).prop_map(|points| {
        let mut out = Vec::new();
        let mut writer = LineWriter::new(&mut out);
        for (measurement, tags, fields, numeric) in points {
            writer.measurement(&measurement);
            for (key, value) in &tags {
                writer.tag(key, value);
            }
            for (key, value) in &fields {
                writer.text(key, value);
            }
            if numeric {
                writer.integer("ab", 7);
            }
            writer.end(5);
        }
        writer.finish();
        String::from_utf8(out).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn bytes_and_points_agree(text in lines(), config in rules()) {
        let before = read(&text);
        let count = before.len();
        let expected = slow(&config, before);
        let (passed, filtered) = Filter::new(&config).unwrap().apply(text.into_bytes());
        let passed = String::from_utf8(passed).unwrap();
        prop_assert_eq!(filtered as usize, count - expected.len());
        prop_assert_eq!(read(&passed), expected, "{}", passed);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..60), config in rules()) {
        let (passed, _) = Filter::new(&config).unwrap().apply(bytes.clone());
        prop_assert!(passed.len() <= bytes.len());
    }
}
