//! InfluxDB in the schemas of k6 and JMeter.

use super::dashboard::{Dashboard, table, unanswered};
use super::program::{Ended, Load, target};
use super::servers::Server;

/// The only value of a query, whatever its form.
fn value(server: &Server, query: &str) -> f64 {
    let series = server.series("d", query);
    series
        .first()
        .and_then(|series| series["values"][0][1].as_f64())
        .unwrap_or_else(|| panic!("{query}: nothing"))
}

fn texts(server: &Server) -> Vec<String> {
    let series = server.series("d", "SELECT \"text\" FROM \"events\"");
    let rows = series[0]["values"].as_array().unwrap();
    rows.iter().map(|row| row[1].as_str().unwrap().to_owned()).collect()
}

/// Every sum of the run as the summary has it, to the last request and byte.
fn is_whole(server: &Server, ended: &Ended) {
    for (metric, name) in [
        ("http_reqs", "count"),
        ("iterations", "count"),
        ("data_sent", "count"),
        ("data_received", "count"),
        ("checks", "passes"),
        ("http_req_failed", "passes"),
    ] {
        let sum = value(server, &format!("SELECT sum(\"value\") FROM \"{metric}\""));
        assert_eq!(sum, ended.number(metric, name), "{metric}");
    }
    let count = value(server, "SELECT sum(\"count\") FROM \"http_req_duration\"");
    assert_eq!(count, ended.number("http_reqs", "count"));
}

#[test]
fn k6s_dashboard_is_answered_and_no_request_is_missing() {
    let Some(server) = Server::influxdb(false) else { return };
    let (target, directory) = (target(), tempfile::tempdir().unwrap());
    let url = format!("http://{}/?error_share=0.2", target.address());
    let out = format!("influxdb={}/d", server.url());
    let flags =
        ["--stage", "1s:3", "--stage", "1500ms:5", "--check-status", "200", "--tag", "team=a", "-o", &out];
    let ended = Load::start(&url, &flags, &[], directory.path()).end(directory.path());
    assert!(ended.is_through(), "{:#?}", ended.said);
    is_whole(&server, &ended);
    let answers =
        Dashboard::parse(include_str!("../fixtures/grafana_2587.txt")).ask(&server, "d", &[("$", "")]);
    eprintln!("{}", table("2587, a run of two stages", &answers));
    assert_eq!(
        unanswered(&answers),
        // The first is a metric of k6's scripts, the second none of k6's since 0.13.
        ["Errors Per Second: errors.value", "http_req_looking_up: http_req_looking_up.value"]
    );
    assert_eq!(
        texts(&server),
        [
            format!("{url} started"),
            "stage 1 of 2: to 3 VUs in 1s".to_owned(),
            "stage 2 of 2: to 5 VUs in 1s500ms".to_owned(),
            format!("{url} ended"),
        ]
    );
    for (tag, values) in [("stage", &["1", "2"][..]), ("team", &["a"]), ("status", &["200", "500"])] {
        let found = server.series("d", &format!("SHOW TAG VALUES FROM \"http_reqs\" WITH KEY = \"{tag}\""));
        let found: Vec<&str> =
            found[0]["values"].as_array().unwrap().iter().map(|row| row[1].as_str().unwrap()).collect();
        assert_eq!(found, values, "{tag}");
    }
    // Twenty quantiles of each second say what the samples say, about.
    let percentile = value(&server, "SELECT percentile(\"value\", 95) FROM \"http_req_duration\"");
    let largest = ended.number("http_req_duration", "max");
    assert!(percentile > 0.0 && percentile <= largest, "{percentile} of {largest}");
    assert!(std::fs::read_dir(directory.path()).unwrap().count() == 1, "no spool is left");
}

#[test]
fn jmeters_dashboard_is_answered_and_no_request_is_missing() {
    let Some(server) = Server::influxdb(false) else { return };
    let (target, directory) = (target(), tempfile::tempdir().unwrap());
    let url = format!("http://{}/?error_share=0.2", target.address());
    let out = format!("jmeter={}/d?application=shop&testTitle=Spike&TAG_zone=z", server.url());
    let flags = ["--vus", "3", "--duration", "6s", "-o", &out];
    let ended = Load::start(&url, &flags, &[], directory.path()).end(directory.path());
    assert!(ended.is_through(), "{:#?}", ended.said);
    let answers = Dashboard::parse(include_str!("../fixtures/grafana_5496.txt")).ask(
        &server,
        "d",
        &[("$application", "shop"), ("$transaction", ".*error_share.*")],
    );
    eprintln!("{}", table("5496, a run of six seconds", &answers));
    assert_eq!(unanswered(&answers), Vec::<String>::new());
    let all = "FROM \"jmeter\" WHERE \"transaction\" = 'all' AND \"statut\" = 'all'";
    for (field, metric, name) in [
        ("count", "http_reqs", "count"),
        ("countError", "http_req_failed", "passes"),
        ("sb", "data_sent", "count"),
        ("rb", "data_received", "count"),
    ] {
        assert_eq!(
            value(&server, &format!("SELECT sum(\"{field}\") {all}")),
            ended.number(metric, name),
            "{field}"
        );
    }
    assert_eq!(texts(&server), ["Spike started", "Spike ended"]);
    assert_eq!(value(&server, "SELECT max(\"startedT\") FROM \"jmeter\""), 3.0);
}

