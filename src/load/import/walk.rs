//! What stands in a tree, without asking what it means.

use std::collections::BTreeSet;

use super::tree::{Act, Expression, Form, Function, Key, Pattern, Property, Statement};

/// Calls that ask and do nothing.
const QUESTIONS: [&str; 8] =
    ["endsWith", "hasOwnProperty", "includes", "indexOf", "json", "match", "startsWith", "test"];

/// Calls that change what they are asked of.
const CHANGES: [&str; 8] = ["fill", "pop", "push", "reverse", "shift", "sort", "splice", "unshift"];

/// Sees every expression of some statements, those within functions too.
pub(super) fn expressions<'t>(statements: &'t [Statement], see: &mut dyn FnMut(&'t Expression)) {
    for statement in statements {
        match &statement.act {
            Act::Expression(one) | Act::ExportDefault(one) | Act::Return(Some(one)) => expression(one, see),
            Act::Declare(pairs) => {
                pairs.iter().filter_map(|(_, value)| value.as_ref()).for_each(|value| expression(value, see));
            }
            Act::If { test, yes, no } => {
                expression(test, see);
                expressions(yes, see);
                expressions(no.as_deref().unwrap_or_default(), see);
            }
            Act::For { start, test, step, body } => {
                expressions(start.as_deref().map(std::slice::from_ref).unwrap_or_default(), see);
                test.iter().chain(step).for_each(|one| expression(one, see));
                expressions(body, see);
            }
            Act::ForOf { list, body, .. } => {
                expression(list, see);
                expressions(body, see);
            }
            Act::Block(body) => expressions(body, see),
            Act::Function(_, function) => expressions(&function.body, see),
            Act::Export(inner) => expressions(std::slice::from_ref(inner), see),
            Act::Empty | Act::Return(None) | Act::Import { .. } | Act::ExportNames(_) | Act::Other(_) => {}
        }
    }
}

pub(super) fn expression<'t>(one: &'t Expression, see: &mut dyn FnMut(&'t Expression)) {
    see(one);
    let mut all = |list: &'t [Expression]| list.iter().for_each(|one| expression(one, see));
    match &one.form {
        Form::Template { holes, .. } => all(holes),
        Form::Tagged { tag, holes, .. } => {
            all(std::slice::from_ref(tag));
            all(holes);
        }
        Form::Member { of, .. } | Form::Unary { of, .. } | Form::Spread(of) => all(std::slice::from_ref(of)),
        Form::Step { target, .. } => all(std::slice::from_ref(target)),
        Form::Index { of, index } => [of, index].into_iter().for_each(|one| all(std::slice::from_ref(one))),
        Form::Call { callee, arguments } | Form::New { callee, arguments } => {
            all(std::slice::from_ref(callee));
            all(arguments);
        }
        Form::Binary { left, right, .. } => {
            for one in [left, right] {
                all(std::slice::from_ref(one));
            }
        }
        Form::Assign { target, value, .. } => {
            for one in [target, value] {
                all(std::slice::from_ref(one));
            }
        }
        Form::Choice { test, yes, no } => {
            for one in [test, yes, no] {
                all(std::slice::from_ref(one));
            }
        }
        Form::List(items) => all(items),
        Form::Map(properties) => {
            for property in properties {
                match property {
                    Property::Pair(Key::Computed(key), value) => {
                        all(std::slice::from_ref(key));
                        all(std::slice::from_ref(value));
                    }
                    Property::Pair(Key::Known(_), value) | Property::Spread(value) => {
                        all(std::slice::from_ref(value));
                    }
                }
            }
        }
        Form::Function(function) => expressions(&function.body, see),
        Form::Null
        | Form::Boolean(_)
        | Form::Number(_)
        | Form::Text(_)
        | Form::Regex { .. }
        | Form::Name(_)
        | Form::Other(_) => {}
    }
}

/// Names that are given another value.
pub(super) fn assigned(statements: &[Statement]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    expressions(statements, &mut |one| names.extend(target_of(one)));
    names
}

