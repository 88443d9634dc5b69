//! From what was typed to a plan, or all that is wrong with it.

use std::time::{SystemTime, UNIX_EPOCH};

use super::arguments::Run;
use super::target::{Target, words};
use super::url;
use crate::cli::Failure;
use crate::load::engine::{Plan, Settings};
use crate::load::file::{self, Metric, Problem, Remark, Surroundings};
use crate::load::metric::BUILT_IN;
use crate::load::rate::Rate;
use crate::load::scenario::StageDraft;
use crate::load::shortcuts::Shortcuts;
use crate::load::span::Span;
use crate::load::threshold::{Threshold, ThresholdDraft};

const MOST_THREADS: usize = 256;

/// What is wrong, one line each.
pub(super) type Problems = Vec<String>;

/// The variables of the environment come as a function, so that tests have their own. Remarks are for people.
pub(super) fn plan(
    run: &Run,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(Plan, Vec<Remark>), Failure> {
    let mut problems = Problems::new();
    let given = words(&run.env, &mut problems);
    let variable = |name: &str| given.get(name).cloned().or_else(|| variable(name));
    let overrides = overrides(run, &variable, &mut problems);
    let mut span = |flag: &str, text: Option<&String>| {
        let parsed = Span::parse(text?).map_err(|error| problems.push(format!("--{flag}: {error}")));
        parsed.ok()
    };
    let graceful_stop = span("graceful-stop", run.graceful_stop.as_ref());
    if run.threads.is_some_and(|threads| !(1..=MOST_THREADS).contains(&threads)) {
        problems.push(format!("--threads: out of range; allowed: 1 to {MOST_THREADS}"));
    }
    let surroundings = Surroundings { variable: &variable, read: &file::read, overrides, metrics: &[] };
    let file = match Target::of(&run.target) {
        Ok(Target::Url(url)) => url::file(run, url, &surroundings, &mut problems),
        Ok(target) => {
            url::none_of(run, &mut problems);
            told(target.load(&surroundings), &mut problems)
        }
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let metrics = file.as_ref().map_or(&[][..], |file| &file.metrics);
    let thresholds: Vec<Threshold> =
        run.threshold.iter().filter_map(|text| threshold(text, metrics, &mut problems)).collect();
    let (Some(mut file), true) = (file, problems.is_empty()) else {
        return Err(Failure::LoadRefused(problems));
    };
    if let Some(graceful_stop) = graceful_stop {
        for plan in &mut file.plans {
            plan.scenario.graceful_stop = graceful_stop;
        }
    }
    file.options.no_connection_reuse |= run.no_connection_reuse;
    let tls = run.transport.tls(&file.options).map_err(|problem| problems.push(problem)).ok();
    file.thresholds.extend(thresholds);
    let remarks = std::mem::take(&mut file.remarks);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let run_id = format!("{:x}", now.as_micros()).into();
    let settings = Settings {
        run_id,
        threads: run.threads,
        seed: run.seed,
        tls,
        has_prior_knowledge: run.transport.has_prior_knowledge(),
    };
    match told(Plan::of(file, settings), &mut problems) {
        Some(plan) if problems.is_empty() => Ok((plan, remarks)),
        _ => Err(Failure::LoadRefused(problems)),
    }
}

/// What was found, or its problems among the others.
pub(super) fn told<T>(found: Result<T, Vec<Problem>>, problems: &mut Problems) -> Option<T> {
    found.map_err(|found| problems.extend(found.iter().map(ToString::to_string))).ok()
}

/// What flags and environment say of the run's shape.
fn overrides(run: &Run, variable: &impl Fn(&str) -> Option<String>, problems: &mut Problems) -> Shortcuts {
    let duration = run.duration.as_deref().and_then(|text| {
        Span::parse(text).map_err(|error| problems.push(format!("--duration: {error}"))).ok()
    });
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
    let environment = Shortcuts::from_variables(variable).unwrap_or_else(|found| {
        problems.extend(found.into_iter().map(|one| one.to_string()));
        Shortcuts::default()
    });
    flags.over(environment)
}

/// `metric{tag:value}=p(95)<500`: what stands in braces may hold an equals sign.
fn threshold(text: &str, metrics: &[Metric], problems: &mut Problems) -> Option<Threshold> {
    let behind = text.find('}').unwrap_or(0);
    let parsed = match text[behind..].split_once('=') {
        None => {
            let allowed = "allowed: METRIC=EXPRESSION such as http_req_duration=p(95)<500";
            Err(format!("--threshold: \"{text}\" has no \"=\"; {allowed}"))
        }
        Some((metric, expression)) => {
            let metric = format!("{}{metric}", &text[..behind]);
            let draft = ThresholdDraft { threshold: expression.to_owned(), ..ThresholdDraft::default() };
            let own = metrics.iter().map(|metric| (&*metric.name, metric.kind));
            let known = BUILT_IN.into_iter().chain(own);
            Threshold::parse(&metric, &draft, known).map_err(|error| format!("--threshold: {error}"))
        }
    };
    parsed.map_err(|problem| problems.push(problem)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use crate::cli::load::arguments::LoadAction;
    use crate::load::engine::Prepared;
    use crate::load::scenario::Executor;
    use clap::Parser;

    fn of(flags: &[&str], variables: &[(&str, &str)]) -> Result<Plan, String> {
        let typed = ["podometer", "load", "run", "http://h:1/p"].iter().chain(flags);
        let Command::Load(command) = Arguments::try_parse_from(typed).unwrap().command else { panic!() };
        let LoadAction::Run(run) = command.action else { panic!() };
        let variable = |name: &str| {
            variables.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned())
        };
        plan(&run, variable).map(|(plan, _)| plan).map_err(|failure| failure.to_string())
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
        let Prepared { request, .. } = &plan.scenarios[0].script.requests[0];
        assert_eq!((request.method.name(), &*request.url), ("POST", "http://h:1/p"));
        assert_eq!((&*request.headers[0].0, request.headers[0].1.as_literal()), ("X-A", Some(&b"b: c"[..])));
        assert_eq!(request.body.as_ref().unwrap().content.as_literal(), Some(&b"hi"[..]));
        assert_eq!(request.timeout, Some(Span::from_secs(2)));
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
            "--header: one has no \":\"",
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
            let parsed = threshold(text, &[], &mut problems).unwrap();
            assert_eq!(
                (parsed.selector.to_string().as_str(), parsed.expression.source.as_str()),
                (selector, source)
            );
        }
    }
}