#[test]
fn a_database_that_is_away_for_some_seconds_lacks_nothing() {
    let Some(mut server) = Server::influxdb(false) else { return };
    let (target, directory) = (target(), tempfile::tempdir().unwrap());
    let url = format!("http://{}/", target.address());
    let (k6, jmeter) = (format!("influxdb={}/d", server.url()), format!("jmeter={}/j", server.url()));
    let flags = ["--vus", "2", "--duration", "12s", "--check-status", "200", "-o", &k6, "-o", &jmeter];
    let mut load = Load::start(&url, &flags, &[], directory.path());
    load.seconds(2);
    server.kill();
    load.wait("what it lacks waits");
    load.seconds(3);
    server.start();
    load.wait("works again");
    let ended = load.end(directory.path());
    assert!(ended.is_through(), "{:#?}", ended.said);
    // Nothing failed, so that there is no point of it to be summed up but zeros.
    is_whole(&server, &ended);
    let series = server.series("j", "SELECT sum(\"count\") FROM \"jmeter\" WHERE \"transaction\" = 'all'");
    assert_eq!(series[0]["values"][0][1].as_f64(), Some(ended.number("http_reqs", "count")));
}

#[test]
fn what_a_database_never_took_waits_where_it_is_said_and_the_next_run_sends_it() {
    let Some(mut server) = Server::influxdb(false) else { return };
    let (target, directory) = (target(), tempfile::tempdir().unwrap());
    let url = format!("http://{}/", target.address());
    let out = format!("influxdb={}/d", server.url());
    server.kill();
    let flags = ["--vus", "2", "--duration", "2s", "--out-grace", "1s", "-o", &out];
    let first = Load::start(&url, &flags, &[], directory.path()).end(directory.path());
    assert!(first.is_through());
    let told = first.said.iter().find(|line| line.contains("points wait in ")).unwrap();
    let place = told.split_once("points wait in ").unwrap().1.split_once(',').unwrap().0;
    assert!(place.starts_with(directory.path().to_str().unwrap()), "{told}");
    server.start();
    let flags = ["--iterations", "1", "--out-spool", place, "-o", &out];
    let second = Load::start(&url, &flags, &[], directory.path()).end(directory.path());
    let sum = value(&server, "SELECT sum(\"value\") FROM \"http_reqs\"");
    assert_eq!(sum, first.number("http_reqs", "count") + second.number("http_reqs", "count"));
    assert_eq!(second.said, Vec::<String>::new());
}

#[test]
fn a_login_comes_from_the_environment_and_an_early_end_is_an_annotation() {
    let Some(server) = Server::influxdb(true) else { return };
    server.request("POST", "/query", None, "q=CREATE USER admin WITH PASSWORD 's3cret' WITH ALL PRIVILEGES");
    let (target, directory) = (target(), tempfile::tempdir().unwrap());
    let url = format!("http://{}/", target.address());
    let variables = [
        ("K6_OUT", "influxdb"),
        ("K6_INFLUXDB_ADDR", &*server.url()),
        ("K6_INFLUXDB_DB", "d"),
        ("K6_INFLUXDB_USERNAME", "admin"),
        ("K6_INFLUXDB_PASSWORD", "s3cret"),
    ];
    let flags = ["--vus", "1", "--duration", "1h"];
    let mut load = Load::start(&url, &flags, &variables, directory.path());
    load.seconds(1);
    load.interrupt();
    let ended = load.end(directory.path());
    assert!([105, 120].contains(&ended.code), "{:#?}", ended.said);
    // admin:s3cret
    let ask =
        |query: &str| server.query_as(Some("YWRtaW46czNjcmV0"), "d", query)["results"][0]["series"][0].take();
    let sum = ask("SELECT sum(\"value\") FROM \"http_reqs\"")["values"][0][1].as_f64();
    assert_eq!(sum, Some(ended.number("http_reqs", "count")));
    let events = ask("SELECT \"text\" FROM \"events\"")["values"].take();
    let texts: Vec<&str> = events.as_array().unwrap().iter().map(|row| row[1].as_str().unwrap()).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts[1].starts_with("stopping: iterations under way may end"), "{texts:?}");
}
