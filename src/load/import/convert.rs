//! From oxc's tree to ours. What is not understood becomes a word for it; what is too deep does so, too.

use std::rc::Rc;

use oxc_ast::ast::{self, Expression as Parsed};
use oxc_span::GetSpan;

use super::parse::extent;
use super::tree::{Act, Expression, Form, Function, Key, MOST_DEPTH, Pattern, Property, Statement};

const TOO_DEEP: &str = "something nested very deeply";

#[derive(Debug, Default)]
pub(super) struct Converter {
    depth: usize,
}

impl Converter {
    pub(super) fn expression(&mut self, parsed: &Parsed<'_>) -> Expression {
        let at = extent(parsed.span());
        self.depth += 1;
        let form = if self.depth > MOST_DEPTH { Form::Other(TOO_DEEP) } else { self.form(parsed) };
        self.depth -= 1;
        Expression { at, form }
    }

    fn boxed(&mut self, parsed: &Parsed<'_>) -> Box<Expression> {
        Box::new(self.expression(parsed))
    }

    fn form(&mut self, parsed: &Parsed<'_>) -> Form {
        match parsed {
            Parsed::BooleanLiteral(literal) => Form::Boolean(literal.value),
            Parsed::NullLiteral(_) => Form::Null,
            Parsed::NumericLiteral(literal) => Form::Number(literal.value),
            Parsed::RegExpLiteral(literal) => Form::Regex {
                pattern: literal.regex.pattern.text.to_string(),
                flags: literal.regex.flags.to_string(),
            },
            Parsed::StringLiteral(literal) if literal.lone_surrogates => Form::Other("half a character"),
            Parsed::StringLiteral(literal) => Form::Text(literal.value.to_string()),
            Parsed::TemplateLiteral(template) => match self.template(template) {
                Some((texts, holes)) => Form::Template { texts, holes },
                None => Form::Other("half a character"),
            },
            Parsed::TaggedTemplateExpression(tagged) => match self.template(&tagged.quasi) {
                Some((texts, holes)) => Form::Tagged { tag: self.boxed(&tagged.tag), texts, holes },
                None => Form::Other("half a character"),
            },
            Parsed::Identifier(name) => Form::Name(name.name.to_string()),
            Parsed::ArrayExpression(list) => {
                Form::List(list.elements.iter().map(|element| self.element(element)).collect())
            }
            Parsed::ObjectExpression(object) => self.object(object),
            Parsed::ArrowFunctionExpression(arrow) => {
                let body = match &arrow.body {
                    ast::ArrowFunctionBody::FunctionBody(body) => self.statements(&body.statements),
                    body => match body.as_expression() {
                        Some(value) => {
                            let at = extent(value.span());
                            let act = Act::Return(Some(self.expression(value)));
                            vec![Statement { at, act }]
                        }
                        None => vec![],
                    },
                };
                let (parameters, has_rest) = self.parameters(&arrow.params);
                let oddity = if arrow.r#async { Some("is async") } else { has_rest };
                let at = extent(arrow.span);
                Form::Function(Rc::new(Function { at, parameters, body, oddity }))
            }
            Parsed::FunctionExpression(function) => Form::Function(self.function(function)),
            Parsed::AssignmentExpression(assignment) => match self.target(&assignment.left) {
                Some(target) => Form::Assign {
                    operator: assignment.operator.as_str(),
                    target: Box::new(target),
                    value: self.boxed(&assignment.right),
                },
                None => Form::Other("an assignment to several names"),
            },
            Parsed::UpdateExpression(update) => match self.simple_target(&update.argument) {
                Some(target) => {
                    let by = if update.operator.as_str() == "++" { 1.0 } else { -1.0 };
                    Form::Step { target: Box::new(target), by }
                }
                None => Form::Other("a count"),
            },
            Parsed::BinaryExpression(binary) => {
                self.binary(binary.operator.as_str(), &binary.left, &binary.right)
            }
            Parsed::LogicalExpression(logical) => {
                self.binary(logical.operator.as_str(), &logical.left, &logical.right)
            }
            Parsed::UnaryExpression(unary) => {
                Form::Unary { operator: unary.operator.as_str(), of: self.boxed(&unary.argument) }
            }
            Parsed::ConditionalExpression(choice) => Form::Choice {
                test: self.boxed(&choice.test),
                yes: self.boxed(&choice.consequent),
                no: self.boxed(&choice.alternate),
            },
            Parsed::CallExpression(call) => self.call(call),
            Parsed::NewExpression(new) => Form::New {
                callee: self.boxed(&new.callee),
                arguments: new.arguments.iter().map(|argument| self.argument(argument)).collect(),
            },
            Parsed::StaticMemberExpression(member) => self.member(member),
            Parsed::ComputedMemberExpression(member) => self.indexed(member),
            Parsed::ChainExpression(chain) => match &chain.expression {
                ast::ChainElement::CallExpression(call) => self.call(call),
                ast::ChainElement::StaticMemberExpression(member) => self.member(member),
                ast::ChainElement::ComputedMemberExpression(member) => self.indexed(member),
                _ => Form::Other("a private field"),
            },
            Parsed::ParenthesizedExpression(inner) => self.expression(&inner.expression).form,
            Parsed::AwaitExpression(_) => Form::Other("await"),
            Parsed::YieldExpression(_) => Form::Other("yield"),
            Parsed::ClassExpression(_) => Form::Other("a class"),
            Parsed::SequenceExpression(_) => Form::Other("several expressions in one"),
            Parsed::ImportExpression(_) => Form::Other("an import at run time"),
            Parsed::BigIntLiteral(_) => Form::Other("a BigInt"),
            Parsed::ThisExpression(_) => Form::Other("this"),
            _ => Form::Other("this form of JavaScript"),
        }
    }

