use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::config::DEFAULT_FILE;
use crate::model::scraped::Kind;
use crate::source::scrape;

fn from_text(text: &str) -> (tempfile::TempDir, Sources) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("podometer.yaml");
    std::fs::write(&file, text).unwrap();
    (directory, Sources { file: Some(file), ..Sources::default() })
}

/// The problems with the directory cut off.
fn complaints(text: &str) -> Vec<String> {
    let (directory, sources) = from_text(text);
    let prefix = format!("{}/", directory.path().display());
    let mut found: Vec<String> = match load(&sources) {
        Ok(loaded) => panic!("{text} is fine: {loaded:?}"),
        Err(problems) => problems.iter().map(|problem| problem.to_string().replace(&prefix, "")).collect(),
    };
    found.sort();
    found
}

fn with_set(arguments: &[&str]) -> Result<Loaded, Vec<Problem>> {
    load(&Sources { set: arguments.iter().map(|&text| text.to_owned()).collect(), ..Sources::default() })
}

/// `#key: value` is a default, `# Text.` is a sentence.
fn uncommented(text: &str) -> String {
    let line = |line: &str| {
        let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
        match rest.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '-') => {
                format!("{indent}{key}\n")
            }
            _ => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

#[test]
fn the_default_file_is_the_defaults() {
    for text in [DEFAULT_FILE.to_owned(), uncommented(DEFAULT_FILE), String::new(), "# nothing\n".to_owned()]
    {
        let (_directory, sources) = from_text(&text);
        assert_eq!(format!("{:?}", load(&sources).unwrap().config), format!("{:?}", Config::default()));
    }
}

/// One step into the configuration: a key, and whether a list stands there.
type Step = (String, bool);

/// The keys that a section knows, as its own complaint about an unknown one lists them; and whether the
/// section is a list of such.
fn keys_below(section: &[Step]) -> Option<(bool, Vec<String>)> {
    [false, true].into_iter().find_map(|list| {
        let mut section = section.to_vec();
        if let Some(last) = section.last_mut() {
            last.1 = list;
        }
        let probe = section.iter().rev().fold("{no_such_key: 1}".to_owned(), |below, (key, list)| {
            if *list { format!("{{{key}: [{below}]}}") } else { format!("{{{key}: {below}}}") }
        });
        let (_directory, sources) = from_text(&probe);
        load(&sources).unwrap_err().into_iter().find_map(|problem| match problem {
            Problem::UnknownKey { known, key, .. } if key.ends_with("no_such_key") => Some((list, known)),
            _ => None,
        })
    })
}

/// Every key that can be set, by its path.
fn known_keys() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let mut sections = vec![Vec::<Step>::new()];
    while let Some(mut section) = sections.pop() {
        let Some((list, keys)) = keys_below(&section) else { continue };
        if let Some(last) = section.last_mut() {
            last.1 = list;
        }
        for key in keys {
            let mut path = section.clone();
            path.push((key, false));
            known.insert(path.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join("."));
            sections.push(path);
        }
    }
    known
}

/// Also takes the "#" from examples, which are set off by three spaces: `  #   key: value`; an example may hold one.
fn with_examples(text: &str) -> String {
    let line = |line: &str| match line.split_once("#   ") {
        Some((indent, rest)) if indent.trim().is_empty() => format!("{indent}    {rest}\n"),
        _ => format!("{line}\n"),
    };
    let outer: String = uncommented(text).lines().map(line).collect();
    outer.lines().map(line).collect()
}

#[test]
fn the_default_file_holds_every_key_and_each_has_a_sentence() {
    let known = known_keys();
    assert!(known.contains("agent.log.level") && known.contains("sampler.windows"), "{known:?}");

    let mut written = BTreeSet::new();
    let mut parents: Vec<(usize, String)> = Vec::new();
    let mut sentence = false;
    for line in with_examples(DEFAULT_FILE).lines() {
        let text = line.trim_start().trim_start_matches("- ");
        let indent = line.len() - text.len();
        let key = text.split_once(':').filter(|(key, _)| !key.contains([' ', '#']));
        let Some((key, _)) = key else {
            sentence = text.starts_with("# ") && text.ends_with('.');
            continue;
        };
        parents.retain(|(depth, _)| *depth < indent);
        parents.push((indent, key.to_owned()));
        assert!(sentence || indent == 0, "no sentence before {line}");
        let path: Vec<&str> = parents.iter().map(|(_, key)| key.as_str()).collect();
        written.insert(path.join("."));
        sentence = false;
    }
    assert_eq!(written, known);
}

