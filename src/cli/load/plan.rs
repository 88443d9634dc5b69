//! From what was typed to a plan, or all that is wrong with it.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use super::arguments::Run;
use crate::cli::Failure;
use crate::load::engine::{Check, Condition, Host, Plan, Request, Step, USUALLY_EXPECTED, Work};
use crate::load::metric::BUILT_IN;
use crate::load::protocol::Origin;
use crate::load::protocol::http1::{self, Keep};
use crate::load::rate::Rate;
use crate::load::scenario::{Scenario, StageDraft};
use crate::load::shortcuts::Shortcuts;
use crate::load::span::Span;
use crate::load::threshold::{Threshold, ThresholdDraft};

/// k6's.
const DEFAULT_TIMEOUT: Span = Span::from_secs(60);
const MOST_THREADS: usize = 256;
const AGENT: &str = concat!("podometer/", env!("CARGO_PKG_VERSION"));

/// What is wrong, one line each.
type Problems = Vec<String>;

/// The variables of the environment come as a function, so that tests have their own.
pub(super) fn plan(run: &Run, variable: impl Fn(&str) -> Option<String>) -> Result<Plan, Failure> {
    let mut problems = Problems::new();
    let scenarios = scenarios(run, variable, &mut problems);
    let parsed = url(&run.url).map_err(|problem| problems.push(problem)).ok();
    let request = parsed.as_ref().and_then(|(origin, path)| request(run, origin, path, &mut problems));
    let thresholds = run.threshold.iter().filter_map(|text| threshold(text, &mut problems)).collect();
    if run.threads.is_some_and(|threads| !(1..=MOST_THREADS).contains(&threads)) {
        problems.push(format!("--threads: out of range; allowed: 1 to {MOST_THREADS}"));
    }
    let is_tls = parsed.as_ref().is_some_and(|(origin, _)| origin.is_tls);
    let tls = is_tls.then(|| run.transport.tls().map_err(|problem| problems.push(problem)).ok()).flatten();
    let (Some((origin, _)), Some(request), true) = (parsed, request, problems.is_empty()) else {
        return Err(Failure::LoadRefused(problems));
    };
    let steps = vec![Step::Request(Box::new(request))];
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Plan {
        run_id: format!("{:x}", now.as_micros()).into(),
        scenarios: scenarios.into_iter().map(|scenario| Work { scenario, steps: steps.clone() }).collect(),
        hosts: vec![Host { name: origin.host, port: origin.port, is_tls }],
        thresholds,
        threads: run.threads,
        seed: run.seed.unwrap_or(1),
        never_reuses_connections: run.no_connection_reuse,
        tls,
        has_prior_knowledge: run.transport.has_prior_knowledge(),
        ..Plan::default()
    })
}

fn scenarios(run: &Run, variable: impl Fn(&str) -> Option<String>, problems: &mut Problems) -> Vec<Scenario> {
    let mut span = |flag: &str, text: Option<&String>| {
        let parsed = Span::parse(text?).map_err(|error| problems.push(format!("--{flag}: {error}")));
        parsed.ok()
    };
    let duration = span("duration", run.duration.as_ref());
    let graceful_stop = span("graceful-stop", run.graceful_stop.as_ref());
    let rate = run
        .rate
        .as_ref()
        .and_then(|text| Rate::parse(text).map_err(|error| problems.push(format!("--rate: {error}"))).ok());
    let mut stages = Vec::new();
    for text in &run.stage {
        match StageDraft::parse_list(text) {
            Ok(parsed) => stages.extend(parsed),
            Err(error) => problems.push(format!("--stage: {error}")),
        }
    }
    let flags = Shortcuts {
        vus: run.vus,
        duration,
        iterations: run.iterations,
        stages: (!run.stage.is_empty()).then_some(stages),
        rate,
        scenarios: None,
    };
    let told = |found: Vec<crate::model::bounds::OutOfRange>| found.into_iter().map(|one| one.to_string());
    let environment = Shortcuts::from_variables(variable).unwrap_or_else(|found| {
        problems.extend(told(found));
        Shortcuts::default()
    });
    let mut scenarios = Shortcuts::merge([flags, environment]).scenarios().unwrap_or_else(|found| {
        problems.extend(told(found));
        Vec::new()
    });
    if let Some(graceful_stop) = graceful_stop {
        for scenario in &mut scenarios {
            scenario.graceful_stop = graceful_stop;
        }
    }
    scenarios
}

