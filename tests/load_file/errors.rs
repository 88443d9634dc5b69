//! Everything that can be wrong, with the exact words that are said of it.

use podometer::load::shortcuts::Shortcuts;
use podometer::load::span::Span;

use crate::reading::{read, read_with};

/// A flow that is right, for what stands around it; it begins a line.
const FLOW: &str = "\nflows: {default: [{get: 'http://h/'}]}\n";

type Row = (&'static str, &'static str);

fn check(rows: &[Row], whole: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    for (text, expected) in rows {
        let found = read(&whole(text)).err().unwrap_or_else(|| "accepted".to_owned());
        if found != *expected {
            wrong.push(format!("{text}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[rustfmt::skip]
const TOP: &[Row] = &[
    ("scenarioss: {}", "t:1:1: unknown key scenarioss; did you mean scenarios?"),
    ("x-y: 1", "t:1:1: unknown key x-y; known here: data, duration, env, flows, iterations, metrics, options, rate, scenarios, setup, stages, tags, teardown, thresholds, vus"),
    ("vus: many", "t:1:6: vus: \"many\" is no whole number; allowed: a whole number such as 10"),
    ("vus: [1]", "t:1:6: vus: \"[...]\" is no single value; allowed: a text or a number"),
    ("vus: 0", "t:1:6: scenarios.default.vus: \"0\" is below 1; allowed: 1 to 100000000\nt:1:6: scenarios.default.iterations: \"0\" is below 1; allowed: 1 to 9223372036854775807"),
    ("duration: 5x", "t:1:11: duration: \"5x\" is no duration; allowed: a duration such as 1m30s, 1.5h, 300ms or 1us, or a number of milliseconds"),
    ("duration: 10s\nstages: [{duration: 1s, target: 1}]", "t:1:11: duration: \"duration\" cannot be used together with stages; allowed: either duration or stages"),
    ("rate: 5", "t:1:7: rate: \"5/1s\" does not say for how long; allowed: rate together with duration or stages"),
    ("rate: fast", "t:1:7: rate: \"fast\" is no rate; allowed: starts in a second such as 200, or in a unit such as 200/s or 3/1m"),
    ("stages: {a: 1}", "t:1:9: stages: \"{...}\" is no list; allowed: a list such as [a, b]"),
    ("stages: [{duration: 1s, targt: 5}]", "t:1:25: unknown key stages[0].targt; did you mean stages[0].target?"),
    ("env: {A: '${NOWHERE}'}", "t:1:10: env.A: \"${NOWHERE}\" names NOWHERE, which is not set; set it, or give a default as ${NOWHERE:-...}; allowed: ${NAME}, or ${NAME:-default}"),
    ("vus: ${N", "t:1:6: vus: \"${N\" has ${ without }; allowed: ${NAME}, or ${NAME:-default}"),
    ("tags: 5", "t:1:7: tags: \"5\" is no map; allowed: a map such as {key: value}"),
    ("vus: 1\nvus: 2", "t:2:1: vus stands here a second time; first in line 1"),
    ("a: [", "t:1:4: unclosed bracket '['"),
];

#[test]
fn the_top_of_a_file() {
    check(TOP, |text| format!("{text}{FLOW}"));
}

#[rustfmt::skip]
const SCENARIOS: &[Row] = &[
    ("{executor: constant-vuss, duration: 1s}", "t:1:29: scenarios.api.executor: \"constant-vuss\" is not known; did you mean constant-vus?; allowed: constant-arrival-rate, constant-vus, per-vu-iterations, ramping-arrival-rate, ramping-vus, shared-iterations"),
    ("{duration: 1s}", "t:1:13: scenarios.api: \"api\" lacks executor; allowed: constant-arrival-rate, constant-vus, per-vu-iterations, ramping-arrival-rate, ramping-vus, shared-iterations"),
    ("{executor: constant-vus}", "t:1:13: scenarios.api: \"constant-vus\" lacks duration; allowed: 1s or longer, or forever"),
    ("{executor: constant-vus, duration: 1s, rate: 5}", "t:1:63: scenarios.api.rate: \"rate\" is no key of constant-vus; allowed: vus, duration"),
    ("{executor: constant-vus, duration: 1s, gracefulstop: 5s}", "t:1:57: unknown key scenarios.api.gracefulstop; did you mean scenarios.api.gracefulStop?"),
    ("{executor: constant-vus, duration: soon}", "t:1:53: scenarios.api.duration: \"soon\" is no duration; allowed: a duration such as 1m30s, 1.5h, 300ms or 1us, or a number of milliseconds, or forever"),
    ("{executor: ramping-vus, stages: [{duration: 1s, target: -1}]}", "t:1:74: scenarios.api.stages[0].target: \"-1\" is below 0; allowed: 0 to 100000000"),
    ("{executor: ramping-vus, stages: [{target: 5}]}", "t:1:51: scenarios.api: \"ramping-vus\" lacks stages[0].duration; allowed: 0s or longer"),
    ("{executor: constant-vus, duration: 1s, exec: defualt}", "t:1:63: scenarios.api.exec: no flow is called defualt; did you mean default?"),
    ("{executor: constant-arrival-rate, rate: 1, duration: 1s, preAllocatedVUs: 2, arrival: chance}", "t:1:104: scenarios.api.arrival: \"chance\" is not known; allowed: constant, poisson"),
    // What could not be read is not lacking as well.
    ("{executor: constant-vus, duration: []}", "t:1:53: scenarios.api.duration: \"[...]\" is no single value; allowed: a text or a number"),
];

#[test]
fn scenarios() {
    check(SCENARIOS, |text| format!("scenarios: {{api: {text}}}{FLOW}"));
    check(
        &[(
            "a b",
            "t:1:13: scenarios: \"a b\" is no name; allowed: letters, digits, _ and - in the name of a scenario",
        )],
        |name| format!("scenarios: {{{name}: {{executor: constant-vus, duration: 1s}}}}{FLOW}"),
    );
}

#[rustfmt::skip]
const THRESHOLDS: &[Row] = &[
    ("http_req_duraton: [p(95)<1]", "t:1:33: thresholds.http_req_duraton[0]: threshold on \"http_req_duraton\": no such metric; did you mean http_req_duration?"),
    ("http_req_duration: [p95<1]", "t:1:34: thresholds.http_req_duration[0]: threshold \"p95<1\": unknown method \"p95\"; did you mean p(95)?; allowed: count, rate, value, avg, min, max, med, p(0) to p(100)"),
    ("http_reqs: [avg<1]", "t:1:26: thresholds.http_reqs[0]: threshold \"avg<1\" on \"http_reqs\": a counter has no avg; allowed: count, rate"),
    ("http_reqs: ['count']", "t:1:26: thresholds.http_reqs[0]: threshold \"count\": no operator; allowed: method operator number such as p(95)<500, with >, >=, <, <=, ==, === or !="),
    ("http_reqs: [{threshold: count>1, abortOnFial: true}]", "t:1:47: unknown key thresholds.http_reqs[0].abortOnFial; did you mean thresholds.http_reqs[0].abortOnFail?"),
    ("http_reqs: [{abortOnFail: true}]", "t:1:26: thresholds.http_reqs[0]: lacks threshold; allowed: an expression such as p(95)<500"),
    ("http_reqs: [{threshold: count>1, abortOnFail: yes}]", "t:1:60: thresholds.http_reqs[0].abortOnFail: \"yes\" is neither true nor false; allowed: true or false"),
    ("http_reqs: [{threshold: count>1, over: 1}]", "accepted"),
    ("own: [rate<1]", "accepted"),
    ("owm: [rate<1]", "t:1:20: thresholds.owm[0]: threshold on \"owm\": no such metric; did you mean own?"),
];

#[test]
fn thresholds_and_metrics() {
    check(THRESHOLDS, |text| format!("thresholds: {{{text}}}\nmetrics: {{own: rate}}{FLOW}"));
    check(
        &[
            ("vus: gauge", "t:1:17: metrics.vus: is a metric of every run; choose another name"),
            (
                "a-b: gauge",
                "t:1:17: metrics.a-b: is no name of a metric; allowed: letters, digits and _, no digit first",
            ),
            (
                "a: guage",
                "t:1:15: metrics.a: \"guage\" is not known; did you mean gauge?; allowed: counter, gauge, rate, trend",
            ),
            ("a: {contains: time}", "t:1:15: metrics.a: lacks type; allowed: counter, gauge, rate, trend"),
        ],
        |text| format!("metrics: {{ {text}}}{FLOW}"),
    );
}

#[rustfmt::skip]
const OPTIONS: &[Row] = &[
    ("maxRedirect: 5", "t:1:11: unknown key options.maxRedirect; did you mean options.maxRedirects?"),
    ("vus: 5", "t:1:11: options.vus: stands at the top of the file; move it there"),
    ("maxRedirects: -1", "t:1:25: options.maxRedirects: \"-1\" is below 0; allowed: 0 to 1000"),
    ("dns: {select: roundrobin}", "t:1:25: options.dns.select: \"roundrobin\" is not known; did you mean roundRobin?; allowed: first, random, roundRobin"),
    ("tlsVersion: tls1.0", "t:1:23: options.tlsVersion: \"tls1.0\" is not known; did you mean tls1.2?; allowed: tls1.2, tls1.3"),
    ("tlsVersion: {min: tls1.3, max: tls1.2}", "t:1:23: options.tlsVersion: min is above max"),
    ("tlsAuth: [{cert: a.pem}]", "t:1:21: options.tlsAuth[0]: lacks cert or key; allowed: two PEM files"),
    ("systemTags: [urll]", "t:1:24: options.systemTags[0]: \"urll\" is not known; did you mean url?; allowed: check, error, error_code, expected_response, group, ip, iter, method, name, ocsp_status, proto, scenario, service, status, subproto, tls_version, url, vu"),
    ("summaryTrendStats: [p95]", "t:1:31: options.summaryTrendStats[0]: \"p95\" is no number of a trend; allowed: avg, min, med, max, count, p(0) to p(100)"),
    ("executionSegment: '0:1/2'", "t:1:11: unknown key options.executionSegment; known here: batch, batchPerHost, blacklistIPs, blockHostnames, cloud, discardResponseBodies, dns, ext, features, handleSummaryTimeout, hosts, httpDebug, insecureSkipTLSVerify, localIPs, maxRedirects, metricSamplesBufferSize, minIterationDuration, noConnectionReuse, noCookiesReset, noSetup, noTeardown, noVUConnectionReuse, paused, rps, seed, setupTimeout, summaryTimeUnit, summaryTrendStats, systemTags, teardownTimeout, throw, tlsAuth, tlsCipherSuites, tlsVersion, userAgent"),
];

#[test]
fn options() {
    check(OPTIONS, |text| format!("options: {{{text}}}{FLOW}"));
}

#[rustfmt::skip]
const DATA: &[Row] = &[
    ("users: users.txt", "t:1:15: data.users: \"users.txt\" ends in neither .csv nor .json; allowed: such a file, or format: csv or json beside it"),
    ("users: none.csv", "t:1:15: data.users: tests/none.csv: cannot be read: entity not found"),
    ("users: ragged.csv", "t:1:15: data.users: ragged.csv: line 3: has 1 fields where the head has 2"),
    ("users: {file: users.csv, format: json}", "t:1:22: data.users.file: users.csv: expected value at line 1 column 1"),
    ("users: {file: users.csv, order: rnd}", "t:1:40: data.users.order: \"rnd\" is not known; allowed: random, sequential, unique-per-vu"),
    ("users: {order: random}", "t:1:15: data.users: lacks file; allowed: a CSV or JSON file such as {file: users.csv}"),
    ("users: {file: users.csv, delimiter: ab}", "t:1:44: data.users.delimiter: \"ab\" is not one character; allowed: one character such as \";\", or \"\\t\""),
    ("env: users.csv", "t:1:13: data.env: is no name of a dataset; allowed: letters, digits, - and _, but not env"),
];

#[test]
fn data() {
    check(DATA, |text| format!("data: {{{text}}}{FLOW}"));
    let unique = "data: {users: {file: users.csv, order: unique-per-vu}}\nvus: 3\nduration: 1s\n";
    let used = format!("{unique}flows: {{default: [{{get: 'http://h/${{users.email}}'}}]}}\n");
    let message = "t:1:8: data.users: 2 rows are too few for 3 users with one of their own each";
    assert_eq!(read(&used).unwrap_err(), message);
    assert!(read(&used.replace("vus: 3", "vus: 2")).is_ok());
    assert!(read(&format!("{unique}{FLOW}")).is_ok(), "nobody asks for its rows");
}

#[rustfmt::skip]
const STEPS: &[Row] = &[
    ("{gte: 'http://h/'}", "t:1:20: unknown key flows.default[0].gte; did you mean flows.default[0].get?"),
    ("{dns: {server: cluster}}", "t:1:20: unknown key flows.default[0].dns; known here: delete, get, head, options, patch, post, put, abort, batch, fail, flow, group, mix, pacing, record, repeat, set, sleep"),
    ("wait", "t:1:19: flows.default[0]: \"wait\" is no step; allowed: a map such as {get: URL} or {sleep: 1s}"),
    ("{get: 'http://h/', sleep: 1s}", "t:1:19: flows.default[0]: is two steps at once, get and sleep; allowed: one a step"),
    ("{get: }", "t:1:19: flows.default[0]: get says nothing"),
    ("{get: 'http://h/', chek: {status: 200}}", "t:1:38: unknown key flows.default[0].chek; did you mean flows.default[0].check?"),
    ("{get: h/path}", "t:1:25: flows.default[0].get: \"h/path\" does not begin with http:// or https://; allowed: a URL such as http://host:8080/path"),
    ("{get: 'http:///x'}", "t:1:25: flows.default[0].get: \"http:///x\" names no host; allowed: a URL such as http://host:8080/path"),
    ("{get: 'http://h:70000/'}", "t:1:25: flows.default[0].get: \"http://h:70000/\" names a port that cannot be; allowed: a URL such as http://host:8080/path"),
    ("{get: 'http://u:p@h/'}", "t:1:25: flows.default[0].get: \"http://u:p@h/\" holds a user; give it as auth; allowed: a URL such as http://host:8080/path"),
    ("{get: '${HOTS}/'}", "t:1:25: flows.default[0].get: unknown variable ${HOTS}; no earlier step sets it, and neither env nor the environment does"),
    ("{get: '${BASA}/'}", "t:1:25: flows.default[0].get: unknown variable ${BASA}; did you mean ${BASE}?"),
    ("{get: '${HOST}/${__VUS}'}", "t:1:25: flows.default[0].get: unknown variable ${__VUS}; did you mean ${__VU}?"),
    ("{get: '${HOST}/${users.emial}'}", "t:1:25: flows.default[0].get: users has no column emial; did you mean email?; its columns: email, password"),
    ("{get: '${HOST}/${user.email}'}", "t:1:25: flows.default[0].get: unknown variable ${user.email}; did you mean ${users.email}?"),
    ("{get: '${HOST}/${__RANDOM(6,1)}'}", "t:1:25: flows.default[0].get: ${__RANDOM(6,1)} is no range; allowed: ${__RANDOM(1,6)}"),
    ("{get: '${HOST}/${id}', extract: {id: $.id}}", "t:1:25: flows.default[0].get: unknown variable ${id}; no earlier step sets it, and neither env nor the environment does"),
    ("{get: '${HOST}/', extract: {id: $.id}}, {get: '${HOST}/${ids}'}", "t:1:65: flows.default[1].get: unknown variable ${ids}; did you mean ${id}?"),
    ("{batch: [{get: '${HOST}/', extract: {id: $.id}}, {get: '${HOST}/${id}'}]}", "t:1:74: flows.default[0].batch[1].get: unknown variable ${id}; no earlier step sets it, and neither env nor the environment does"),
    ("{batch: [{sleep: 1s}]}", "t:1:28: flows.default[0].batch[0]: is a sleep; allowed: requests such as {get: URL}"),
    ("{sleep: 3}", "t:1:27: flows.default[0].sleep: \"3\" lacks a unit; allowed: 1s, or 1s-3s, with a duration such as 1m30s, 1.5h, 300ms or 1us"),
    ("{sleep: 3s-1s}", "t:1:27: flows.default[0].sleep: \"3s-1s\" ends before it begins; allowed: 1s, or 1s-3s, with a duration such as 1m30s, 1.5h, 300ms or 1us"),
    ("{group: a}", "t:1:27: flows.default[0].group: lacks steps beside it; allowed: a list of steps"),
    ("{group: 'a::b', steps: []}", "t:1:27: flows.default[0].group: \"a::b\" holds ::, which stands between groups; allowed: a name without ::"),
    ("{repeat: 0, steps: []}", "t:1:28: flows.default[0].repeat: \"0\" is below 1; allowed: 1 to 1000000000"),
    ("{mix: {other: 1, nobody: 2}}", "t:1:36: flows.default[0].mix.nobody: no flow is called nobody; known here: default, other"),
    ("{mix: [{weight: 1}]}", "t:1:26: flows.default[0].mix[0]: is no choice; allowed: a weight, and a flow or steps"),
    ("{mix: {other: 0}}", "t:1:25: flows.default[0].mix: has no choice with a weight above 0"),
    ("{flow: default}", "t:1:26: flows.default[0].flow: a flow cannot run itself: default -> default"),
    ("{flow: othr}", "t:1:26: flows.default[0].flow: no flow is called othr; did you mean other?"),
    ("{set: {users: x}}", "t:1:33: flows.default[0].set.users: is no name of a variable; allowed: letters, digits, - and _, but no dataset's and not __"),
    ("{record: {errs: 1}}", "t:1:35: flows.default[0].record.errs: the file has no metric errs; did you mean errors?"),
    ("{record: {errors: one}}", "t:1:37: flows.default[0].record.errors: \"one\" is no number; allowed: a number, or a text such as ${VARIABLE} that is one"),
];

#[test]
fn steps() {
    check(STEPS, |text| {
        format!(
            "flows: {{default: [{text}], other: [{{sleep: 1s}}]}}\nenv: {{BASE: 'http://b'}}\ndata: {{users: users.csv}}\nmetrics: {{errors: rate}}\n"
        )
    });
}

#[rustfmt::skip]
const REQUESTS: &[Row] = &[
    ("headers: {'a b': x}", "t:1:54: flows.default[0].headers.a b: is no name of a header"),
    ("headers: {Content-Length: 5}", "t:1:63: flows.default[0].headers.Content-Length: follows from the request and cannot be given"),
    ("body: x, json: {}", "t:1:52: flows.default[0].json: a request has one body; allowed: one of body, form, json"),
    ("body: {file: none.txt}", "t:1:50: flows.default[0].body.file: tests/none.txt: cannot be read: entity not found"),
    ("json: {a: ['${x}']}", "t:1:48: flows.default[0].json: unknown variable ${x}; no earlier step sets it, and neither env nor the environment does"),
    ("json: '{a: 1}'", "t:1:43: flows.default[0].json: is no JSON: key must be a string at line 1 column 2"),
    ("json: '[\"${WORD}\", ${__VU}'", "t:1:43: flows.default[0].json: is no JSON: EOF while parsing a list at line 1 column 28"),
    ("auth: {basic: {user: x}}", "t:1:51: flows.default[0].auth.basic: lacks user or password"),
    ("auth: {beaerer: x}", "t:1:44: unknown key flows.default[0].auth.beaerer; did you mean flows.default[0].auth.bearer?"),
    ("timeout: long", "t:1:46: flows.default[0].timeout: \"long\" is no duration; allowed: a duration such as 1m30s, 1.5h, 300ms or 1us, or a number of milliseconds"),
    ("expect: [200, 20]", "t:1:45: flows.default[0].expect: \"20\" names no status; allowed: a status such as 200, a class such as 2xx, a range such as 200-299, or a list of these"),
    ("check: {statsu: 200}", "t:1:45: unknown key flows.default[0].check.statsu; did you mean flows.default[0].check.status?"),
    ("check: {status: ok}", "t:1:53: flows.default[0].check.status: \"ok\" names no status; allowed: a status such as 200, a class such as 2xx, a range such as 200-299, or a list of these"),
    ("check: {json: 5}", "t:1:45: unknown key flows.default[0].check.json; known here: body, body contains, body matches, duration, header NAME, json PATH, size, status"),
    ("check: {'json a.b': 5}", "t:1:57: flows.default[0].check.json a.b: \"a.b\" is no JSONPath; allowed: a path such as $.items[0].id"),
    ("check: {'json $.a': '> x'}", "t:1:57: flows.default[0].check.json $.a: \"> x\" compares with no number; allowed: exists, absent, a value, or an operator and a value such as \"> 5\", \"!= x\", \"contains x\" or \"matches ^x\""),
    ("check: {body matches: '(a'}", "t:1:59: flows.default[0].check.body matches: \"(a\" is no regular expression: unclosed group"),
    ("check: {duration: fast}", "t:1:55: flows.default[0].check.duration: \"fast\" is no duration; allowed: \"< 500ms\", with a duration such as 1m30s, 1.5h, 300ms or 1us, or a number of milliseconds"),
    ("check: [{name: x}]", "t:1:45: flows.default[0].check[0]: tests nothing; allowed: body, body contains, body matches, duration, header NAME, json PATH, size, status"),
    ("extract: {id: id}", "t:1:51: flows.default[0].extract.id: \"id\" names nothing of an answer; allowed: $.path, json PATH, regex PATTERN, header NAME, status, body, or a map with json, regex or header, group and default"),
    ("extract: {id: '$['}", "t:1:51: flows.default[0].extract.id: \"$[\" is no JSONPath; allowed: a path such as $.items[0].id"),
    ("extract: {id: {regex: 'a(b)', group: 2}}", "t:1:59: flows.default[0].extract.id.regex: has no group 2; it has 1"),
    ("extract: {__id: $.id}", "t:1:53: flows.default[0].extract.__id: is no name of a variable; allowed: letters, digits, - and _, but no dataset's and not __"),
    ("record: {errors: 1}", "t:1:54: flows.default[0].record.errors: the file has no metric errors; name it: metrics: {errors: rate}"),
];

#[test]
fn requests() {
    check(REQUESTS, |text| format!("flows: {{default: [{{get: 'http://h', {text}}}]}}"));
}

#[test]
fn all_of_them_are_told_in_the_order_of_their_places() {
    let text = "\
vuss: 5
scenarios:
  a: {executor: constant-vus}
  b: {executor: constant-vus, duration: 1s, exec: brwse}
flows:
  browse:
    - get: http://h/${x}
    - sleep: 1
thresholds:
  http_reqs: [\"count > many\"]
  nothing: [\"count > 1\"]
data: {users: none.csv}
";
    let expected = "\
t:1:1: unknown key vuss; did you mean vus?
t:3:3: scenarios.a: \"constant-vus\" lacks duration; allowed: 1s or longer, or forever
t:7:12: flows.browse[0].get: unknown variable ${x}; no earlier step sets it, and neither env nor the environment does
t:8:14: flows.browse[1].sleep: \"1\" lacks a unit; allowed: 1s, or 1s-3s, with a duration such as 1m30s, 1.5h, 300ms or 1us
t:10:15: thresholds.http_reqs[0]: threshold \"count > many\": \"many\" is no number; allowed: a number such as 0.5 or 500
t:11:13: thresholds.nothing[0]: threshold on \"nothing\": no such metric
t:12:15: data.users: tests/none.csv: cannot be read: entity not found";
    assert_eq!(read(text).unwrap_err(), expected);
}

#[test]
fn what_flags_have_a_share_in_has_no_place() {
    let flags = Shortcuts { duration: Some(Span::default()), ..Shortcuts::default() };
    let found = read_with(&format!("vus: 2{FLOW}"), flags).unwrap_err();
    assert_eq!(found, "t: duration: \"0s\" is no time; allowed: longer than 0s");
    let flags = Shortcuts { vus: Some(0), ..Shortcuts::default() };
    let found = read_with(&format!("vus: 2\nduration: 1s{FLOW}"), flags).unwrap_err();
    assert_eq!(found, "t: scenarios.default.vus: \"0\" is below 1; allowed: 1 to 100000000");
}

#[test]
fn files_that_are_none() {
    assert_eq!(read("# nothing\n").unwrap_err(), "t: is empty; allowed: at least flows");
    assert_eq!(
        read("vus: 1\n").unwrap_err(),
        "t: lacks flows; allowed: at least one flow such as {default: [{get: URL}]}"
    );
    assert_eq!(
        read("- 1\n").unwrap_err(),
        "t:1:1: : \"[...]\" is no map; allowed: a map such as {key: value}"
    );
}