#[test]
fn the_examples_of_lists_are_the_defaults_of_their_entries() {
    let mut text = with_examples(DEFAULT_FILE).replace("  tls: null", "  tls:");
    for list in ["influxdb", "metrics", "otlp", "pushgateway", "remote_write", "targets"] {
        text = text.replace(&format!("  {list}: []"), &format!("  {list}:"));
    }
    // Only a JVM has metrics of its own.
    let (_directory, sources) = from_text(&text.replace("kind: prometheus", "kind: jolokia"));
    let expected = crate::sink::influxdb::Config {
        url: "http://127.0.0.1:8086".to_owned(),
        database: Some("telegraf".to_owned()),
        ..Default::default()
    };
    assert_eq!(format!("{:?}", load(&sources).unwrap().config.sinks.influxdb), format!("{:?}", [expected]));
    let sinks = load(&sources).unwrap().config.sinks;
    let otlp = crate::sink::otlp::Config { url: "http://127.0.0.1:4318".to_owned(), ..Default::default() };
    assert_eq!(format!("{:?}", sinks.otlp), format!("{:?}", [otlp]));
    let pushgateway = crate::sink::pushgateway::Config {
        url: "http://127.0.0.1:9091".to_owned(),
        job: "podometer".to_owned(),
        ..Default::default()
    };
    assert_eq!(format!("{:?}", sinks.pushgateway), format!("{:?}", [pushgateway]));
    let remote_write = crate::sink::remote_write::Config {
        url: "http://127.0.0.1:9090/api/v1/write".to_owned(),
        ..Default::default()
    };
    assert_eq!(format!("{:?}", sinks.remote_write), format!("{:?}", [remote_write]));
    let metric = scrape::config::Metric {
        name: "java_memory".to_owned(),
        mbean: "java.lang:type=Memory".to_owned(),
        ..Default::default()
    };
    let target = scrape::config::Target {
        name: "app".to_owned(),
        kind: Kind::Jolokia,
        url: "http://127.0.0.1:8080/metrics".to_owned(),
        metrics: vec![metric],
        ..Default::default()
    };
    assert_eq!(load(&sources).unwrap().config.scrape.targets, [target]);
}

#[test]
fn what_a_sink_refuses_is_told_with_its_file() {
    let good = "{url: 'http://i', database: d}";
    assert_eq!(
        complaints(&format!("sinks: {{influxdb: [{good}, {good}]}}")),
        ["podometer.yaml: sinks.influxdb: two sinks have the name \"influxdb\"; give each its own"]
    );
    let told = complaints("sinks: {influxdb: [{url: 'http://i'}]}");
    assert!(told[0].starts_with("podometer.yaml: sinks.influxdb influxdb: set database"), "{told:?}");
    let told = complaints("sinks: {influxdb: [{urll: 'http://u:hunter2@i', database: d}]}");
    assert_eq!(
        told,
        ["podometer.yaml: unknown key sinks.influxdb[0].urll; did you mean sinks.influxdb[0].url?"]
    );
    let told = complaints("sinks: {influxdb: [{url: 'http://i', database: d, http: {timeout: soon}}]}");
    assert!(
        told[0].starts_with("podometer.yaml: sinks.influxdb[0].http.timeout: is ") && told.len() == 1,
        "{told:?}"
    );
}

#[test]
fn the_server_is_bounded() {
    let complaint = |argument: &str| with_set(&[argument]).unwrap_err()[0].to_string();
    assert_eq!(
        complaint("server.gzip_level=10"),
        "--set: server.gzip_level: \"10\" is above 9; allowed: 1 to 9"
    );
    assert!(complaint("server.listen=here").starts_with("--set: server.listen: \"here\" is "));
    let half = complaint("server.tls={cert_file: a}");
    assert!(half.starts_with("--set: server.tls") && half.contains("lacks key_file"), "{half}");
    let both = with_set(&["server.bearer_token_env=A", "server.bearer_token_file=b"]).unwrap_err();
    assert!(both[0].to_string().contains("bearer_token_env"), "{both:?}");
}

#[test]
fn each_layer_wins_over_the_one_below() {
    let (_directory, mut sources) =
        from_text("sampler: {fast_interval: 20ms, max_units: 100, windows: [10s]}\n");
    sources.environment = vec![
        ("PODOMETER__SAMPLER__FAST_INTERVAL".to_owned(), "30ms".to_owned()),
        ("PODOMETER__SAMPLER__WINDOWS".to_owned(), "[20s, 40s]".to_owned()),
        ("PODOMETER__AGENT__LOG__LEVEL".to_owned(), "debug".to_owned()),
        ("PODOMETER_PORT".to_owned(), "tcp://10.0.0.1:9758".to_owned()),
    ];
    sources.set = vec!["sampler.fast_interval=40ms".to_owned(), "agent.node_name=17".to_owned()];
    let config = load(&sources).unwrap().config;
    assert_eq!(config.sampler.max_units, 100);
    assert_eq!(config.sampler.windows, [20, 40].map(Duration::from_secs));
    assert_eq!(config.sampler.fast_interval, Duration::from_millis(40));
    assert_eq!(config.agent.log.level.name(), "debug");
    assert_eq!(config.agent.node_name.as_deref(), Some("17"));
    sources.set.push("sampler.max_units=".to_owned());
    assert_eq!(load(&sources).unwrap().config.sampler.max_units, Config::default().sampler.max_units);
}

