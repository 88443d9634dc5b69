//! Dashboards made for k6, JMeter and continuous-load, asked of real servers that got our bytes.

use podometer::encode::Batch;
use podometer::encode::influx::Limits;
use podometer::encode::load::{jmeter, k6, page};
use podometer::load::interval::{Interval, Sample};
use podometer::load::results::{Contains, Values};

use super::dashboard::{Dashboard, table, unanswered};
use super::sample::trend;
use super::servers::Server;
use super::stretch;

fn now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}

/// A second that ended at this moment, of requests with all their parts.
fn second(end_ns: i64) -> Interval {
    let mut interval = Interval { end_ns, ..stretch::second() };
    for (_, requests) in interval.requests.iter_mut().filter(|(_, requests)| requests.count > 0) {
        for part in [
            &mut requests.blocked,
            &mut requests.connecting,
            &mut requests.tls_handshaking,
            &mut requests.sending,
            &mut requests.receiving,
        ] {
            *part = trend(5, 0.1, 0.5);
        }
    }
    let errors = Sample { contains: Contains::Default, values: Values::Rate { nonzero: 10, zero: 90 } };
    interval.samples.insert(stretch::series("errors", &[]), errors);
    interval
}

fn write(server: &Server, batches: &[Batch]) {
    for batch in batches {
        let body = String::from_utf8(batch.body.to_vec()).unwrap();
        let (status, said) = server.request("POST", "/write?db=d", None, &body);
        assert_eq!(status, 204, "{said}");
    }
}

#[test]
fn jmeter_dashboard_is_answered() {
    let Some(server) = Server::influxdb(false) else { return };
    server.query("d", "CREATE DATABASE d");
    let options = jmeter::Options { application: "crocodiles".to_owned(), ..jmeter::Options::default() };
    let now = now_ns();
    for place in 0..3 {
        write(&server, &jmeter::batches(&second(now - place * 5_000_000_000), &options, Limits::default()));
    }
    write(
        &server,
        &[jmeter::event(true, now - 20_000_000_000, &options), jmeter::event(false, now, &options)],
    );
    let dashboard = Dashboard::parse(include_str!("../fixtures/grafana_5496.txt"));
    let chosen = [("$application", "crocodiles"), ("$transaction", "list crocodiles.*")];
    let answers = dashboard.ask(&server, "d", &chosen);
    eprintln!("{}", table("5496", &answers));
    assert_eq!(unanswered(&answers), Vec::<String>::new());
    assert!(answers.len() > 40, "{}", answers.len());
    let annotations = server.series("d", "SELECT \"text\" FROM \"events\"");
    assert_eq!(annotations[0]["values"][0][1], "Test started");
    assert_eq!(annotations[0]["values"][1][1], "Test ended");
    let total = "SELECT sum(\"count\") FROM \"jmeter\" WHERE \"transaction\" = 'all' AND \"statut\" = 'all'";
    assert_eq!(server.series("d", total)[0]["values"][0][1], 300, "no request is lost or told twice");
}

#[test]
fn k6_dashboard_is_answered() {
    let Some(server) = Server::influxdb(false) else { return };
    server.query("d", "CREATE DATABASE d");
    let options = k6::Options { trend_points: 20, ..k6::Options::default() };
    write(&server, &k6::batches(&second(now_ns()), &options, Limits { points: 7, ..Limits::default() }));
    let answers =
        Dashboard::parse(include_str!("../fixtures/grafana_2587.txt")).ask(&server, "d", &[("$", "")]);
    eprintln!("{}", table("2587", &answers));
    assert_eq!(unanswered(&answers), ["http_req_looking_up: http_req_looking_up.value"]);
    for (query, number) in [
        ("SELECT sum(\"value\") FROM \"http_reqs\"", 100.0),
        ("SELECT sum(\"value\") FROM \"http_req_failed\"", 10.0),
        ("SELECT sum(\"value\") FROM \"checks\" WHERE \"check\" = 'status is 200'", 90.0),
    ] {
        let found = server.series("d", query)[0]["values"][0][1].as_f64().unwrap();
        assert!((found - number).abs() < 1e-9, "{query}: {found}");
    }
    let fields = server.series("d", "SHOW FIELD KEYS FROM \"http_req_duration\"");
    let kind = |name: &str| {
        let fields = fields[0]["values"].as_array().unwrap();
        fields.iter().find(|field| field[0] == name).map(|field| field[1].as_str().unwrap().to_owned())
    };
    assert_eq!((kind("value"), kind("url")), (Some("float".to_owned()), Some("string".to_owned())));
}

/// The queries of the dashboard and the alerts of continuous-load, with the quantile's label mended.
const CONTINUOUS_LOAD: [&str; 8] = [
    "sum by (name)(rate(k6_http_reqs{status=\"200\",type=\"service\"}[5m])) / sum by (name)(rate(k6_http_reqs{type=\"service\"}[5m]))",
    "sum by (name, status)(rate(k6_http_reqs{namespace=\"load\"}[5m]))",
    "histogram_quantile(0.95, sum(rate(k6_http_req_duration_bucket{namespace=\"load\"}[5m])) by (le))",
    "histogram_quantile(0.5, sum(rate(k6_http_req_duration_bucket{namespace=\"load\"}[5m])) by (le))",
    "sum by (namespace, type)(rate(k6_http_req_duration_bucket{le=\"0.025\"}[5m])) / sum by (namespace, type)(rate(k6_http_req_duration_count[5m]))",
    "sum by (namespace, type)(rate(k6_http_reqs[5m])) > 0.1",
    "sum by (namespace, status)(rate(k6_http_reqs{status!=\"200\"}[5m])) > 0.01",
    "rate(k6_http_req_failed[5m]) and k6_http_req_failed > 0",
];

#[test]
fn continuous_load_is_answered() {
    let Some(server) = Server::victoria_metrics() else { return };
    let labels = [("namespace".to_owned(), "load".to_owned())];
    let now = now_ns();
    let mut whole = Interval::default();
    for place in (0..4).rev() {
        whole.append(&second(now - place * 30_000_000_000));
        let text = String::from_utf8(page(&whole, &[], false, &labels)).unwrap();
        let path = format!("/api/v1/import/prometheus?timestamp={}", whole.end_ns / 1_000_000);
        let (status, said) = server.request("POST", &path, None, &text);
        assert!(status < 300, "{status} {said}");
    }
    server.request("GET", "/internal/force_flush", None, "");
    for query in CONTINUOUS_LOAD {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let form = format!("query={encoded}&time={}", now / 1_000_000_000 + 1);
        let (status, body) = server.request("POST", "/api/v1/query", None, &form);
        assert_eq!(status, 200, "{query}: {body}");
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert!(!answer["data"]["result"].as_array().unwrap().is_empty(), "{query}: {body}");
    }
}
