//! Plans, targets and servers for the tests.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use podometer::load::engine::{self, Observer, Plan, Settings, Tick};
use podometer::load::file::{self, File, Surroundings};
use podometer::load::metric::BUILT_IN;
use podometer::load::results::{Results, Values};
use podometer::load::scenario::{Draft, Scenario};
use podometer::load::shortcuts::Shortcuts;
use podometer::load::threshold::{Threshold, ThresholdDraft};
use podometer::target::{Config, Target};

/// Hears what is said to people.
#[derive(Default)]
pub(crate) struct Listener(pub(crate) Vec<String>);

impl Observer for Listener {
    fn second(&mut self, _: &Tick<'_>) {}

    fn ending(&mut self, reason: &str) {
        self.0.push(reason.to_owned());
    }

    fn note(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

pub(crate) fn target() -> Target {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    // Whoever waits for an answer of a minute at the end waits in vain.
    let shutdown_timeout = Duration::from_millis(50);
    Target::start(Config { listen, threads: 1, shutdown_timeout, ..Config::default() }).unwrap()
}

pub(crate) fn scenario(name: &str, json: &str) -> Scenario {
    serde_json::from_str::<Draft>(json).unwrap().build(name).unwrap()
}

/// A load test as its file has it; on failure all that is wrong.
pub(crate) fn try_file(text: &str) -> Result<Plan, String> {
    let surroundings = Surroundings {
        variable: &|_| None,
        read: &file::read,
        overrides: Shortcuts::default(),
        metrics: &[],
    };
    let settings = Settings { run_id: "test".into(), threads: Some(2), seed: Some(7), ..Settings::default() };
    let file = File::parse(Path::new("t.yaml"), text, &surroundings);
    file.and_then(|file| Plan::of(file, settings)).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
}

pub(crate) fn file(text: &str) -> Plan {
    try_file(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A step that asks for a path, with a check, a tag and a time after which it is given up.
pub(crate) fn get(address: SocketAddr, path: &str, timeout: &str) -> String {
    format!(
        r#"{{get: "http://{address}{path}", name: "{path}", tags: {{kind: page}}, timeout: {timeout}, check: {{status: 200}}}}"#
    )
}

/// One scenario named `s` of one request.
pub(crate) fn plan(address: SocketAddr, path: &str, json: &str) -> Plan {
    plan_of(&get(address, path, "60s"), json)
}

/// One scenario named `s` of one step.
pub(crate) fn plan_of(step: &str, json: &str) -> Plan {
    file(&format!("scenarios: {{s: {json}}}\nflows: {{default: [{step}]}}\n"))
}

/// A step that sends a body of so many bytes.
pub(crate) fn post(address: SocketAddr, length: usize) -> String {
    format!("{{post: \"http://{address}/\", body: \"{}\", check: {{status: 200}}}}", "x".repeat(length))
}

pub(crate) fn threshold(selector: &str, expression: &str) -> Threshold {
    let draft = ThresholdDraft { threshold: expression.to_owned(), ..ThresholdDraft::default() };
    Threshold::parse(selector, &draft, BUILT_IN).unwrap()
}

pub(crate) fn run(plan: Plan) -> Results {
    heard_run(plan).0
}

/// And what was said meanwhile.
pub(crate) fn heard_run(plan: Plan) -> (Results, Vec<String>) {
    let mut listener = Listener::default();
    let results = engine::run(plan, &mut listener).unwrap();
    assert!(results.schedules.iter().all(podometer::load::results::Schedule::balances));
    (results, listener.0)
}

/// The sum of a counter; 0 where there is no sample.
pub(crate) fn counter(results: &Results, name: &str) -> u64 {
    match results.metric(name).map(|metric| &metric.values) {
        None => 0,
        Some(Values::Counter(sum)) => *sum as u64,
        other => panic!("{name}: {other:?}"),
    }
}

/// Samples that were not zero, and that were.
pub(crate) fn rate(results: &Results, name: &str) -> (u64, u64) {
    match results.metric(name).map(|metric| &metric.values) {
        Some(Values::Rate { nonzero, zero }) => (*nonzero, *zero),
        other => panic!("{name}: {other:?}"),
    }
}

/// A server that does this with each connection once a request has come. It ends with the test.
pub(crate) fn server(answer: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, answer) = (stream.unwrap(), answer.clone());
            std::thread::spawn(move || {
                if heard(&stream) {
                    answer(stream);
                }
            });
        }
    });
    address
}

/// Reads the head of a request; false at the end of the connection.
pub(crate) fn heard(mut stream: &TcpStream) -> bool {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    true
}
