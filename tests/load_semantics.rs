//! The rules of k6 that a load test relies on, as tables: each row is a rule, what is given and what must come of it.
//! A failure names the row. `cargo test --test load_semantics -- --nocapture` prints them.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and print their rows")]

use podometer::load::exit;
use podometer::load::metric::{BUILT_IN, MetricType};
use podometer::load::percentile::of_sorted;
use podometer::load::scenario::{Draft, Executor};
use podometer::load::shortcuts::Shortcuts;
use podometer::load::span::Span;
use podometer::load::threshold::{Aggregates, Expression, Method, Selector, Threshold, ThresholdDraft};

/// What a row ends in: a short description where it is accepted, or a part of the message.
enum Ends {
    In(&'static str),
    Refused(&'static str),
}

use Ends::{In, Refused};

type Row = (&'static str, &'static str, Ends);

/// Compares all rows before it fails, so that one run tells everything.
fn check(table: &str, rows: &[Row], run: impl Fn(&str) -> Result<String, String>) {
    let mut wrong = Vec::new();
    for (rule, given, ends) in rows {
        let came = run(given);
        let is_right = match (&came, ends) {
            (Ok(found), In(expected)) => found == expected,
            (Err(message), Refused(part)) => message.contains(part),
            _ => false,
        };
        println!("{table}: {} {rule}: {given}", if is_right { "ok" } else { "WRONG" });
        if !is_right {
            wrong.push(format!("{table}: {rule}\n  given {given}\n  came  {came:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn show(executor: &Executor) -> String {
    let span = |span: Option<Span>| span.map_or("forever".to_owned(), |span| span.to_string());
    let kind = executor.kind().name();
    match executor {
        Executor::SharedIterations { vus, iterations, max_duration }
        | Executor::PerVuIterations { vus, iterations, max_duration } => {
            format!("{kind} {vus} vus, {iterations} iterations, {max_duration}")
        }
        Executor::ConstantVus { vus, duration } => format!("{kind} {vus} vus, {}", span(*duration)),
        Executor::RampingVus { start_vus, stages, graceful_ramp_down } => {
            let stages: Vec<String> =
                stages.iter().map(|stage| format!("{}:{}", stage.duration, stage.target)).collect();
            format!("{kind} from {start_vus}, {}, down in {graceful_ramp_down}", stages.join(" "))
        }
        Executor::ConstantArrivalRate { rate, duration, arrival, late, pool } => {
            let (pre, most) = (pool.pre_allocated_vus, pool.max_vus);
            format!("{kind} {rate}, {}, {arrival:?}, {late:?}, {pre} to {most} vus", span(*duration))
        }
        Executor::RampingArrivalRate { start_rate, stages, arrival, late, pool } => {
            let stages: Vec<String> =
                stages.iter().map(|stage| format!("{}:{}", stage.duration, stage.target)).collect();
            let (pre, most) = (pool.pre_allocated_vus, pool.max_vus);
            format!("{kind} {start_rate}, {}, {arrival:?}, {late:?}, {pre} to {most} vus", stages.join(" "))
        }
    }
}

fn joined(problems: Vec<podometer::model::bounds::OutOfRange>) -> String {
    problems.into_iter().map(|problem| problem.to_string()).collect::<Vec<_>>().join("\n")
}

#[rustfmt::skip]
const EXECUTORS: &[Row] = &[
    ("shared-iterations has defaults", r#"{"executor":"shared-iterations"}"#, In("shared-iterations 1 vus, 1 iterations, 10m")),
    ("shared-iterations needs an iteration for each user", r#"{"executor":"shared-iterations","vus":10,"iterations":9}"#, Refused("scenarios.api.iterations: \"9\" is below the 10 vus that share them; allowed: at least as many as vus")),
    ("shared-iterations needs a user", r#"{"executor":"shared-iterations","vus":0}"#, Refused("scenarios.api.vus: \"0\" is below 1")),
    ("maxDuration is a second at least", r#"{"executor":"shared-iterations","maxDuration":"500ms"}"#, Refused("scenarios.api.maxDuration: \"500ms\" is below 1s; allowed: 1s or longer")),
    ("per-vu-iterations has defaults", r#"{"executor":"per-vu-iterations"}"#, In("per-vu-iterations 1 vus, 1 iterations, 10m")),
    ("per-vu-iterations may have fewer iterations than users", r#"{"executor":"per-vu-iterations","vus":10,"iterations":2}"#, In("per-vu-iterations 10 vus, 2 iterations, 10m")),
    ("per-vu-iterations needs an iteration", r#"{"executor":"per-vu-iterations","iterations":0}"#, Refused("scenarios.api.iterations: \"0\" is below 1")),
    ("constant-vus has one user", r#"{"executor":"constant-vus","duration":"1m"}"#, In("constant-vus 1 vus, 1m")),
    ("constant-vus needs a duration", r#"{"executor":"constant-vus","vus":3}"#, Refused("scenarios.api: \"constant-vus\" lacks duration; allowed: 1s or longer, or forever")),
    ("a duration is a second at least", r#"{"executor":"constant-vus","duration":999}"#, Refused("scenarios.api.duration: \"999ms\" is below 1s")),
    ("a bare number is in milliseconds", r#"{"executor":"constant-vus","duration":1500}"#, In("constant-vus 1 vus, 1s500ms")),
    ("a duration may be for ever (ours)", r#"{"executor":"constant-vus","duration":"forever"}"#, In("constant-vus 1 vus, forever")),
    ("a negative number is refused by name", r#"{"executor":"constant-vus","duration":"1m","vus":-2}"#, Refused("scenarios.api.vus: \"-2\" is below 1; allowed: 1 to 100000000")),
    ("ramping-vus has defaults", r#"{"executor":"ramping-vus","stages":[{"duration":"10s","target":5}]}"#, In("ramping-vus from 1, 10s:5, down in 30s")),
    ("a stage may be a jump", r#"{"executor":"ramping-vus","startVUs":0,"stages":[{"duration":"0s","target":5}]}"#, In("ramping-vus from 0, 0s:5, down in 30s")),
    ("ramping-vus needs stages", r#"{"executor":"ramping-vus","stages":[]}"#, Refused("lacks stages")),
    ("ramping-vus needs a user at some time", r#"{"executor":"ramping-vus","startVUs":0,"stages":[{"duration":"1s","target":0}]}"#, Refused("scenarios.api.startVUs")),
    ("a stage needs a target", r#"{"executor":"ramping-vus","stages":[{"duration":"1s","target":1},{"duration":"1s"}]}"#, Refused("lacks stages[1].target")),
    ("a stage needs a duration", r#"{"executor":"ramping-vus","stages":[{"target":1}]}"#, Refused("lacks stages[0].duration")),
    ("a target is not negative", r#"{"executor":"ramping-vus","stages":[{"duration":"1s","target":-1}]}"#, Refused("scenarios.api.stages[0].target: \"-1\" is below 0")),
    ("there are 10^8 users at most", r#"{"executor":"ramping-vus","stages":[{"duration":"1s","target":100000001}]}"#, Refused("is above 100000000")),
    ("constant-arrival-rate has defaults", r#"{"executor":"constant-arrival-rate","rate":3,"duration":"12m","preAllocatedVUs":20}"#, In("constant-arrival-rate 3/1s, 12m, Constant, Start, 20 to 20 vus")),
    ("constant-arrival-rate takes everything", r#"{"executor":"constant-arrival-rate","rate":3,"timeUnit":"1m","duration":"12m","preAllocatedVUs":20,"maxVUs":50,"arrival":"poisson","late":"drop"}"#, In("constant-arrival-rate 3/1m, 12m, Poisson, Drop, 20 to 50 vus")),
    ("constant-arrival-rate needs a rate", r#"{"executor":"constant-arrival-rate","duration":"1m","preAllocatedVUs":1}"#, Refused("lacks rate; allowed: 1 to 10000000")),
    ("a rate is above zero", r#"{"executor":"constant-arrival-rate","rate":0,"duration":"1m","preAllocatedVUs":1}"#, Refused("scenarios.api.rate: \"0\" is below 1")),
    ("constant-arrival-rate needs preAllocatedVUs", r#"{"executor":"constant-arrival-rate","rate":1,"duration":"1m"}"#, Refused("lacks preAllocatedVUs")),
    ("maxVUs is not below preAllocatedVUs", r#"{"executor":"constant-arrival-rate","rate":1,"duration":"1m","preAllocatedVUs":5,"maxVUs":4}"#, Refused("scenarios.api.maxVUs: \"4\" is below preAllocatedVUs, 5")),
    ("all users may come up when they are needed", r#"{"executor":"constant-arrival-rate","rate":1,"duration":"1m","preAllocatedVUs":0,"maxVUs":4}"#, In("constant-arrival-rate 1/1s, 1m, Constant, Start, 0 to 4 vus")),
    ("a timeUnit is not zero", r#"{"executor":"constant-arrival-rate","rate":1,"timeUnit":0,"duration":"1m","preAllocatedVUs":1}"#, Refused("scenarios.api.timeUnit: \"0s\" is no unit")),
    ("ramping-arrival-rate starts at zero", r#"{"executor":"ramping-arrival-rate","preAllocatedVUs":2,"stages":[{"duration":"1m","target":10}]}"#, In("ramping-arrival-rate 0/1s, 1m:10, Constant, Start, 2 to 2 vus")),
    ("ramping-arrival-rate needs stages", r#"{"executor":"ramping-arrival-rate","preAllocatedVUs":2}"#, Refused("lacks stages")),
    ("an unknown key is refused", r#"{"executor":"constant-vus","duration":"1m","vuss":1}"#, Refused("unknown field `vuss`")),
    ("an unknown key of a stage is refused", r#"{"executor":"ramping-vus","stages":[{"duration":"1s","targt":1}]}"#, Refused("unknown field `targt`")),
    ("another executor's key is refused", r#"{"executor":"ramping-vus","vus":2,"stages":[{"duration":"1s","target":1}]}"#, Refused("scenarios.api.vus: \"vus\" is no key of ramping-vus; allowed: startVUs, stages, gracefulRampDown")),
    ("the key that was meant is named", r#"{"executor":"constant-vus","maxDuration":"1m","duration":"1m","startVUs":1}"#, Refused("scenarios.api.startVUs: \"startVUs\" is no key of constant-vus; allowed: vus, duration")),
    ("an unknown executor is refused", r#"{"executor":"constant-vu"}"#, Refused("unknown variant `constant-vu`")),
    ("externally-controlled is gone, as in k6 2", r#"{"executor":"externally-controlled"}"#, Refused("unknown variant `externally-controlled`")),
    ("an executor is needed", "{}", Refused("scenarios.api: \"api\" lacks executor; allowed: constant-arrival-rate, constant-vus")),
    ("an exec is not empty", r#"{"executor":"per-vu-iterations","exec":""}"#, Refused("scenarios.api.exec: \"\" is empty")),
    ("all problems are told at once", r#"{"executor":"constant-arrival-rate","rate":0}"#, Refused("lacks duration")),
];

#[test]
fn executors() {
    check("executors", EXECUTORS, |given| {
        let draft: Draft = serde_json::from_str(given).map_err(|error| error.to_string())?;
        draft.build("api").map(|scenario| show(&scenario.executor)).map_err(joined)
    });
}

const NAMES: &[Row] = &[
    ("letters, digits, _ and -", "api_V2-b", In("api_V2-b 0s 30s default")),
    ("no blanks", "my api", Refused("\"my api\" is no name")),
    ("no dots", "a.b", Refused("allowed: letters, digits, _ and -")),
    ("not empty", "", Refused("is no name")),
    ("no other letters", "\u{e9}t\u{e9}", Refused("is no name")),
];

#[test]
fn scenarios_have_names_and_common_defaults() {
    let draft: Draft = serde_json::from_str(r#"{"executor":"per-vu-iterations"}"#).unwrap();
    check("names", NAMES, |name| {
        let scenario = draft.build(name).map_err(joined)?;
        let (start, stop) = (scenario.start_time, scenario.graceful_stop);
        Ok(format!("{} {start} {stop} {}", scenario.name, scenario.exec))
    });
}

#[rustfmt::skip]
const SHORTCUTS: &[Row] = &[
    ("nothing is one iteration of one user", "{}", In("default: per-vu-iterations 1 vus, 1 iterations, 10m")),
    ("vus alone share as many iterations", r#"{"vus":5}"#, In("default: shared-iterations 5 vus, 5 iterations, 10m")),
    ("iterations are shared", r#"{"iterations":20,"vus":4}"#, In("default: shared-iterations 4 vus, 20 iterations, 10m")),
    ("iterations without vus are one user's", r#"{"iterations":20}"#, In("default: shared-iterations 1 vus, 20 iterations, 10m")),
    ("iterations with a duration end there", r#"{"iterations":20,"duration":"1m"}"#, In("default: shared-iterations 1 vus, 20 iterations, 1m")),
    ("iterations are as many as vus at least", r#"{"iterations":2,"vus":4}"#, Refused("scenarios.default.iterations: \"2\" is below the 4 vus")),
    ("duration is constant-vus", r#"{"duration":"30s","vus":10}"#, In("default: constant-vus 10 vus, 30s")),
    ("duration without vus is one user", r#"{"duration":"30s"}"#, In("default: constant-vus 1 vus, 30s")),
    ("a duration of nothing is refused", r#"{"duration":"0s"}"#, Refused("duration: \"0s\" is no time; allowed: longer than 0s")),
    ("stages are ramping-vus", r#"{"stages":[{"duration":"1m","target":9}]}"#, In("default: ramping-vus from 1, 1m:9, down in 30s")),
    ("stages begin at vus", r#"{"stages":[{"duration":"1m","target":9}],"vus":3}"#, In("default: ramping-vus from 3, 1m:9, down in 30s")),
    ("empty stages are none", r#"{"stages":[],"duration":"1m"}"#, In("default: constant-vus 1 vus, 1m")),
    ("empty scenarios are none", r#"{"scenarios":{}}"#, In("default: per-vu-iterations 1 vus, 1 iterations, 10m")),
    ("vus do not disturb scenarios", r#"{"vus":3,"scenarios":{"a":{"executor":"constant-vus","duration":"1m"}}}"#, In("a: constant-vus 1 vus, 1m")),
    ("iterations and stages conflict", r#"{"iterations":1,"stages":[{"duration":"1m","target":9}]}"#, Refused("iterations: \"iterations\" cannot be used together with stages")),
    ("iterations and scenarios conflict", r#"{"iterations":1,"scenarios":{}}"#, Refused("iterations: \"iterations\" cannot be used together with scenarios")),
    ("duration and stages conflict", r#"{"duration":"1m","stages":[{"duration":"1m","target":9}]}"#, Refused("duration: \"duration\" cannot be used together with stages")),
    ("duration and scenarios conflict", r#"{"duration":"1m","scenarios":{}}"#, Refused("duration: \"duration\" cannot be used together with scenarios")),
    ("stages and scenarios conflict", r#"{"stages":[{"duration":"1m","target":9}],"scenarios":{}}"#, Refused("stages: \"stages\" cannot be used together with scenarios")),
    ("rate and duration are constant-arrival-rate (ours)", r#"{"rate":200,"duration":"10s","vus":20}"#, In("default: constant-arrival-rate 200/1s, 10s, Constant, Start, 20 to 20 vus")),
    ("a rate without vus has one for each start in a second (ours)", r#"{"rate":"600/1m","duration":"10s"}"#, In("default: constant-arrival-rate 600/1m, 10s, Constant, Start, 10 to 10 vus")),
    ("rate and stages are ramping-arrival-rate (ours)", r#"{"rate":5,"stages":[{"duration":"1m","target":80}]}"#, In("default: ramping-arrival-rate 5/1s, 1m:80, Constant, Start, 80 to 80 vus")),
    ("a rate needs an end (ours)", r#"{"rate":5}"#, Refused("rate: \"5/1s\" does not say for how long")),
    ("rate and iterations conflict (ours)", r#"{"rate":5,"iterations":3}"#, Refused("rate: \"rate\" cannot be used together with iterations")),
    ("rate and scenarios conflict (ours)", r#"{"rate":5,"duration":"1m","scenarios":{}}"#, Refused("rate: \"rate\" cannot be used together with scenarios")),
    ("unknown shortcuts are refused", r#"{"vu":1}"#, Refused("unknown field `vu`")),
];

fn shown(shortcuts: &Shortcuts) -> Result<String, String> {
    let scenarios = shortcuts.scenarios().map_err(joined)?;
    let lines = scenarios.iter().map(|scenario| format!("{}: {}", scenario.name, show(&scenario.executor)));
    Ok(lines.collect::<Vec<_>>().join("; "))
}

#[test]
fn shortcuts() {
    check("shortcuts", SHORTCUTS, |given| {
        let shortcuts: Shortcuts = serde_json::from_str(given).map_err(|error| error.to_string())?;
        shown(&shortcuts)
    });
}

/// Given: flags, variables of the environment, file.
#[rustfmt::skip]
const PRECEDENCE: &[Row] = &[
    ("a flag overrides a variable", r#"[{"vus":3},{"K6_VUS":"5","K6_DURATION":"1m"},{}]"#, In("default: constant-vus 3 vus, 1m")),
    ("a variable overrides the file", r#"[{},{"K6_VUS":"5"},{"vus":9,"duration":"1m"}]"#, In("default: constant-vus 5 vus, 1m")),
    ("a duration throws away lower stages", r#"[{"duration":"1m"},{},{"stages":[{"duration":"5s","target":2}]}]"#, In("default: constant-vus 1 vus, 1m")),
    ("stages throw away lower iterations and duration", r#"[{},{"K6_STAGES":"5s:2,1m:3"},{"iterations":4,"duration":"1m"}]"#, In("default: ramping-vus from 1, 5s:2 1m:3, down in 30s")),
    ("iterations throw away lower scenarios", r#"[{"iterations":4},{},{"scenarios":{"a":{"executor":"constant-vus","duration":"1m"}}}]"#, In("default: shared-iterations 1 vus, 4 iterations, 10m")),
    ("scenarios throw away a lower duration", r#"[{"scenarios":{"a":{"executor":"constant-vus","duration":"1m"}}},{"K6_DURATION":"2m"},{}]"#, In("a: constant-vus 1 vus, 1m")),
    ("vus throw away nothing", r#"[{"vus":2},{},{"stages":[{"duration":"5s","target":2}]}]"#, In("default: ramping-vus from 2, 5s:2, down in 30s")),
    ("one place still may not contradict itself", r#"[{"duration":"1m","stages":[{"duration":"5s","target":2}]},{},{}]"#, Refused("cannot be used together")),
    ("a rate keeps a lower duration (ours)", r#"[{"rate":7},{},{"vus":4,"duration":"1m"}]"#, In("default: constant-arrival-rate 7/1s, 1m, Constant, Start, 4 to 4 vus")),
    ("iterations throw away a lower rate (ours)", r#"[{"iterations":7},{"K6_RATE":"5/m"},{"duration":"1m"}]"#, In("default: shared-iterations 1 vus, 7 iterations, 10m")),
    ("a bad variable is named", r#"[{},{"K6_VUS":"five"},{}]"#, Refused("K6_VUS: \"five\" is no whole number")),
    ("a bad duration of a variable is named", r#"[{},{"K6_DURATION":"1x"},{}]"#, Refused("K6_DURATION: \"1x\" is no duration; allowed: a duration such as 1m30s")),
    ("an empty variable is none", r#"[{},{"K6_VUS":""},{"vus":2}]"#, In("default: shared-iterations 2 vus, 2 iterations, 10m")),
];

#[test]
fn precedence() {
    type Given = (Shortcuts, std::collections::BTreeMap<String, String>, Shortcuts);
    check("precedence", PRECEDENCE, |given| {
        let (flags, variables, file): Given =
            serde_json::from_str(given).map_err(|error| error.to_string())?;
        let variables = Shortcuts::from_variables(|name| variables.get(name).cloned()).map_err(joined)?;
        shown(&Shortcuts::merge([flags, variables, file]))
    });
}

#[rustfmt::skip]
const GRAMMAR: &[Row] = &[
    ("a method, an operator, a number", "p(95)<500", In("p(95) Less 500")),
    ("blanks are allowed", "  avg  >=  0.25 ", In("avg GreaterEqual 0.25")),
    ("equal", "count==10", In("count Equal 10")),
    ("equal, as JavaScript writes it", "count===10", In("count Equal 10")),
    ("not equal", "value!=0", In("value NotEqual 0")),
    ("less or equal", "med<=3", In("med LessEqual 3")),
    ("greater", "rate>0.99", In("rate Greater 0.99")),
    ("percentiles have fractions", "p(99.9)<1500", In("p(99.9) Less 1500")),
    ("p(0) and p(100) are the ends", "p(100)<1", In("p(100) Less 1")),
    ("no percentile above 100", "p(101)<1", Refused("percentile \"101\" is no number from 0 to 100")),
    ("a percentile is a number", "p(x)<1", Refused("percentile \"x\"")),
    ("an operator is needed", "p(95)", Refused("threshold \"p(95)\": no operator")),
    ("a number is needed", "avg<fast", Refused("\"fast\" is no number")),
    ("nothing stands behind the number", "avg<5ms", Refused("\"5ms\" is no number")),
    ("no second operator", "avg<5<6", Refused("\"5<6\" is no number")),
    ("infinity is no bound", "avg<inf", Refused("\"inf\" is no number")),
    ("an assignment is no comparison", "avg=5", Refused("no operator")),
    ("the method that was meant is named", "averg<5", Refused("unknown method \"averg\"; did you mean avg?")),
    ("p95 means p(95)", "p95<5", Refused("unknown method \"p95\"; did you mean p(95)?")),
];

#[test]
fn threshold_grammar() {
    check("grammar", GRAMMAR, |given| {
        let expression = Expression::parse(given).map_err(|error| error.to_string())?;
        Ok(format!("{} {:?} {}", expression.method, expression.operator, expression.bound))
    });
}

#[rustfmt::skip]
const SELECTORS: &[Row] = &[
    ("a metric", "http_reqs", In("http_reqs")),
    ("with a tag", "http_reqs{status:200}", In("http_reqs{status:200}")),
    ("with several tags and blanks", "http_reqs{ status:200 , type: service }", In("http_reqs{status:200,type:service}")),
    ("quotes go", "http_reqs{\"status\":'200'}", In("http_reqs{status:200}")),
    ("a value may hold colons", "http_reqs{url:http://a:80/}", In("http_reqs{url:http://a:80/}")),
    ("a group's name begins with colons", "http_reqs{group:::login}", In("http_reqs{group:::login}")),
    ("a brace is closed", "http_reqs{status:200", Refused("\"http_reqs{status:200\": has no closing brace")),
    ("a brace is opened", "http_reqs}", Refused("has no opening brace")),
    ("braces hold a tag", "http_reqs{}", Refused("has braces without a tag")),
    ("a tag has a value", "http_reqs{status}", Refused("has a tag without a value")),
    ("a value has a tag", "http_reqs{:200}", Refused("has a value without a tag")),
    ("there is a metric", "{status:200}", Refused("names no metric")),
];

#[test]
fn threshold_selectors() {
    check("selectors", SELECTORS, |given| {
        Selector::parse(given).map(|selector| selector.to_string()).map_err(|error| error.to_string())
    });
}

fn own_metrics() -> impl Iterator<Item = (&'static str, MetricType)> {
    BUILT_IN.into_iter().chain([("script_errors", MetricType::Rate)])
}

#[rustfmt::skip]
const METHODS: &[Row] = &[
    ("a counter has a count", "http_reqs|count>0", In("fits")),
    ("a counter has a rate", "http_reqs|rate>0", In("fits")),
    ("a counter has no average", "http_reqs|avg>0", Refused("threshold \"avg>0\" on \"http_reqs\": a counter has no avg; allowed: count, rate")),
    ("a gauge has a value", "vus|value>0", In("fits")),
    ("a gauge has no maximum", "vus|max>0", Refused("a gauge has no max; allowed: value")),
    ("a rate has a rate", "checks|rate>0.9", In("fits")),
    ("a rate has no count", "checks|count>0", Refused("a rate has no count; allowed: rate")),
    ("a trend has percentiles", "http_req_duration|p(95)<1", In("fits")),
    ("a trend has a median", "http_req_duration{status:200}|med<1", In("fits")),
    ("a trend has no count", "http_req_duration|count<1", Refused("a trend has no count; allowed: avg, min, max, med, p(0) to p(100)")),
    ("a trend has no rate", "http_req_duration|rate<1", Refused("a trend has no rate")),
    ("own metrics are known", "script_errors|rate<0.01", In("fits")),
    ("the metric that was meant is named", "http_req_duraton|avg<1", Refused("no such metric; did you mean http_req_duration?")),
    ("an unknown metric is refused", "latency_of_it_all|avg<1", Refused("threshold on \"latency_of_it_all\": no such metric")),
];

#[test]
fn threshold_methods_by_type() {
    check("methods", METHODS, |given| {
        let (selector, expression) = given.split_once('|').unwrap();
        let draft = ThresholdDraft { threshold: expression.to_owned(), ..ThresholdDraft::default() };
        let parsed = Threshold::parse(selector, &draft, own_metrics());
        parsed.map(|_| "fits".to_owned()).map_err(|error| error.to_string())
    });
}

/// One number for the whole run, another for a window.
struct Fixed(Option<f64>, Option<f64>);

impl Aggregates for Fixed {
    fn value(&self, _: &Selector, _: Method, over: Option<Span>) -> Option<f64> {
        if over.is_some() { self.1 } else { self.0 }
    }
}

/// Evaluated after ten seconds where the whole run says 100 and the last window 10.
#[rustfmt::skip]
const EVALUATION: &[Row] = &[
    ("a bound that holds passes", r#""avg<101""#, In("passed")),
    ("less is strict", r#""avg<100""#, In("failed")),
    ("less or equal is not", r#""avg<=100""#, In("passed")),
    ("greater is strict", r#""avg>100""#, In("failed")),
    ("greater or equal is not", r#""avg>=100""#, In("passed")),
    ("equal", r#""avg==100""#, In("passed")),
    ("not equal", r#""avg!=100""#, In("failed")),
    ("a failure goes on without abortOnFail", r#"{"threshold":"avg<1"}"#, In("failed")),
    ("abortOnFail aborts at once", r#"{"threshold":"avg<1","abortOnFail":true}"#, In("failed, abort")),
    ("what passes does not abort", r#"{"threshold":"avg<1000","abortOnFail":true}"#, In("passed")),
    ("delayAbortEval delays", r#"{"threshold":"avg<1","abortOnFail":true,"delayAbortEval":"11s"}"#, In("failed")),
    ("delayAbortEval must be over", r#"{"threshold":"avg<1","abortOnFail":true,"delayAbortEval":"10s"}"#, In("failed")),
    ("delayAbortEval ends", r#"{"threshold":"avg<1","abortOnFail":true,"delayAbortEval":9999}"#, In("failed, abort")),
    ("a window looks at the last (ours)", r#"{"threshold":"avg<11","over":"1m"}"#, In("passed")),
    ("a window is not empty (ours)", r#"{"threshold":"avg<11","over":"0s"}"#, Refused("over: \"0s\" is no window")),
    ("an unknown key is refused", r#"{"threshold":"avg<11","abort":true}"#, Refused("unknown field `abort`")),
    ("an expression is needed", r#"{"abortOnFail":true}"#, Refused("missing field `threshold`")),
];

#[test]
fn threshold_evaluation() {
    let parsed = |given: &str| -> Result<Threshold, String> {
        let draft: ThresholdDraft = serde_json::from_str(given).map_err(|error| error.to_string())?;
        Threshold::parse("http_req_duration", &draft, own_metrics()).map_err(|error| error.to_string())
    };
    check("evaluation", EVALUATION, |given| {
        let outcome = parsed(given)?.evaluate(&Fixed(Some(100.0), Some(10.0)), Span::from_secs(10));
        let passed = if outcome.passed { "passed" } else { "failed" };
        Ok(format!("{passed}{}", if outcome.abort { ", abort" } else { "" }))
    });
    let aborting = parsed(r#"{"threshold":"avg<1","abortOnFail":true}"#).unwrap();
    let outcome = aborting.evaluate(&Fixed(None, None), Span::from_secs(10));
    assert!(outcome.passed && !outcome.abort && outcome.value.is_none(), "a metric without a sample passes");
}

/// Samples, percentile, and what k6 says.
const PERCENTILES: [(&[f64], f64, f64); 10] = [
    (&[5.0], 95.0, 5.0),
    (&[1.0, 2.0], 50.0, 1.5),
    (&[1.0, 2.0], 95.0, 1.95),
    (&[1.0, 2.0, 3.0, 4.0], 0.0, 1.0),
    (&[1.0, 2.0, 3.0, 4.0], 50.0, 2.5),
    (&[1.0, 2.0, 3.0, 4.0], 90.0, 3.7),
    (&[1.0, 2.0, 3.0, 4.0], 100.0, 4.0),
    (&[10.0, 20.0, 30.0, 40.0, 50.0], 25.0, 20.0),
    (&[10.0, 20.0, 30.0, 40.0, 50.0], 99.0, 49.6),
    (&[10.0, 20.0, 30.0, 40.0, 50.0], 99.9, 49.96),
];

#[test]
fn percentiles_are_interpolated() {
    for (samples, percentile, expected) in PERCENTILES {
        let found = of_sorted(samples, percentile / 100.0).unwrap();
        assert!((found - expected).abs() < 1e-9, "p({percentile}) of {samples:?}: {found}, not {expected}");
    }
}

/// k6's codes, and ours.
const EXIT_CODES: [(&str, u8); 16] = [
    ("passed", 0),
    ("cloud_failed", 97),
    ("cloud_progress", 98),
    ("thresholds_failed", 99),
    ("setup_timeout", 100),
    ("teardown_timeout", 101),
    ("generic_timeout", 102),
    ("stopped_by_rest", 103),
    ("invalid_config", 104),
    ("external_abort", 105),
    ("rest_cannot_start", 106),
    ("script_exception", 107),
    ("script_aborted", 108),
    ("panic", 109),
    ("marked_failed", 110),
    ("invalid", 120),
];

#[test]
fn exit_codes() {
    assert_eq!(exit::TABLE.len(), EXIT_CODES.len());
    for (name, code) in EXIT_CODES {
        let exit = exit::TABLE
            .into_iter()
            .find(|row| row.2 == name)
            .unwrap_or_else(|| panic!("{name}: no such exit"))
            .0;
        assert_eq!(exit.code(), code, "{name}");
    }
}
