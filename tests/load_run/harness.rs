//! Plans, targets and servers for the tests.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};

use podometer::load::engine::{
    self, Check, Condition, Host, Observer, Plan, Request, Step, Tick, USUALLY_EXPECTED, Work,
};
use podometer::load::metric::BUILT_IN;
use podometer::load::protocol::http1::{self, Keep};
use podometer::load::results::{Results, Values};
use podometer::load::scenario::{Draft, Scenario};
use podometer::load::span::Span;
use podometer::load::threshold::{Threshold, ThresholdDraft};
use podometer::target::{Config, Target};

/// Hears nothing.
pub(crate) struct Silent;

impl Observer for Silent {
    fn second(&mut self, _: &Tick<'_>) {}

    fn ending(&mut self, _: &str) {}
}

pub(crate) fn target() -> Target {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    Target::start(Config { listen, threads: 1, ..Config::default() }).unwrap()
}

pub(crate) fn scenario(name: &str, json: &str) -> Scenario {
    serde_json::from_str::<Draft>(json).unwrap().build(name).unwrap()
}

pub(crate) fn request(address: SocketAddr, path: &str, timeout: Span) -> Request {
    let url = format!("http://{address}{path}");
    Request {
        name: path.into(),
        method: "GET".into(),
        url: url.into(),
        group: "".into(),
        tags: [("kind".to_owned(), "page".to_owned())].into(),
        host: 0,
        bytes: http1::Request::new("GET", path, "t", &[], b"").unwrap(),
        keep: Keep::default(),
        timeout,
        expected: USUALLY_EXPECTED,
        checks: vec![Check { name: "status is 200".into(), condition: Condition::Status(200) }],
    }
}

/// One scenario named `s` of one request.
pub(crate) fn plan(address: SocketAddr, path: &str, json: &str) -> Plan {
    let steps = vec![Step::Request(Box::new(request(address, path, Span::from_secs(60))))];
    Plan {
        run_id: "test".into(),
        scenarios: vec![Work { scenario: scenario("s", json), steps }],
        hosts: vec![Host { name: address.ip().to_string().into(), port: address.port(), is_tls: false }],
        threads: Some(2),
        seed: 7,
        ..Plan::default()
    }
}

pub(crate) fn threshold(selector: &str, expression: &str) -> Threshold {
    let draft = ThresholdDraft { threshold: expression.to_owned(), ..ThresholdDraft::default() };
    Threshold::parse(selector, &draft, BUILT_IN).unwrap()
}

pub(crate) fn run(plan: Plan) -> Results {
    let results = engine::run(plan, &mut Silent).unwrap();
    assert!(results.schedules.iter().all(podometer::load::results::Schedule::balances));
    results
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