/// The server and the path. The URL itself is not told back: a password may stand in it.
fn url(text: &str) -> Result<(Origin, String), String> {
    Origin::split(text).map_err(|reason| {
        format!(
            "URL: it {reason}; allowed: http[s]://host[:port][/path][?query], a user in --header Authorization"
        )
    })
}

fn request(run: &Run, origin: &Origin, path: &str, problems: &mut Problems) -> Option<Request> {
    let body = match run.body.as_deref().map(|text| (text, text.strip_prefix('@'))) {
        None => Vec::new(),
        Some((_, Some(file))) => match std::fs::read(file) {
            Ok(body) => body,
            Err(error) => {
                problems.push(format!("--body: {file}: {error}"));
                return None;
            }
        },
        Some((text, None)) => text.as_bytes().to_vec(),
    };
    let mut headers = Vec::new();
    for header in &run.header {
        match header.split_once(':') {
            Some((name, value)) => headers.push((name.trim().to_owned(), value.trim().to_owned())),
            None => problems.push(format!("--header: \"{header}\" has no \":\"; allowed: NAME: VALUE")),
        }
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        headers.push(("User-Agent".to_owned(), AGENT.to_owned()));
    }
    // The server closes, so that the ports that wait for the last packets are not ours.
    if run.no_connection_reuse && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection")) {
        headers.push(("Connection".to_owned(), "close".to_owned()));
    }
    let usual = if run.body.is_some() { "POST" } else { "GET" };
    let method = run.method.as_deref().unwrap_or(usual);
    let timeout = run.timeout.as_deref().map_or(Ok(DEFAULT_TIMEOUT), Span::parse);
    let timeout = timeout.map_err(|error| problems.push(format!("--timeout: {error}"))).ok()?;
    if timeout == Span::default() {
        problems.push("--timeout: \"0s\" is no time; allowed: longer than 0s".to_owned());
    }
    let bytes = http1::Request::new(method, path, &origin.authority(), &headers, &body);
    let bytes = bytes.map_err(|fault| problems.push(fault.to_string())).ok()?;
    let check = |status: u16| Check {
        name: format!("status is {status}").into(),
        condition: Condition::Status(status),
    };
    Some(Request {
        name: run.url.as_str().into(),
        method: method.into(),
        url: run.url.as_str().into(),
        group: "".into(),
        tags: BTreeMap::new(),
        host: 0,
        bytes,
        keep: Keep::default(),
        timeout,
        expected: USUALLY_EXPECTED,
        checks: run.check_status.map(check).into_iter().collect(),
    })
}

