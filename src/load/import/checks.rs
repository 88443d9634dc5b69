//! `check(response, {name: predicate})`.

use super::claim::Claim;
use super::conditions::straight;
use super::findings::{Gap, Known};
use super::translator::Translator;
use super::tree::{Expression, Extent};
use super::value::{Condition, Value, escaped};

impl Translator<'_> {
    /// Puts the checks to the request. It comes to the condition that all of them hold.
    pub(super) fn check(&mut self, arguments: &[Expression], at: Extent) -> Known<Value> {
        let values = self.values(arguments)?;
        let (subject, sets) = match &values[..] {
            [subject, sets] => (subject.clone(), sets.clone()),
            [subject, sets, tags] => {
                if *tags != Value::Undefined {
                    self.missing(Gap::new(at, "checks have no tags of their own").advise("tag the request"));
                }
                (subject.clone(), sets.clone())
            }
            _ => return Err(Gap::new(at, "a check needs an answer and what must hold of it")),
        };
        let Value::Map(pairs) = sets else {
            return Err(Gap::new(at, "what a check asks is not known"));
        };
        let mut all: Option<Condition> = None;
        let mut is_whole = true;
        for (name, predicate) in pairs {
            match self.one_check(&subject, &name, predicate, at) {
                Ok(condition) => {
                    let claims = all.map(|all| all.claims).unwrap_or_default();
                    let claims = [claims, condition.claims].concat();
                    all = Some(Condition { claims, ..condition });
                }
                Err(gap) => {
                    let gap = if gap.reason.contains(&name) {
                        gap
                    } else {
                        Gap { reason: format!("check \"{name}\": {}", gap.reason), ..gap }
                    };
                    self.missing(gap);
                    is_whole = false;
                }
            }
        }
        Ok(all.filter(|_| is_whole).map_or(Value::Unknown, Value::Condition))
    }

    fn one_check(&mut self, subject: &Value, name: &str, predicate: Value, at: Extent) -> Known<Condition> {
        let held = match predicate {
            Value::Function(callable) => {
                let place = callable.function.at;
                self.call_function(&callable, vec![subject.clone()], place)?
            }
            other => other,
        };
        let condition = match held {
            Value::Condition(condition) => straight(condition, at)?,
            Value::Unknown => return Err(Gap::new(at, "it asks for something that was not translated")),
            _ => return Err(Gap::new(at, "no check of ours says this")),
        };
        self.goes_with(condition.request, at)?;
        let mut keys: Vec<String> = Vec::new();
        for claim in &condition.claims {
            if let Claim::Status(statuses) = claim {
                if statuses.words().is_empty() {
                    return Err(Gap::new(at, "no status would do"));
                }
                if statuses.has(0) {
                    self.note(at, format!("check \"{name}\" does not hold here where no answer came"));
                }
            }
            let (key, _) = claim.written();
            if keys.contains(&key) {
                return Err(Gap::new(at, format!("it says two things of the same: {key}")));
            }
            keys.push(key);
        }
        let checks = &mut self.requests[condition.request].checks;
        let check = (escaped(name), condition.claims.clone());
        // In a loop that is written out the same is said again.
        if !checks.contains(&check) {
            checks.push(check);
        }
        Ok(condition)
    }
}
