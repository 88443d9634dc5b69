//! Idempotence, and that what is taken out leaves exactly what was there.

use podometer::inject::{Existing, Form, Resources, Settings, View, Work, rewrite};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Absent, null, empty or something.
fn perhaps(empty: Value, some: Vec<Value>) -> impl Strategy<Value = Option<Value>> {
    let mut all: Vec<Option<Value>> = vec![None, Some(Value::Null), Some(empty)];
    all.extend(some.into_iter().map(Some));
    proptest::sample::select(all)
}

fn object(entries: Vec<(&str, Option<Value>)>) -> Value {
    let entries = entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn container() -> impl Strategy<Value = Value> {
    let bounded = json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m"}});
    let resources = perhaps(json!({}), vec![bounded]);
    let ports = perhaps(json!([]), vec![json!([{"containerPort": 9758}]), json!([{"containerPort": 80}])]);
    let user = perhaps(json!({}), vec![json!({"runAsUser": 1000}), json!({"runAsUser": 0})]);
    (proptest::sample::select(vec!["app", "b", "podometer"]), resources, ports, user).prop_map(
        |(name, resources, ports, user)| {
            let name = Some(json!(name));
            object(vec![
                ("name", name),
                ("resources", resources),
                ("ports", ports),
                ("securityContext", user),
            ])
        },
    )
}

fn pod() -> impl Strategy<Value = Value> {
    let annotations = perhaps(
        json!({}),
        vec![
            json!({"a": "b", "prometheus.io/scrape": "false"}),
            json!({"podometer.io/view": "host", "telegraf.influxdata.com/port": "80", "z": "é\n"}),
            json!({"podometer.io/share-process-namespace": "why", "podometer.io/listen-port": "9000"}),
        ],
    );
    let lists = (
        proptest::collection::vec(container(), 1..3),
        perhaps(json!([]), vec![json!([{"name": "init"}])]),
        perhaps(json!([]), vec![json!([{"name": "v", "emptyDir": {}}])]),
    );
    let rest = (
        perhaps(json!(false), vec![json!(true)]),
        perhaps(json!(false), vec![json!(true)]),
        perhaps(json!("Always"), vec![json!("Never")]),
    );
    let metadata = (perhaps(json!({}), vec![json!({"name": "p"})]), annotations);
    (metadata, lists, rest).prop_map(
        |((metadata, annotations), (containers, init, volumes), (host, shares, policy))| {
            let metadata = match (metadata, annotations) {
                (Some(Value::Object(mut map)), Some(annotations)) => {
                    map.insert("annotations".to_owned(), annotations);
                    Some(Value::Object(map))
                }
                (metadata, _) => metadata,
            };
            let spec = object(vec![
                ("containers", Some(Value::Array(containers))),
                ("initContainers", init),
                ("volumes", volumes),
                ("hostNetwork", host),
                ("shareProcessNamespace", shares),
                ("restartPolicy", policy),
            ]);
            let kind = Some(json!("Pod"));
            object(vec![
                ("apiVersion", Some(json!("v1"))),
                ("kind", kind),
                ("metadata", metadata),
                ("spec", Some(spec)),
            ])
        },
    )
}

fn settings() -> impl Strategy<Value = Settings> {
    let form = proptest::sample::select(vec![Form::Native, Form::Container]);
    let view = proptest::sample::select(vec![View::Own, View::NodeAgent, View::Host]);
    (form, view, any::<bool>(), any::<bool>()).prop_map(|(form, view, shares, has_limits)| Settings {
        form,
        view,
        share_processes: shares.then(|| "why".to_owned()),
        resources: if has_limits {
            Resources::default()
        } else {
            Resources { limits_cpu: String::new(), limits_memory: String::new(), ..Resources::default() }
        },
        existing: Existing::Replace,
        ..Settings::default()
    })
}

fn injected(text: &str, settings: &Settings) -> (String, Vec<String>) {
    rewrite(text, Work::Inject(settings)).unwrap()
}

fn removed(text: &str) -> String {
    rewrite(text, Work::Remove).unwrap().0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn twice_is_once_and_what_is_taken_out_leaves_what_was_there(
        pod in pod(),
        settings in settings(),
        others in settings(),
        is_pretty in any::<bool>(),
    ) {
        let text = if is_pretty { serde_json::to_string_pretty(&pod).unwrap() } else { pod.to_string() };
        let (once, remarks) = injected(&text, &settings);
        prop_assert_eq!(&injected(&once, &settings).0, &once);
        prop_assert_eq!(serde_json::from_str::<Value>(&removed(&once)).unwrap(), pod.clone());
        // Either it has one or it was said why it has none.
        let has_one = remarks.iter().any(|remark| remark.ends_with(": injected"));
        prop_assert_eq!(once != text, has_one, "{:?}", remarks);
        prop_assert!(has_one || remarks.iter().any(|remark| remark.contains("left as it is: ")), "{:?}", remarks);
        // With other settings the other sidecar is there, and goes as well.
        let (other, told) = injected(&once, &others);
        prop_assert_eq!(&injected(&other, &others).0, &other);
        prop_assert_eq!(serde_json::from_str::<Value>(&removed(&other)).unwrap(), pod.clone());
        if !told.iter().any(|remark| remark.contains("left as it is")) {
            let fresh: Value = serde_json::from_str(&injected(&text, &others).0).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&other).unwrap(), fresh);
        }
    }

    /// The same pod as YAML.
    #[test]
    fn yaml_and_json_are_the_same(pod in pod(), settings in settings()) {
        // JSON behind a comment is YAML in brackets.
        let yaml = format!("# a comment\n{pod}\n");
        let (once, _) = injected(&yaml, &settings);
        prop_assert_eq!(&injected(&once, &settings).0, &once);
        let compact = pod.to_string();
        let (json, _) = injected(&compact, &settings);
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let again = once.trim_start_matches("# a comment\n").trim_end();
        // What is in double quotes in YAML is so in JSON; ours has plain and single-quoted ones as well.
        if once == yaml {
            prop_assert_eq!(value(again), value(&json));
        }
        prop_assert_eq!(once == yaml, json == compact);
    }

    #[test]
    fn any_text_is_survived(text in "([a-z:\\[\\]{}&*|>'\"#!% -]|\n|kind: Pod\n|---\n|apiVersion: v1\n|spec: ){0,60}") {
        if let Ok((same, _)) = rewrite(&text, Work::Remove) {
            prop_assert_eq!(same, text);
        }
    }
}