pub(super) fn assigned_in(one: &Expression) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    expression(one, &mut |one| names.extend(target_of(one)));
    names
}

fn target_of(one: &Expression) -> Option<String> {
    let mut target = match &one.form {
        Form::Assign { target, .. } | Form::Step { target, .. } => target,
        Form::Call { callee, .. } => match &callee.form {
            Form::Member { of, key } if CHANGES.contains(&key.as_str()) => of,
            _ => return None,
        },
        _ => return None,
    };
    while let Form::Member { of, .. } | Form::Index { of, .. } = &target.form {
        target = of;
    }
    match &target.form {
        Form::Name(name) => Some(name.clone()),
        _ => None,
    }
}

/// Names that functions change which do not declare them: nobody knows when they are called.
pub(super) fn assigned_in_functions(statements: &[Statement]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut within = |function: &Function| {
        let mut own = declared(&function.body);
        function.parameters.iter().for_each(|pattern| names_of(pattern, &mut own));
        names.extend(assigned(&function.body).into_iter().filter(|name| !own.contains(name)));
    };
    for statement in statements {
        if let Act::Function(_, function) = inner(statement) {
            within(function);
        }
    }
    expressions(statements, &mut |one| {
        if let Form::Function(function) = &one.form {
            within(function);
        }
    });
    names
}

fn inner(statement: &Statement) -> &Act {
    match &statement.act {
        Act::Export(inner) => &inner.act,
        act => act,
    }
}

/// Names that statements declare, those in blocks within included.
pub(super) fn declared(statements: &[Statement]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for statement in statements {
        match &statement.act {
            Act::Declare(pairs) => pairs.iter().for_each(|(pattern, _)| names_of(pattern, &mut names)),
            Act::Function(name, _) => {
                names.insert(name.clone());
            }
            Act::If { yes, no, .. } => {
                names.extend(declared(yes));
                names.extend(declared(no.as_deref().unwrap_or_default()));
            }
            Act::For { start, body, .. } => {
                names.extend(declared(start.as_deref().map(std::slice::from_ref).unwrap_or_default()));
                names.extend(declared(body));
            }
            Act::ForOf { item, body, .. } => {
                names_of(item, &mut names);
                names.extend(declared(body));
            }
            Act::Block(body) => names.extend(declared(body)),
            _ => {}
        }
    }
    names
}

pub(super) fn names_of(pattern: &Pattern, names: &mut BTreeSet<String>) {
    match pattern {
        Pattern::Name(name) => {
            names.insert(name.clone());
        }
        Pattern::Map(pairs) => pairs.iter().for_each(|(_, pattern)| names_of(pattern, names)),
        Pattern::List(items) => items.iter().flatten().for_each(|pattern| names_of(pattern, names)),
        Pattern::Other => {}
    }
}

/// Nothing is done by it: no request, no pause, no sample.
pub(super) fn only_asks(one: &Expression) -> bool {
    let mut is_plain = true;
    expression(one, &mut |one| match &one.form {
        Form::Call { callee, .. } => {
            let is_question =
                matches!(&callee.form, Form::Member { key, .. } if QUESTIONS.contains(&key.as_str()));
            is_plain &= is_question;
        }
        Form::New { .. } | Form::Assign { .. } | Form::Step { .. } | Form::Function(_) => is_plain = false,
        _ => {}
    });
    is_plain
}

/// `__ENV.NAME` of the whole script.
pub(super) fn words(statements: &[Statement]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    expressions(statements, &mut |one| {
        if let Form::Member { of, key } = &one.form
            && matches!(&of.form, Form::Name(name) if name == "__ENV")
        {
            words.insert(key.clone());
        }
    });
    words
}

/// A name is used.
pub(super) fn uses(statements: &[Statement], name: &str) -> bool {
    let mut is_used = false;
    expressions(statements, &mut |one| {
        is_used |= matches!(&one.form, Form::Name(known) if known == name);
    });
    is_used
}