    fn binary(&mut self, operator: &'static str, left: &Parsed<'_>, right: &Parsed<'_>) -> Form {
        Form::Binary { operator, left: self.boxed(left), right: self.boxed(right) }
    }

    fn call(&mut self, call: &ast::CallExpression<'_>) -> Form {
        Form::Call {
            callee: self.boxed(&call.callee),
            arguments: call.arguments.iter().map(|argument| self.argument(argument)).collect(),
        }
    }

    fn member(&mut self, member: &ast::StaticMemberExpression<'_>) -> Form {
        Form::Member { of: self.boxed(&member.object), key: member.property.name.to_string() }
    }

    fn indexed(&mut self, member: &ast::ComputedMemberExpression<'_>) -> Form {
        let of = self.boxed(&member.object);
        match &member.expression {
            Parsed::StringLiteral(key) if !key.lone_surrogates => {
                Form::Member { of, key: key.value.to_string() }
            }
            index => Form::Index { of, index: self.boxed(index) },
        }
    }

    fn template(&mut self, template: &ast::TemplateLiteral<'_>) -> Option<(Vec<String>, Vec<Expression>)> {
        let text = |element: &ast::TemplateElement<'_>| {
            let cooked = element.value.cooked.filter(|_| !element.lone_surrogates);
            cooked.map(|text| text.to_string())
        };
        let texts: Option<Vec<String>> = template.quasis.iter().map(text).collect();
        let holes = template.expressions.iter().map(|hole| self.expression(hole)).collect();
        Some((texts?, holes))
    }

    fn element(&mut self, element: &ast::ArrayExpressionElement<'_>) -> Expression {
        let at = extent(element.span());
        match element {
            ast::ArrayExpressionElement::SpreadElement(spread) => {
                Expression { at, form: Form::Spread(self.boxed(&spread.argument)) }
            }
            other => match other.as_expression() {
                Some(expression) => self.expression(expression),
                None => Expression { at, form: Form::Name("undefined".to_owned()) },
            },
        }
    }

    fn argument(&mut self, argument: &ast::Argument<'_>) -> Expression {
        match argument.as_expression() {
            Some(expression) => self.expression(expression),
            None => Expression { at: extent(argument.span()), form: Form::Other("a spread argument") },
        }
    }

    fn object(&mut self, object: &ast::ObjectExpression<'_>) -> Form {
        let mut properties = Vec::new();
        for property in &object.properties {
            properties.push(match property {
                ast::ObjectPropertyKind::SpreadProperty(spread) => {
                    Property::Spread(self.expression(&spread.argument))
                }
                ast::ObjectPropertyKind::ObjectProperty(pair) => {
                    if pair.kind != ast::PropertyKind::Init {
                        return Form::Other("a getter or setter");
                    }
                    Property::Pair(self.key(&pair.key), self.expression(&pair.value))
                }
            });
        }
        Form::Map(properties)
    }

    fn key(&mut self, key: &ast::PropertyKey<'_>) -> Key {
        match key.static_name() {
            Some(name) => Key::Known(name.to_string()),
            None => match key.as_expression() {
                Some(expression) => Key::Computed(self.expression(expression)),
                None => Key::Known(String::new()),
            },
        }
    }

    pub(super) fn function_expression(&mut self, function: &ast::Function<'_>) -> Expression {
        Expression { at: extent(function.span), form: Form::Function(self.function(function)) }
    }

    fn function(&mut self, function: &ast::Function<'_>) -> Rc<Function> {
        let (parameters, has_rest) = self.parameters(&function.params);
        let oddity = match (function.r#async, function.generator) {
            (true, _) => Some("is async"),
            (_, true) => Some("is a generator"),
            _ => has_rest,
        };
        let body = function.body.as_ref().map(|body| self.statements(&body.statements));
        Rc::new(Function { at: extent(function.span), parameters, body: body.unwrap_or_default(), oddity })
    }

    fn parameters(&mut self, parameters: &ast::FormalParameters<'_>) -> (Vec<Pattern>, Option<&'static str>) {
        let has_defaults = parameters.items.iter().any(|item| item.initializer.is_some());
        let oddity = if parameters.rest.is_some() {
            Some("takes any number of arguments")
        } else {
            has_defaults.then_some("has arguments with defaults")
        };
        (parameters.items.iter().map(|item| self.pattern(&item.pattern)).collect(), oddity)
    }

    pub(super) fn pattern(&mut self, pattern: &ast::BindingPattern<'_>) -> Pattern {
        self.depth += 1;
        let found = match pattern {
            _ if self.depth > MOST_DEPTH => Pattern::Other,
            ast::BindingPattern::BindingIdentifier(name) => Pattern::Name(name.name.to_string()),
            ast::BindingPattern::ObjectPattern(map) if map.rest.is_none() => {
                let pair = |property: &ast::BindingProperty<'_>| {
                    Some((property.key.static_name()?.to_string(), self.pattern(&property.value)))
                };
                let pairs: Option<Vec<_>> = map.properties.iter().map(pair).collect();
                pairs.map_or(Pattern::Other, Pattern::Map)
            }
            ast::BindingPattern::ArrayPattern(list) if list.rest.is_none() => {
                let items = list.elements.iter().map(|item| item.as_ref().map(|item| self.pattern(item)));
                Pattern::List(items.collect())
            }
            _ => Pattern::Other,
        };
        self.depth -= 1;
        found
    }

    fn target(&mut self, target: &ast::AssignmentTarget<'_>) -> Option<Expression> {
        target.as_simple_assignment_target().and_then(|target| self.simple_target(target))
    }

    fn simple_target(&mut self, target: &ast::SimpleAssignmentTarget<'_>) -> Option<Expression> {
        let form = match target {
            ast::SimpleAssignmentTarget::AssignmentTargetIdentifier(name) => {
                Form::Name(name.name.to_string())
            }
            ast::SimpleAssignmentTarget::StaticMemberExpression(member) => self.member(member),
            ast::SimpleAssignmentTarget::ComputedMemberExpression(member) => self.indexed(member),
            _ => return None,
        };
        Some(Expression { at: extent(target.span()), form })
    }

    pub(super) fn deeper<T>(&mut self, of: impl FnOnce(&mut Converter) -> T) -> Option<T> {
        self.depth += 1;
        let found = (self.depth <= MOST_DEPTH).then(|| of(self));
        self.depth -= 1;
        found
    }

    pub(super) fn named_function(&mut self, function: &ast::Function<'_>) -> Act {
        match &function.id {
            Some(id) => Act::Function(id.name.to_string(), self.function(function)),
            None => Act::Other("a function without a name"),
        }
    }
}
