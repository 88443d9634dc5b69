//! The module as a whole: what it imports, declares and exports, and what k6 runs of it.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Gap, Known};
use super::plan::{Steps, Top};
use super::translator::Translator;
use super::tree::{Act, Extent, Pattern, Statement};
use super::value::{Callable, Kind, Part, Value};
use super::walk;

/// Modules that mean something here, with the names that they are known by.
const MODULES: [(&str, &str); 7] = [
    ("k6", "k6"),
    ("k6/data", "k6/data"),
    ("k6/encoding", "k6/encoding"),
    ("k6/execution", "k6/execution"),
    ("k6/http", "k6/http"),
    ("k6/metrics", "k6/metrics"),
    ("papaparse", "papaparse"),
];

/// Libraries by a part of their address.
const LIBRARIES: [(&str, &str); 3] =
    [("k6-utils", "k6-utils"), ("k6-summary", "k6-summary"), ("papaparse", "papaparse")];

/// What the module gives to k6.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Names that are exported, with those that they have within.
    exports: BTreeMap<String, String>,
    default: Option<(Extent, Value)>,
}

/// The steps before and behind all flows.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) setup: Option<(Extent, Steps)>,
    pub(super) teardown: Option<(Extent, Steps)>,
}

impl Translator<'_> {
    /// Goes through the module, and then through everything that k6 would run of it.
    pub(super) fn script(&mut self, statements: &[Statement]) -> Around {
        self.words = walk::words(statements);
        let module = self.module(statements);
        self.is_running = true;
        let mut around = Around::default();
        let mut data = Value::Undefined;
        if let Some((callable, at)) = self.exported(&module, "setup") {
            let (returned, steps) = self.outer("setup", &callable, Vec::new());
            self.setup_names = self.flow_names.get("setup").cloned().unwrap_or_default();
            data = returned;
            around.setup = Some((at, steps));
        }
        self.run_flows(&module, &data);
        if let Some((callable, at)) = self.exported(&module, "teardown") {
            let (_, steps) = self.outer("teardown", &callable, vec![data]);
            around.teardown = Some((at, steps));
        }
        if let Some((callable, _)) = self.exported(&module, "handleSummary") {
            self.statement = callable.function.at;
            self.note(
                callable.function.at,
                "handleSummary is left out; load run prints a summary, and flags write files",
            );
        }
        self.settle();
        around
    }

    fn module(&mut self, statements: &[Statement]) -> Module {
        let mut module = Module::default();
        for statement in statements {
            let inner = match &statement.act {
                Act::Export(inner) => inner,
                _ => statement,
            };
            if let Act::Function(name, function) = &inner.act {
                let callable =
                    Callable { function: function.clone(), top: Some(name.clone()), captured: None };
                self.define(name, Value::Function(callable));
            }
        }
        let changed = walk::assigned_in_functions(statements);
        for statement in statements {
            self.statement = statement.at;
            if let Err(gap) = self.top(statement, &mut module) {
                self.statement = statement.at;
                self.missing(gap);
                match &statement.act {
                    Act::Export(inner) => self.lost(inner),
                    _ => self.lost(statement),
                }
            }
            // Options are read before anything runs.
            self.forget(&changed);
        }
        if let Some(local) = module.exports.get("options").cloned()
            && let Ok(Some(value)) = self.lookup(&local)
        {
            let declares = |statement: &&Statement| {
                let inner = match &statement.act {
                    Act::Export(inner) => inner,
                    _ => *statement,
                };
                walk::declared(std::slice::from_ref(inner)).contains(&local)
            };
            let at = statements.iter().find(declares).map_or(Extent::default(), |statement| statement.at);
            self.options = Some(Top { at, value });
        }
        module
    }

    /// A statement at the top.
    fn top(&mut self, statement: &Statement, module: &mut Module) -> Known<()> {
        let at = statement.at;
        match &statement.act {
            Act::Import { module, names } => self.import(module, names, at),
            Act::Export(inner) => {
                for name in walk::declared(std::slice::from_ref(inner)) {
                    module.exports.insert(name.clone(), name);
                }
                self.declare_top(inner)
            }
            Act::ExportNames(pairs) => {
                for (local, exported) in pairs {
                    if exported == "default" {
                        module.default = self.lookup(local)?.map(|value| (at, value));
                    }
                    module.exports.insert(exported.clone(), local.clone());
                }
                Ok(())
            }
            Act::ExportDefault(one) => {
                let value = match self.value(one)? {
                    Value::Function(callable) => {
                        let top = callable.top.clone().or(Some("default".to_owned()));
                        Value::Function(Callable { top, ..callable })
                    }
                    other => other,
                };
                module.default = Some((at, value));
                Ok(())
            }
            _ => self.declare_top(statement),
        }
    }

    fn declare_top(&mut self, statement: &Statement) -> Known<()> {
        match &statement.act {
            Act::Function(..) => Ok(()),
            Act::Declare(pairs) => {
                for (pattern, value) in pairs {
                    let value = match value {
                        Some(value) => self.value(value)?,
                        None => Value::Undefined,
                    };
                    // Arrow functions at the top are functions of the module as others are.
                    let value = match (pattern, value) {
                        (Pattern::Name(name), Value::Function(callable)) => {
                            let top = callable.top.clone().or(Some(name.clone()));
                            Value::Function(Callable { top, ..callable })
                        }
                        (_, value) => value,
                    };
                    self.bind(pattern, value, statement.at)?;
                }
                Ok(())
            }
            _ => self.body(std::slice::from_ref(statement)).map(|_| ()),
        }
    }

    fn import(&mut self, module: &str, names: &[(String, String)], at: Extent) -> Known<()> {
        let exact = MODULES.iter().find(|(known, _)| *known == module);
        let library = || LIBRARIES.iter().find(|(part, _)| module.contains(part));
        let found = exact.or_else(library).map(|(_, path)| *path);
        for (imported, local) in names {
            let value = match (found, imported.as_str()) {
                (Some(path), "default" | "*") => Value::Native(path.to_owned()),
                (Some(path), name) => Value::Native(format!("{path}.{name}")),
                (None, _) => Value::Unknown,
            };
            self.define(local, value);
        }
        if found.is_some() {
            return Ok(());
        }
        let is_file = module.starts_with('.') || module.starts_with('/') || module.contains("://");
        Err(if is_file {
            Gap::new(at, "other modules are not read").advise("put what it holds into the script")
        } else {
            Gap::new(at, format!("{module} has no counterpart"))
        })
    }

    /// A function that is exported under a name.
    fn exported(&mut self, module: &Module, name: &str) -> Option<(Callable, Extent)> {
        let local = module.exports.get(name)?.clone();
        match self.lookup(&local) {
            Ok(Some(Value::Function(callable))) => {
                let at = callable.function.at;
                Some((callable, at))
            }
            _ => None,
        }
    }

    /// The steps of `setup` or `teardown`, and what the former gives to all.
    fn outer(&mut self, name: &str, callable: &Callable, values: Vec<Value>) -> (Value, Steps) {
        let at = callable.function.at;
        self.writing.push((name.to_owned(), BTreeSet::new(), BTreeSet::new()));
        let (returned, steps) = self.nested(|translator| {
            let returned = translator.call_function(callable, values, at);
            match returned.and_then(|value| translator.settled(value, at)) {
                Ok(value) => value,
                Err(gap) => {
                    translator.statement = at;
                    translator.missing(gap);
                    Value::Unknown
                }
            }
        });
        if let Some((_, own, called)) = self.writing.pop() {
            self.flow_names.insert(name.to_owned(), own.into_iter().chain(called).collect());
        }
        (returned, steps)
    }

    /// What is handed on: parts of answers under names.
    fn settled(&mut self, value: Value, at: Extent) -> Known<Value> {
        Ok(match value {
            Value::Part(request, part) => {
                self.extracted(request, &part, at)?;
                let kind = if matches!(part, Part::Json(_)) { Kind::Either } else { Kind::Text };
                match self.text_of(Value::Part(request, part), at)? {
                    text if kind == Kind::Either => Value::Text(text),
                    text => Value::Text(super::value::Text { kind, ..text }),
                }
            }
            Value::Random(_) => Value::Text(self.text_of(value, at)?),
            Value::Map(pairs) => {
                let mut settled = Vec::new();
                for (key, value) in pairs {
                    if let Value::Part(request, part) = &value {
                        self.hint(&key, &Value::Part(*request, part.clone()));
                    }
                    settled.push((key, self.settled(value, at)?));
                }
                Value::Map(settled)
            }
            Value::List(items) => {
                let items: Known<Vec<Value>> = items.into_iter().map(|item| self.settled(item, at)).collect();
                Value::List(items?)
            }
            Value::Answer(_) | Value::Condition(_) => Value::Unknown,
            other => other,
        })
    }

    /// The default function, and those that scenarios name.
    fn run_flows(&mut self, module: &Module, data: &Value) {
        let mut names = BTreeSet::new();
        let scenarios = self.options.as_ref().and_then(|top| top.value.get("scenarios").cloned());
        let mut needs_default = true;
        if let Some(Value::Map(scenarios)) = scenarios {
            let execs = scenarios.iter().map(|(_, scenario)| scenario.get("exec").and_then(Value::literal));
            let execs: Vec<Option<String>> = execs.collect();
            needs_default = execs.is_empty()
                || execs.iter().any(|exec| exec.as_deref().is_none_or(|name| name == "default"));
            names.extend(execs.into_iter().flatten().filter(|name| name != "default"));
        }
        if needs_default {
            match &module.default {
                Some((_, Value::Function(callable))) => {
                    let callable = callable.clone();
                    self.run_flow("default", &callable, data);
                }
                Some((at, _)) => {
                    self.statement = *at;
                    self.missing(Gap::new(*at, "the default function is not known"));
                }
                None => {
                    self.statement = Extent::default();
                    self.missing(Gap::new(Extent::default(), "the script has no default function"));
                }
            }
        }
        for name in names {
            if let Some((callable, _)) = self.exported(module, &name) {
                self.run_flow(&name, &callable, data);
            } else {
                let at = self.options.as_ref().map_or(Extent::default(), |top| top.at);
                self.statement = at;
                let reason = format!("a scenario runs {name}, which is no function that is exported");
                self.missing(Gap::new(at, reason));
            }
        }
    }

    fn run_flow(&mut self, name: &str, callable: &Callable, data: &Value) {
        let at = callable.function.at;
        self.statement = at;
        if let Err(gap) = self.flow(name, callable, vec![data.clone()], at) {
            self.missing(gap);
        }
    }
}
