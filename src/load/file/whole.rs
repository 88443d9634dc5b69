//! The whole file: what its top says, part by part, and what is known only when all of them were read.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::document;
use super::fields::Field;
use super::flows::Compiler;
use super::node::{Entry, Node, Place, Value};
use super::options::Options;
use super::problem::{Fault, Problem, Remark};
use super::scope::Scope;
use super::values::Reader;
use crate::load::flow::{Flow, Order, Vocabulary};
use crate::load::metric::{BUILT_IN, MetricType};
use crate::load::results::Contains;
use crate::load::scenario::Scenario;
use crate::load::shortcuts::Shortcuts;
use crate::load::threshold::Threshold;

/// A load test that can run.
#[derive(Debug)]
pub struct File {
    pub path: PathBuf,
    /// Sorted by the scenario's name.
    pub plans: Vec<Plan>,
    pub options: Options,
    pub thresholds: Vec<Threshold>,
    /// Its own; records know them by their index.
    pub metrics: Vec<Metric>,
    /// Of every sample.
    pub tags: BTreeMap<String, String>,
    /// Runs once before all users; they start from what it sets.
    pub setup: Option<Flow>,
    pub teardown: Option<Flow>,
    pub vocabulary: Arc<Vocabulary>,
    pub remarks: Vec<Remark>,
}

/// Who runs what.
#[derive(Clone, Debug)]
pub struct Plan {
    pub scenario: Scenario,
    /// Shared by scenarios of the same environment.
    pub flow: Arc<Flow>,
}

/// A metric that the file adds to those of every run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    pub name: Box<str>,
    pub kind: MetricType,
    pub contains: Contains,
}

/// What a file is read with.
pub struct Surroundings<'a> {
    /// Words of the environment, flags that set some included.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The bytes of a file; [`read`](super::read) outside of tests.
    pub read: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
    /// What flags and environment say of the run's shape, which goes above the file's.
    pub overrides: Shortcuts,
    /// Metrics that thresholds may name beside [`BUILT_IN`] and the file's own: those of pods.
    pub metrics: &'a [(&'a str, MetricType)],
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("overrides", &self.overrides).finish_non_exhaustive()
    }
}

impl File {
    /// Reads and checks a file. All problems are told, in the order of their places.
    pub fn load(path: &Path, surroundings: &Surroundings<'_>) -> Result<File, Vec<Problem>> {
        let refused = |message: String| {
            vec![Problem { file: path.to_owned(), place: None, fault: Fault::Refused(message) }]
        };
        let bytes = (surroundings.read)(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|_| refused("is no UTF-8 text".to_owned()))?;
        File::parse(path, &text, surroundings)
    }

    /// As [`File::load`]; the path is for messages, and other files stand beside it.
    pub fn parse(path: &Path, text: &str, surroundings: &Surroundings<'_>) -> Result<File, Vec<Problem>> {
        let problem =
            |place, message| Problem { file: path.to_owned(), place, fault: Fault::Refused(message) };
        match document::parse(text) {
            Ok(Some(root)) => whole(path, &root, surroundings),
            Ok(None) => Err(vec![problem(None, "is empty; allowed: at least flows".to_owned())]),
            Err(malformed) => Err(vec![problem(Some(malformed.place), malformed.message)]),
        }
    }

    /// The test that asks for one URL, again and again: what `load run URL` means without a file.
    pub fn of_url(url: &str, surroundings: &Surroundings<'_>) -> Result<File, Vec<Problem>> {
        let place = Place { line: 1, column: 1 };
        let entry = |key: &str, value| Entry { key: key.to_owned(), place, node: Node { place, value } };
        // The URL is one word, not a template.
        let text = Value::Scalar { text: url.replace("${", "$${"), is_plain: false };
        let step = Node { place, value: Value::Map(vec![entry("get", text)]) };
        let flow = Value::Map(vec![entry("default", Value::List(vec![step]))]);
        let root = Node { place, value: Value::Map(vec![entry("flows", flow)]) };
        whole(Path::new("URL"), &root, surroundings)
    }
}

