//! What is said of outputs that cannot be.

use std::process::Command;

fn said(flags: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args(["load", "run", "http://127.0.0.1:9/"]).args(flags).env_clear();
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(104), "{flags:?}: {text}");
    assert!(output.stdout.is_empty());
    text
}

#[test]
fn what_cannot_be_an_output_is_said_before_the_first_request() {
    for (out, part) in [
        ("influx=http://h", "did you mean influxdb?"),
        ("influxdb=h:8086/d", "the URL does not begin with http:// or https://"),
        ("influxdb=http://u:secret@h/d", "the URL must not carry a user or a password"),
        ("influxdb=http://h/d?retentoin=r", "did you mean retention?"),
        ("influxdb=http://h/d?precision=s", "allowed: ns"),
        ("influxdb=http://h/d?consistency=some", "allowed: any, one, quorum, all"),
        ("influxdb=http://h/d?pushInterval=soon", "pushInterval: \"soon\" is no duration"),
        ("influxdb=http://h/d?trendPoints=0", "trendPoints: \"0\" is out of range"),
        ("influxdb=http://h/d?tagsAsFields=url,method", "\"method\" cannot be a field"),
        ("jmeter=http://h/d?percentiles=99;x", "percentiles: \"99;x\" is no list"),
        ("jmeter=http://u:secret@h/d", "the URL must not carry a user or a password"),
        ("prometheus=http://h:1/", "is no address to listen at"),
        ("remote-write=http://u:secret@h/w", "the URL must not carry a user or a password"),
        ("remote-write=http://h:9090", "has no path; Prometheus' is /api/v1/write"),
        ("pushgateway=http://u:secret@h", "the URL must not carry a user or a password"),
        ("http://u:secret@h/", "is no kind of output"),
    ] {
        let told = said(&["-o", out], &[]);
        assert!(told.contains(part) && told.contains("--out: "), "{out}: {told}");
        assert!(!told.contains("secret"), "{told}");
        let told = said(&[], &[("K6_OUT", out)]);
        assert!(told.contains(part) || out.contains(','), "{out}: {told}");
    }
}

#[test]
fn what_is_wrong_with_variables_and_flags_is_said() {
    for (flags, variables, part) in [
        (
            &["-o", "influxdb", "-o", "influxdb"][..],
            &[][..],
            "influxdb http://localhost:8086/k6 is there twice",
        ),
        (&["-o", "influxdb", "--out-grace", "x"], &[], "--out-grace: \"x\" is no duration"),
        (&["--tag", "a"], &[], "--tag: \"a\" is no tag"),
        (
            &["-o", "influxdb"],
            &[("K6_INFLUXDB_ADDR", "http://u:secret@h")],
            "K6_INFLUXDB_ADDR: the URL must not",
        ),
        (
            &["-o", "influxdb"],
            &[("K6_INFLUXDB_USERNAME", "u")],
            "username needs password_file or password_env",
        ),
        (
            &["-o", "remote-write"],
            &[("K6_PROMETHEUS_RW_TREND_STATS", "p95")],
            "K6_PROMETHEUS_RW_TREND_STATS: \"p95\" is no number of a trend",
        ),
        (
            &["-o", "remote-write"],
            &[("K6_PROMETHEUS_RW_HTTP_HEADERS", "Authorization:secret")],
            "headers.Authorization is set by the protocol",
        ),
        (
            &["-o", "remote-write"],
            &[("K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM", "true")],
            "native histograms are not there",
        ),
    ] {
        let told = said(flags, variables);
        assert!(told.contains(part), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
}
