//! The load test of a single URL, as flags say it.

use std::sync::Arc;

use super::arguments::Run;
use super::plan::{Problems, told};
use crate::load::file::{File, Surroundings};
use crate::load::flow::{Body, Check, Flow, Method, Predicate, Request, Statuses, Step, Template};
use crate::load::protocol::Origin;
use crate::load::span::Span;

/// Headers that follow from the request itself.
const OWN_HEADERS: [&str; 2] = ["content-length", "transfer-encoding"];

/// Complains of flags that a file has its own words for.
pub(super) fn none_of(run: &Run, problems: &mut Problems) {
    for (flag, is_given) in [
        ("method", run.method.is_some()),
        ("header", !run.header.is_empty()),
        ("body", run.body.is_some()),
        ("timeout", run.timeout.is_some()),
        ("check-status", run.check_status.is_some()),
    ] {
        if is_given {
            problems.push(format!("--{flag}: a load test says so itself; allowed with a URL"));
        }
    }
}

/// The URL itself is not told back: a password may stand in it.
pub(super) fn file(
    run: &Run,
    url: &str,
    surroundings: &Surroundings<'_>,
    problems: &mut Problems,
) -> Option<File> {
    if let Err(reason) = Origin::split(url) {
        let allowed = "http://host[:port][/path][?query], a user in --header Authorization";
        problems.push(format!("URL: it {reason}; allowed: {allowed}"));
        return None;
    }
    let mut file = told(File::of_url(url, surroundings), problems)?;
    let before = problems.len();
    let first = file.plans.first()?;
    let mut flow: Flow = (*first.flow).clone();
    if let Some(Step::Request(request)) = flow.steps.first_mut() {
        change(request, run, problems);
    }
    let flow = Arc::new(flow);
    for plan in &mut file.plans {
        plan.flow = Arc::clone(&flow);
    }
    (problems.len() == before).then_some(file)
}

fn change(request: &mut Request, run: &Run, problems: &mut Problems) {
    let usual = if run.body.is_some() { "POST" } else { "GET" };
    let method = run.method.as_deref().unwrap_or(usual);
    if let Some((_, known)) = Method::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(method)) {
        request.method = *known;
    } else {
        let known = Method::ALL.map(|(_, method)| method.name()).join(", ");
        problems.push(format!("--method: \"{method}\" is no method; allowed: {known}"));
    }
    request.headers = run.header.iter().filter_map(|header| pair(header, problems)).collect();
    request.body = body(run.body.as_deref(), problems);
    if let Some(text) = &run.timeout {
        match Span::parse(text) {
            Ok(timeout) if timeout > Span::default() => request.timeout = Some(timeout),
            Ok(_) => problems.push("--timeout: \"0s\" is no time; allowed: longer than 0s".to_owned()),
            Err(error) => problems.push(format!("--timeout: {error}")),
        }
    }
    if let Some(status) = run.check_status {
        match Statuses::parse([status.to_string().as_str()]) {
            Ok(statuses) => {
                let predicate = Predicate::Status(statuses);
                let name = predicate.to_string().into();
                request.checks = [Check { name, predicates: [predicate].into() }].into();
            }
            Err(error) => problems.push(format!("--check-status: {error}")),
        }
    }
}

fn pair(header: &str, problems: &mut Problems) -> Option<(Box<str>, Template)> {
    let Some((name, value)) = header.split_once(':') else {
        // It may be a token.
        problems.push("--header: one has no \":\"; allowed: NAME: VALUE".to_owned());
        return None;
    };
    let name = name.trim();
    if OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        problems.push(format!("--header: {name} follows from the request and cannot be given"));
    }
    Some((name.into(), Template::literal(value.trim())))
}

fn body(given: Option<&str>, problems: &mut Problems) -> Option<Body> {
    let text = given?;
    let content = match text.strip_prefix('@') {
        None => Template::literal(text),
        Some(file) => match std::fs::read(file) {
            Ok(bytes) => Template::literal(bytes),
            Err(error) => {
                problems.push(format!("--body: {file}: {error}"));
                return None;
            }
        },
    };
    Some(Body { content, content_type: None })
}