fn whole(path: &Path, root: &Node, surroundings: &Surroundings<'_>) -> Result<File, Vec<Problem>> {
    let mut reader = Reader::new(path, surroundings.variable);
    let file = reader.read_all(root, surroundings);
    match file {
        Some(file) if reader.problems.is_empty() => Ok(File { remarks: reader.remarks, ..file }),
        _ => {
            reader.problems.sort_by_key(|problem| problem.place);
            Err(reader.problems)
        }
    }
}

impl Reader<'_> {
    fn read_all(&mut self, root: &Node, surroundings: &Surroundings<'_>) -> Option<File> {
        let mut fields = self.fields(&Field::new("", root))?;
        // Everything below may name its words.
        if let Some(field) = fields.take("env") {
            self.environment.file = self.pairs(&field).into_iter().collect();
        }
        let tags =
            fields.take("tags").map(|field| self.pairs(&field).into_iter().collect()).unwrap_or_default();
        let options = fields.take("options").map(|field| self.options(&field)).unwrap_or_default();
        let metrics = fields.take("metrics").map(|field| self.metrics(&field)).unwrap_or_default();
        let known: Vec<(&str, MetricType)> = BUILT_IN
            .into_iter()
            .chain(surroundings.metrics.iter().copied())
            .chain(metrics.iter().map(|metric| (&*metric.name, metric.kind)))
            .collect();
        let thresholds = fields.take("thresholds");
        let thresholds = thresholds.map(|field| self.thresholds(&field, &known)).unwrap_or_default();
        let data = fields.take("data").map(|field| self.data(&field, surroundings)).unwrap_or_default();
        let (own, is_whole) = self.shortcuts(&mut fields);
        let scenarios = if is_whole {
            self.scenarios(root, &own, &surroundings.overrides)
        } else {
            self.check_scenarios(root, &own);
            Vec::new()
        };
        let (setup, flows, teardown) = (fields.take("setup"), fields.take("flows"), fields.take("teardown"));
        fields.finish(self);

        let Some(flows) = flows else {
            let message = "lacks flows; allowed: at least one flow such as {default: [{get: URL}]}";
            self.complain(None, Fault::Refused(message.to_owned()));
            return None;
        };
        let flows = self.named(&flows).into_iter().map(|(entry, field)| (entry.key.clone(), field)).collect();
        let scope = Scope { data, ..Scope::default() };
        let mut compiler = Compiler::new(self, surroundings, scope, flows, &metrics);
        let setup = setup.map(|field| compiler.setup(&field));
        let plans = compiler.plans(root, scenarios);
        let teardown = teardown.map(|field| compiler.outer("teardown", &field));
        compiler.check_unread();
        let Scope { variables, data, .. } = compiler.scope;
        let vocabulary = Arc::new(Vocabulary { variables: variables.into(), data: data.into() });
        self.check_unique(root, &vocabulary, &plans);
        self.check_selectors(&thresholds, &plans);
        Some(File {
            path: self.file.to_owned(),
            plans,
            options,
            thresholds: thresholds.into_iter().map(|(_, threshold)| threshold).collect(),
            metrics,
            tags,
            setup,
            teardown,
            vocabulary,
            remarks: Vec::new(),
        })
    }

    /// A row for each user alone needs as many rows as there are users at most.
    fn check_unique(&mut self, root: &Node, vocabulary: &Vocabulary, plans: &[Plan]) {
        let users = plans.iter().fold(0u64, |sum, plan| sum.saturating_add(plan.scenario.executor.max_vus()));
        for (at, data) in vocabulary.data.iter().enumerate() {
            let is_used = plans.iter().any(|plan| plan.flow.data.contains(&at));
            let rows = data.table.rows() as u64;
            if data.order == Order::UniquePerVu && is_used && rows < users {
                let path = format!("data.{}", data.name);
                let place = root.place_of(&path);
                let message =
                    format!("{path}: {rows} rows are too few for {users} users with one of their own each");
                self.complain(place, Fault::Refused(message));
            }
        }
    }
}
