//! `podometer load check`: what a load test would do.

use std::fmt::Write;

use super::arguments::Check;
use super::plan::told;
use super::target::{Target, words};
use crate::cli::{Failure, output};
use crate::load::engine::{Plan, Settings};
use crate::load::file::{self, Surroundings};
use crate::load::scenario::Scenario;
use crate::load::shortcuts::Shortcuts;

/// The variables of the environment come as a function, so that tests have their own.
pub(super) fn run(check: &Check, variable: impl Fn(&str) -> Option<String>) -> Result<(), Failure> {
    let mut problems = Vec::new();
    let given = words(&check.env, &mut problems);
    let variable = |name: &str| given.get(name).cloned().or_else(|| variable(name));
    let overrides = Shortcuts::from_variables(variable).unwrap_or_else(|found| {
        problems.extend(found.into_iter().map(|one| one.to_string()));
        Shortcuts::default()
    });
    let surroundings = Surroundings { variable: &variable, read: &file::read, overrides, metrics: &[] };
    let target = Target::of(&check.target).map_err(|problem| problems.push(problem)).ok();
    let file = target.and_then(|target| told(target.load(&surroundings), &mut problems));
    let (Some(file), true) = (file, problems.is_empty()) else {
        return Err(Failure::LoadRefused(problems));
    };
    for remark in &file.remarks {
        output::note(&remark.to_string());
    }
    match told(Plan::of(file, Settings::default()), &mut problems) {
        Some(plan) => output::print(&shown(&plan)),
        None => Err(Failure::LoadRefused(problems)),
    }
}

fn shown(plan: &Plan) -> String {
    let mut text = String::new();
    let duration = plan.duration().map_or_else(|| "until it is stopped".to_owned(), |span| span.to_string());
    // Writing to memory cannot fail.
    let _ = writeln!(text, "at most {} VUs, {duration} without graceful ends", plan.max_vus());
    for work in &plan.scenarios {
        let _ = writeln!(text, "scenario {}", line(&work.scenario, &work.script.flow));
    }
    for (name, is_there) in [("setup", plan.setup.is_some()), ("teardown", plan.teardown.is_some())] {
        if is_there {
            let _ = writeln!(text, "{name}");
        }
    }
    for host in &plan.hosts {
        let _ = writeln!(text, "requests to {}", host.origin().authority());
    }
    for threshold in &plan.thresholds {
        let _ = writeln!(text, "threshold {}: {}", threshold.selector, threshold.expression.source);
    }
    text
}

fn line(scenario: &Scenario, flow: &str) -> String {
    let executor = &scenario.executor;
    let duration = executor.duration().map_or_else(|| "forever".to_owned(), |span| span.to_string());
    let start = match scenario.start_time {
        start if start.nanos() == 0 => String::new(),
        start => format!(", from {start}"),
    };
    format!(
        "{}: {}, at most {} VUs, {duration}{start}, runs {flow}",
        scenario.name,
        executor.kind().name(),
        executor.max_vus()
    )
}