#[test]
fn every_problem_is_found_at_once_and_names_its_place() {
    let text = "sampler:\n  fast_intervall: 1s\n  fast_interval: 5ms\n  max_units: many\n  windows: 15s\n\
                sampeler: {a: 1, b: 2}\nagent: {mode: pod, log: {colour: no}}\npaths:\n";
    assert_eq!(
        complaints(text),
        [
            "podometer.yaml: agent.mode: \"pod\" is not known; allowed: auto, host, node, sidecar, cluster",
            "podometer.yaml: sampler.fast_interval: \"5ms\" is below 10ms; allowed: 10ms to 10s",
            "podometer.yaml: sampler.max_units: \"many\" is not an integer; allowed: an integer",
            "podometer.yaml: sampler.windows: \"15s\" is not a list such as [a, b]; allowed: a list such as [a, b]",
            "podometer.yaml: unknown key agent.log.colour; known here: level, format",
            "podometer.yaml: unknown key sampeler; did you mean sampler?",
            "podometer.yaml: unknown key sampler.fast_intervall; did you mean sampler.fast_interval?",
        ]
    );
}

#[test]
fn the_paths_reach_the_part_that_reads_them() {
    let config = with_set(&["paths.procfs=/host/proc", "procfs.ksm=true"]).unwrap().config.procfs();
    assert_eq!((config.procfs.to_str(), config.ksm), (Some("/host/proc"), true));
    assert!(with_set(&["procfs.procfs=/host/proc"]).is_err(), "one place for each setting");
}

#[test]
fn malformed_files_are_told_with_line_and_column() {
    for (text, complaint) in [
        ("sampler:\n  fast_interval: [1s\n", "podometer.yaml:3:1: "),
        ("sampler:\n\tmax_units: 1\n", "podometer.yaml:2:"),
        ("a: 1\na: 2\n", "podometer.yaml:2:"),
        ("just words\n", "podometer.yaml: "),
        ("a: 1\n---\nb: 2\n", "podometer.yaml: "),
        ("- a\n", "podometer.yaml: "),
    ] {
        let found = complaints(text);
        assert!(found.len() == 1 && found[0].starts_with(complaint), "{text:?}: {found:?}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_a_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let binary = directory.path().join("binary.yaml");
    std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    let huge = directory.path().join("huge.yaml");
    std::fs::write(&huge, "#".repeat(2 << 20)).unwrap();
    for (path, words) in [
        (directory.path().join("absent.yaml"), "podometer config default > FILE"),
        (directory.path().to_owned(), "name the file in that directory"),
        (binary, "save it as UTF-8 text"),
        (huge, "is larger than 1048576 bytes"),
    ] {
        let problems = load(&Sources { file: Some(path.clone()), ..Sources::default() }).unwrap_err();
        let text = problems[0].to_string();
        assert!(text.starts_with(&path.display().to_string()) && text.contains(words), "{text}");
    }
}

#[test]
fn the_environment_and_the_command_line_are_named_too() {
    let sources = Sources {
        environment: vec![
            ("PODOMETER__SAMPLER__FAST".to_owned(), "1s".to_owned()),
            ("PODOMETER__SAMPLER__MAX_UNITS".to_owned(), "1".to_owned()),
        ],
        set: ["nonsense", "sampler.slow_interval=tomorrow", "sampler.windows=[15s"]
            .map(str::to_owned)
            .to_vec(),
        ..Sources::default()
    };
    let mut found: Vec<String> = load(&sources).unwrap_err().iter().map(ToString::to_string).collect();
    found.sort();
    assert_eq!(found.len(), 5, "{found:#?}");
    assert_eq!(found[0], "--set nonsense: has no \"=\"; allowed: --set section.key=value");
    assert!(found[1].starts_with("--set: sampler.slow_interval: \"tomorrow\" is "), "{}", found[1]);
    assert!(found[2].starts_with("--set: sampler.windows: "), "{}", found[2]);
    assert_eq!(
        found[4],
        "PODOMETER__SAMPLER__MAX_UNITS: sampler.max_units: \"1\" is below 16; allowed: 16 to 1000000"
    );
    assert!(
        found[3].starts_with("PODOMETER__SAMPLER__FAST: unknown key sampler.fast; known here: "),
        "{}",
        found[3]
    );
}
