use super::super::config::Metric;
use super::*;

fn metric(name: &str, mbean: &str, paths: &[&str], tag_keys: &[&str]) -> Metric {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Metric {
        name: name.to_owned(),
        mbean: mbean.to_owned(),
        paths: texts(paths),
        tag_keys: texts(tag_keys),
        field_prefix: None,
    }
}

fn answers(metrics: Vec<Metric>, text: &str) -> Answers {
    parse_answers(text.as_bytes(), &Questions::new(metrics), 1000).unwrap()
}

/// Every point on a line of its own.
fn shown(metrics: Vec<Metric>, text: &str) -> Vec<String> {
    let answers = answers(metrics, text);
    assert_eq!((answers.parsed.faults, answers.refusal), (0, None), "{text}");
    let line = |point: &Point| {
        let tags =
            point.tags.iter().fold(String::new(), |all, (key, value)| all + &format!(",{key}={value}"));
        let field = |(name, value): &(Box<str>, Value)| match value {
            Value::Float(number) => format!("{name}={number}"),
            Value::Text(text) => format!("{name}={text:?}"),
            Value::Boolean(is_set) => format!("{name}={is_set}"),
        };
        let fields: Vec<String> = point.fields.iter().map(field).collect();
        format!("{}{tags} {}", point.measurement, fields.join(","))
    };
    answers.parsed.value.iter().map(line).collect()
}

#[test]
fn nested_values_are_named_with_dots_and_null_is_absent() {
    let memory = metric("java_memory", "java.lang:type=Memory", &["HeapMemoryUsage", "Pending"], &[]);
    let text = r#"[{"status":200,"value":{"HeapMemoryUsage":{"used":8482208,"max":-1},"Pending":null}}]"#;
    assert_eq!(
        shown(vec![memory], text),
        ["java_memory HeapMemoryUsage.max=-1,HeapMemoryUsage.used=8482208"]
    );
    // A single attribute comes without its name, a part of one even more so.
    let one = metric("m", "d:type=X", &["Uptime", "Heap/used/now"], &[]);
    let text = r#"[{"status":200,"value":17},{"status":200,"value":{"a":true,"b":"x","c":[1]}}]"#;
    assert_eq!(shown(vec![one], text), ["m Uptime=17,Heap.used.now.a=true,Heap.used.now.b=\"x\""]);
    // Without paths every attribute is a field.
    let all = metric("m", "d:type=X", &[], &[]);
    assert_eq!(shown(vec![all.clone()], r#"[{"status":200,"value":{"A":1,"B":{"c":2}}}]"#), ["m A=1,B.c=2"]);
    assert_eq!(shown(vec![all], r#"[{"status":200,"value":3}]"#), ["m value=3"]);
}

#[test]
fn each_bean_of_a_pattern_is_a_point_with_its_tags() {
    let pools = metric("pool", "java.lang:name=*,type=MemoryPool", &["Peak", "Usage"], &["name"]);
    let text = r#"[{"status":200,"value":{
        "java.lang:name=G1 Eden Space,type=MemoryPool":{"Usage":{"used":1},"Peak":null},
        "java.lang:name=\"CodeHeap 'x'\",type=MemoryPool":{"Usage":{"used":2},"Peak":{"used":3}},
        "java.lang:name=Empty,type=MemoryPool":{"Usage":null,"Peak":null}}}]"#;
    assert_eq!(
        shown(vec![pools], text),
        ["pool,name=CodeHeap 'x Peak.used=3,Usage.used=2", "pool,name=G1 Eden Space Usage.used=1"]
    );
    // Telegraf names it twice: below a pattern even a single attribute comes with its name.
    let last = metric("last", "java.lang:name=*,type=GarbageCollector", &["LastGcInfo"], &["name"]);
    let text = r#"[{"status":200,"value":{"java.lang:name=G1,type=GarbageCollector":{"LastGcInfo":{"duration":4}}}}]"#;
    assert_eq!(shown(vec![last], text), ["last,name=G1 LastGcInfo.LastGcInfo.duration=4"]);
}

#[test]
fn points_of_the_same_name_and_tags_become_one() {
    let (a, b) = (metric("m", "d:type=A", &["X"], &[]), metric("m", "d:type=B", &["Y"], &[]));
    let text = r#"[{"status":200,"value":1},{"status":200,"value":2}]"#;
    assert_eq!(shown(vec![a, b], text), ["m X=1,Y=2"]);
}

#[test]
fn a_prefix_takes_what_the_pattern_left_open() {
    let mut metric = metric("topics", "kafka:name=*,type=T,topic=*", &[], &["topic"]);
    metric.field_prefix = Some("$1.".to_owned());
    let text = r#"[{"status":200,"value":{"kafka:name=Bytes,type=T,topic=a":{"Count":1},"kafka:name=Rate,type=T,topic=a":{"Count":2}}}]"#;
    assert_eq!(shown(vec![metric], text), ["topics,topic=a Bytes.Count=1,Rate.Count=2"]);
}

#[test]
fn what_is_not_there_is_no_fault_and_what_is_refused_is() {
    let metrics = || {
        let of = |name| metric("m", &format!("d:type={name}"), &["X"], &[]);
        vec![of("A"), of("B"), of("C"), of("D")]
    };
    let text = r#"[{"status":200,"value":1},{"status":404,"error":"no such bean"},
        {"status":403,"error":"not\nallowed"},{"no":"status"}]"#;
    let found = answers(metrics(), text);
    assert_eq!((found.parsed.samples, found.parsed.faults, found.absent), (1, 2, 1));
    assert_eq!(found.refusal.unwrap(), "d:type=C: 403: not allowed");
    let pattern = metric("m", "d:type=*", &[], &[]);
    assert_eq!(answers(vec![pattern], r#"[{"status":200,"value":7}]"#).parsed.faults, 1);
    for (text, problem) in [
        ("", "is no JSON"),
        ("[{\"status\":200", "is no JSON"),
        ("{\"status\":500,\"error\":\"x\"}", "is refused: x"),
        ("7", "is no list of answers"),
        ("[]", "holds 0 answers to 4 questions"),
    ] {
        let said = parse_answers(text.as_bytes(), &Questions::new(metrics()), 10).unwrap_err();
        assert!(said.starts_with(problem), "{text}: {said}");
    }
}

#[test]
fn fields_beyond_the_bound_are_counted() {
    let all = metric("m", "d:type=X", &[], &[]);
    let text = br#"[{"status":200,"value":{"A":1,"B":2,"C":3}}]"#;
    let found = parse_answers(text, &Questions::new(vec![all]), 2).unwrap();
    assert_eq!((found.parsed.samples, found.parsed.faults), (2, 1));
    assert_eq!(found.parsed.value[0].fields.len(), 2);
}
