//! Loops whose end is known before the run: repeated where each round is the same, else written out.

use super::findings::{Gap, Known};
use super::plan::Step;
use super::translator::{Names, Translator};
use super::tree::{Act, Expression, Extent, Pattern, Statement};
use super::value::{Callable, Value};
use super::walk;

/// So many rounds are written out.
const MOST_ROUNDS: usize = 200;
/// And so many counted.
const MOST_COUNTED: u32 = 1_000_000;

const OPEN: &str = "how often the loop goes round is known only when it runs";

impl Translator<'_> {
    /// `for (let i = 0; i < 5; i++) { ... }`.
    pub(super) fn counted(
        &mut self,
        start: Option<&Statement>,
        test: Option<&Expression>,
        step: Option<&Expression>,
        body: &[Statement],
        at: Extent,
    ) -> Known<Option<Value>> {
        let (Some(test), Some(step)) = (test, step) else { return Err(Gap::new(at, OPEN)) };
        let mut counters = walk::assigned_in(step);
        if let Some(start) = start {
            counters.extend(walk::declared(std::slice::from_ref(start)));
        }
        self.scopes.push(Names::new());
        let done = self.rounds(start, test, step, body, at, &counters);
        self.scopes.pop();
        done
    }

    fn rounds(
        &mut self,
        start: Option<&Statement>,
        test: &Expression,
        step: &Expression,
        body: &[Statement],
        at: Extent,
        counters: &std::collections::BTreeSet<String>,
    ) -> Known<Option<Value>> {
        if let Some(start) = start {
            match &start.act {
                Act::Declare(pairs) => {
                    for (pattern, value) in pairs {
                        let value = value.as_ref().map_or(Ok(Value::Undefined), |value| self.value(value))?;
                        self.bind(pattern, value, at)?;
                    }
                }
                Act::Expression(one) => {
                    self.value(one)?;
                }
                _ => return Err(Gap::new(at, OPEN)),
            }
        }
        if !walk::only_asks(test) {
            return Err(Gap::new(at, OPEN));
        }
        if is_same_each_round(body) && !counters.iter().any(|name| walk::uses(body, name)) {
            let mut times = 0u32;
            while self.goes_on(test, at)? {
                times += 1;
                if times > MOST_COUNTED {
                    return Err(Gap::new(at, format!("the loop goes round more than {MOST_COUNTED} times")));
                }
                self.value(step)?;
            }
            return self.repeat(times, body, at);
        }
        for _ in 0..MOST_ROUNDS {
            if !self.goes_on(test, at)? {
                return Ok(None);
            }
            if let Some(returned) = self.block(body)? {
                return Ok(Some(returned));
            }
            self.value(step)?;
        }
        Err(Gap::new(at, format!("the loop goes round more than {MOST_ROUNDS} times, each differently")))
    }

    fn goes_on(&mut self, test: &Expression, at: Extent) -> Known<bool> {
        self.value(test)?.truth().ok_or_else(|| Gap::new(at, OPEN))
    }

    fn repeat(&mut self, times: u32, body: &[Statement], at: Extent) -> Known<Option<Value>> {
        if times == 0 {
            return Ok(None);
        }
        let (returned, steps) = self.nested(|translator| translator.block(body));
        self.statement = at;
        self.step(Step::Repeat(times, steps))?;
        match returned? {
            None => Ok(None),
            Some(_) => Err(Gap::new(at, "the loop ends when something returns")),
        }
    }

    /// `for (const item of list) { ... }`.
    pub(super) fn for_of(
        &mut self,
        item: &Pattern,
        list: &Expression,
        body: &[Statement],
        at: Extent,
    ) -> Known<Option<Value>> {
        let Value::List(items) = self.value(list)? else {
            return Err(Gap::new(at, "what the loop goes over is known only when it runs"));
        };
        let mut names = std::collections::BTreeSet::new();
        walk::names_of(item, &mut names);
        if is_same_each_round(body) && !names.iter().any(|name| walk::uses(body, name)) {
            return self.repeat(items.len() as u32, body, at);
        }
        if items.len() > MOST_ROUNDS {
            return Err(Gap::new(at, format!("the loop goes over more than {MOST_ROUNDS} items")));
        }
        for value in items {
            self.statement = at;
            self.scopes.push(Names::new());
            let done = self.bind(item, value, at).and_then(|()| self.body(body));
            self.scopes.pop();
            if let Some(returned) = done? {
                return Ok(Some(returned));
            }
        }
        Ok(None)
    }

    /// `list.forEach(function)`.
    pub(super) fn for_each(
        &mut self,
        items: Vec<Value>,
        arguments: &[Expression],
        at: Extent,
    ) -> Known<Value> {
        let Some(Value::Function(callable)) = self.values(arguments)?.into_iter().next() else {
            return Err(Gap::new(at, "forEach needs a function"));
        };
        if items.len() > MOST_ROUNDS {
            return Err(Gap::new(at, format!("the loop goes over more than {MOST_ROUNDS} items")));
        }
        for (index, item) in items.into_iter().enumerate() {
            let callable = Callable { top: None, ..callable.clone() };
            self.call_function(&callable, vec![item, Value::Number(index as f64)], at)?;
        }
        Ok(Value::Undefined)
    }
}

/// No round changes what another one sees.
fn is_same_each_round(body: &[Statement]) -> bool {
    let declared = walk::declared(body);
    walk::assigned(body).is_subset(&declared)
}