/// `metric{tag:value}=p(95)<500`: what stands in braces may hold an equals sign.
fn threshold(text: &str, problems: &mut Problems) -> Option<Threshold> {
    let behind = text.find('}').unwrap_or(0);
    let parsed = match text[behind..].split_once('=') {
        None => {
            let allowed = "allowed: METRIC=EXPRESSION such as http_req_duration=p(95)<500";
            Err(format!("--threshold: \"{text}\" has no \"=\"; {allowed}"))
        }
        Some((metric, expression)) => {
            let metric = format!("{}{metric}", &text[..behind]);
            let draft = ThresholdDraft { threshold: expression.to_owned(), ..ThresholdDraft::default() };
            Threshold::parse(&metric, &draft, BUILT_IN).map_err(|error| format!("--threshold: {error}"))
        }
    };
    parsed.map_err(|problem| problems.push(problem)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use crate::cli::load::arguments::LoadAction;
    use crate::load::scenario::Executor;
    use clap::Parser;

    fn of(flags: &[&str], variables: &[(&str, &str)]) -> Result<Plan, String> {
        let typed = ["podometer", "load", "run", "http://h:1/p"].iter().chain(flags);
        let Command::Load(command) = Arguments::try_parse_from(typed).unwrap().command else { panic!() };
        let LoadAction::Run(run) = command.action;
        let variable = |name: &str| {
            variables.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned())
        };
        plan(&run, variable).map_err(|failure| failure.to_string())
    }

    fn executor(flags: &[&str], variables: &[(&str, &str)]) -> Executor {
        of(flags, variables).unwrap().scenarios.remove(0).scenario.executor
    }

    #[test]
    fn flags_stand_above_the_environment() {
        let minute = Some(Span::from_secs(60));
        let constant = |vus| Executor::ConstantVus { vus, duration: minute };
        assert_eq!(executor(&["--vus", "3", "--duration", "1m"], &[("K6_VUS", "9")]), constant(3));
        assert_eq!(executor(&["--duration", "1m"], &[("K6_VUS", "9")]), constant(9));
        assert_eq!(executor(&["--duration", "1m"], &[("K6_STAGES", "5s:3")]), constant(1));
        let plan = of(&["--rate", "200/s", "--duration", "10s", "--vus", "20"], &[]).unwrap();
        assert_eq!(plan.max_vus(), 20);
        assert_eq!(plan.duration(), Some(Span::from_secs(10)));
    }

    #[test]
    fn a_request_is_what_was_typed() {
        let flags = ["-H", "X-A: b: c", "--body", "hi", "--check-status", "201", "--timeout", "2s"];
        let plan = of(&flags, &[]).unwrap();
        let Step::Request(request) = &plan.scenarios[0].steps[0] else { panic!() };
        let text = String::from_utf8(request.bytes.bytes().to_vec()).unwrap();
        assert!(text.starts_with("POST /p HTTP/1.1\r\nHost: h:1\r\nX-A: b: c\r\n"), "{text}");
        assert!(text.ends_with("Content-Length: 2\r\n\r\nhi"), "{text}");
        assert_eq!(request.timeout, Span::from_secs(2));
        assert_eq!(&*request.checks[0].name, "status is 201");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let flags = [
            "--duration",
            "5x",
            "--stage",
            "1m",
            "--rate",
            "fast",
            "--header",
            "x",
            "--threads",
            "0",
            "--threshold",
            "http_req_duration",
            "--threshold",
            "http_reqz=count>1",
            "--timeout",
            "0",
        ];
        let told = of(&flags, &[("K6_VUS", "many")]).unwrap_err();
        for part in [
            "--duration: \"5x\" is no duration",
            "--stage: stage \"1m\" has no \":\"",
            "--rate: \"fast\" is no rate",
            "--header: \"x\" has no \":\"",
            "--threads: out of range; allowed: 1 to 256",
            "--threshold: \"http_req_duration\" has no \"=\"",
            "did you mean http_reqs?",
            "--timeout: \"0s\" is no time",
            "K6_VUS: \"many\" is no whole number",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        let told = of(&["--iterations", "5", "--stage", "1s:1"], &[]).unwrap_err();
        assert!(told.contains("cannot be used together with stages"), "{told}");
    }

    #[test]
    fn thresholds_may_have_tags_and_any_operator() {
        for (text, selector, source) in [
            ("http_req_duration=p(95)<500", "http_req_duration", "p(95)<500"),
            ("http_reqs{name:a=b}=count==3", "http_reqs{name:a=b}", "count==3"),
        ] {
            let mut problems = Vec::new();
            let parsed = threshold(text, &mut problems).unwrap();
            assert_eq!(
                (parsed.selector.to_string().as_str(), parsed.expression.source.as_str()),
                (selector, source)
            );
        }
    }
}
