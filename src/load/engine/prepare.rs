//! From a file to a plan. What cannot be done is said before anything is sent.

use std::sync::Arc;

use super::compile::Setting;
use super::names::Names;
use super::plan::{Plan, Work};
use super::script::Script;
use crate::load::file::{Fault, File, Problem};
use crate::load::flow::Flow;

/// The groups of setup and teardown are k6's.
const SETUP: &str = "::setup";
const TEARDOWN: &str = "::teardown";

/// What a run needs to know beside its file.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Names the run in every output.
    pub run_id: Box<str>,
    /// `None` leaves it to the engine.
    pub threads: Option<usize>,
    /// `None` leaves it to the file's option, or to 1.
    pub seed: Option<u64>,
}

impl Plan {
    /// All that cannot be done is told.
    pub fn of(file: File, settings: Settings) -> Result<Plan, Vec<Problem>> {
        let File { path, plans, options, thresholds, metrics, tags, setup, teardown, vocabulary, .. } = file;
        let mut setting = Setting { options: &options, hosts: Vec::new(), problems: Vec::new() };
        let mut compiled: Vec<(Arc<Flow>, Arc<Script>)> = Vec::new();
        let mut scenarios = Vec::new();
        for plan in plans {
            let known = compiled.iter().find(|(flow, _)| Arc::ptr_eq(flow, &plan.flow));
            let known = known.map(|(_, script)| Arc::clone(script));
            let script = known.unwrap_or_else(|| {
                let script = Arc::new(setting.script(&plan.flow, ""));
                compiled.push((plan.flow, Arc::clone(&script)));
                script
            });
            scenarios.push(Work { scenario: plan.scenario, script });
        }
        let mut outer = |flow: Option<Flow>, group| flow.map(|flow| Arc::new(setting.script(&flow, group)));
        let setup = outer(setup.filter(|_| !options.no_setup), SETUP);
        let teardown = outer(teardown.filter(|_| !options.no_teardown), TEARDOWN);
        let Setting { hosts, mut problems, .. } = setting;
        let names = Names::of(&options).unwrap_or_else(|found| {
            problems.extend(found);
            Names::default()
        });
        problems.dedup();
        if !problems.is_empty() {
            let problem =
                |message| Problem { file: path.clone(), place: None, fault: Fault::Refused(message) };
            return Err(problems.into_iter().map(problem).collect());
        }
        Ok(Plan {
            run_id: settings.run_id,
            scenarios,
            setup,
            teardown,
            hosts,
            metrics,
            thresholds,
            tags,
            names,
            vocabulary,
            threads: settings.threads,
            seed: settings.seed.or(options.seed).unwrap_or(1),
            options,
        })
    }
}
