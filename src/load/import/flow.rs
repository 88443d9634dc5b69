//! Statements, one by one: what can be followed becomes steps, and what cannot is said to be missing.

use std::collections::BTreeSet;

use super::findings::{Gap, Known};
use super::plan::Step;
use super::translator::{Names, Translator};
use super::tree::{Act, Expression, Extent, Form, Pattern, Statement};
use super::value::{Callable, Value, number_text};
use super::walk;

impl Translator<'_> {
    /// Statements in the scope that is open; the value that they return, if they do.
    pub(super) fn body(&mut self, statements: &[Statement]) -> Known<Option<Value>> {
        for statement in statements {
            if let Act::Function(name, function) = &statement.act {
                let callable = Callable { function: function.clone(), top: None, captured: None };
                self.define(name, Value::Function(callable));
            }
        }
        for statement in statements {
            self.statement = statement.at;
            match self.act(statement) {
                Ok(None) => {}
                Ok(returned) => return Ok(returned),
                Err(gap) if matches!(statement.act, Act::Return(_)) => return Err(gap),
                Err(gap) => {
                    self.statement = statement.at;
                    self.missing(gap);
                    self.lost(statement);
                }
            }
        }
        Ok(None)
    }

    /// What a statement that was not followed would have named or changed is not known from here on.
    pub(super) fn lost(&mut self, statement: &Statement) {
        let statements = std::slice::from_ref(statement);
        self.forget(&walk::assigned(statements));
        self.forget(&self.findings.changed_in(statement.at));
        if let Act::Declare(pairs) = &statement.act {
            for (pattern, _) in pairs {
                let mut names = BTreeSet::new();
                walk::names_of(pattern, &mut names);
                for name in names {
                    let is_known = self.scopes.last().is_some_and(|scope| scope.contains_key(&name));
                    if !is_known {
                        self.define(&name, Value::Unknown);
                    }
                }
            }
        }
    }

    fn act(&mut self, statement: &Statement) -> Known<Option<Value>> {
        let at = statement.at;
        match &statement.act {
            Act::Empty | Act::Function(..) => Ok(None),
            Act::Expression(one) => {
                if !self.ran_flow(one)? {
                    self.value(one)?;
                }
                Ok(None)
            }
            Act::Declare(pairs) => {
                for (pattern, value) in pairs {
                    let value = match value {
                        Some(value) => self.value(value)?,
                        None => Value::Undefined,
                    };
                    self.bind(pattern, value, at)?;
                }
                Ok(None)
            }
            Act::If { test, yes, no } => self.choose(test, yes, no.as_deref(), at),
            Act::For { start, test, step, body } => {
                self.counted(start.as_deref(), test.as_ref(), step.as_ref(), body, at)
            }
            Act::ForOf { item, list, body } => self.for_of(item, list, body, at),
            Act::Block(body) => self.block(body),
            Act::Return(None) => Ok(Some(Value::Undefined)),
            Act::Return(Some(value)) => self.value(value).map(Some),
            Act::Other(what) => Err(Gap::new(at, format!("{what} is not understood"))),
            Act::Import { .. } | Act::Export(_) | Act::ExportDefault(_) | Act::ExportNames(_) => {
                Err(Gap::new(at, "stands at the top of a module only"))
            }
        }
    }

    pub(super) fn block(&mut self, body: &[Statement]) -> Known<Option<Value>> {
        self.scopes.push(Names::new());
        let returned = self.body(body);
        self.scopes.pop();
        returned
    }

    /// A call of a function of the script that takes nothing is a flow that runs another.
    fn ran_flow(&mut self, one: &Expression) -> Known<bool> {
        let Form::Call { callee, arguments } = &one.form else { return Ok(false) };
        let Form::Name(name) = &callee.form else { return Ok(false) };
        let Some(Value::Function(callable)) = self.lookup(name)? else { return Ok(false) };
        let Some(name) = callable.top.clone() else { return Ok(false) };
        if !arguments.is_empty() || !callable.function.parameters.is_empty() || !self.is_running {
            return Ok(false);
        }
        if self.writing.last().is_some_and(|(flow, ..)| flow == "setup" || flow == "teardown") {
            return Ok(false);
        }
        self.flow(&name, &callable, Vec::new(), one.at)?;
        let called = self.flow_names.get(&name).cloned().unwrap_or_default();
        if let Some((_, own, behind)) = self.writing.last_mut() {
            if !own.is_disjoint(&called) {
                return Err(Gap::new(
                    one.at,
                    format!("{name} uses names of variables that are used here, too"),
                ));
            }
            behind.extend(called);
        }
        self.step(Step::Flow(name))?;
        Ok(true)
    }

    /// Writes a function down as a flow, once.
    pub(super) fn flow(
        &mut self,
        name: &str,
        callable: &Callable,
        values: Vec<Value>,
        at: Extent,
    ) -> Known<()> {
        if self.flows.iter().any(|(known, ..)| known == name) {
            return Ok(());
        }
        if self.writing.iter().any(|(writing, ..)| writing == name) {
            return Err(Gap::new(at, format!("{name} runs itself")));
        }
        let statement = self.statement;
        let place = callable.function.at;
        self.writing.push((name.to_owned(), BTreeSet::new(), BTreeSet::new()));
        let (returned, mut steps) = self.nested(|translator| {
            let returned = translator.call_function(callable, values, place);
            if let Err(gap) = &returned {
                translator.statement = place;
                translator.missing(gap.clone());
            }
            returned.is_ok()
        });
        self.statement = statement;
        // A comment at the end that says nothing new.
        steps.dedup_by(|one, other| {
            one.step.is_none() && other.step.is_none() && one.comments == other.comments
        });
        let _ = returned;
        if let Some((_, own, called)) = self.writing.pop() {
            self.flow_names.insert(name.to_owned(), own.into_iter().chain(called).collect());
        }
        self.flows.push((name.to_owned(), place, steps));
        Ok(())
    }

    /// Gives names their values.
    pub(super) fn bind(&mut self, pattern: &Pattern, value: Value, at: Extent) -> Known<()> {
        match (pattern, value) {
            (Pattern::Name(name), value) => {
                let value = self.named(name, value)?;
                self.define(name, value);
                Ok(())
            }
            (Pattern::Map(pairs), value) => {
                for (key, pattern) in pairs {
                    let part = self.member(value.clone(), key, at)?;
                    self.bind(pattern, part, at)?;
                }
                Ok(())
            }
            (Pattern::List(patterns), Value::List(items)) => {
                let mut items = items.into_iter();
                for pattern in patterns {
                    let item = items.next().unwrap_or(Value::Undefined);
                    if let Some(pattern) = pattern {
                        self.bind(pattern, item, at)?;
                    }
                }
                Ok(())
            }
            _ => Err(Gap::new(at, "the names on the left are not understood")),
        }
    }

    /// `group(name, function)`.
    pub(super) fn group(&mut self, arguments: &[Expression], at: Extent) -> Known<Value> {
        let mut values = self.values(arguments)?.into_iter();
        let (name, function) = (values.next().unwrap_or(Value::Undefined), values.next());
        let name = self.written_static(name, at)?;
        let Some(Value::Function(callable)) = function else {
            return Err(Gap::new(at, "a group has a name and a function"));
        };
        let (returned, steps) = self.nested(|translator| translator.call_function(&callable, Vec::new(), at));
        self.step(Step::Group(name, steps))?;
        returned
    }

    /// `sleep(seconds)`.
    pub(super) fn sleep(&mut self, arguments: &[Expression], at: Extent) -> Known<Value> {
        let value = self.values(arguments)?.into_iter().next().unwrap_or(Value::Undefined);
        let pause = match value {
            Value::Number(seconds) => seconds_text(seconds, at)?,
            Value::Random(draw) => {
                self.use_draw(&draw, at)?;
                if draw.is_whole && draw.width > 0.0 {
                    self.note(at, "the pause is drawn evenly between both ends, not in whole seconds");
                }
                let (least, most) =
                    (seconds_text(draw.least, at)?, seconds_text(draw.least + draw.width, at)?);
                if least == most { least } else { format!("{least}-{most}") }
            }
            Value::Text(text) if text.is_static() => {
                let text = text.written().ok_or_else(|| Gap::new(at, "a pause cannot be written"))?;
                format!("{text}s")
            }
            _ => return Err(Gap::new(at, "how long a pause is is known only when it comes")),
        };
        self.step(Step::Sleep(pause))?;
        Ok(Value::Undefined)
    }
}

/// With the unit that leaves no fraction, if there is one.
fn seconds_text(seconds: f64, at: Extent) -> Known<String> {
    let failed = || Gap::new(at, "a pause cannot be that long");
    if !(0.0..=1e9).contains(&seconds) {
        return Err(failed());
    }
    let millis = (seconds * 1e3).round();
    if (millis / 1e3 - seconds).abs() > 1e-9 {
        return number_text(seconds).map(|text| format!("{text}s")).ok_or_else(failed);
    }
    let is_whole = millis % 1e3 == 0.0;
    Ok(if is_whole { format!("{}s", millis / 1e3) } else { format!("{millis}ms") })
}
