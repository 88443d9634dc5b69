//! Statements of oxc's tree to ours.

use oxc_ast::ast::{self, Statement as Parsed};
use oxc_span::GetSpan;

use super::convert::Converter;
use super::parse::extent;
use super::tree::{Act, Pattern, Statement};

impl Converter {
    pub(super) fn statements(&mut self, all: &[Parsed<'_>]) -> Vec<Statement> {
        all.iter().map(|statement| self.statement(statement)).collect()
    }

    pub(super) fn statement(&mut self, statement: &Parsed<'_>) -> Statement {
        let act = self.deeper(|converter| converter.act(statement));
        let act = act.unwrap_or(Act::Other("something nested very deeply"));
        Statement { at: extent(statement.span()), act }
    }

    /// A block, or the one statement that stands for it.
    fn body(&mut self, statement: &Parsed<'_>) -> Vec<Statement> {
        match statement {
            Parsed::BlockStatement(block) => {
                self.deeper(|converter| converter.statements(&block.body)).unwrap_or_else(|| {
                    let act = Act::Other("something nested very deeply");
                    vec![Statement { at: extent(block.span), act }]
                })
            }
            other => vec![self.statement(other)],
        }
    }

    fn act(&mut self, statement: &Parsed<'_>) -> Act {
        match statement {
            Parsed::EmptyStatement(_) => Act::Empty,
            Parsed::ExpressionStatement(one) => Act::Expression(self.expression(&one.expression)),
            Parsed::BlockStatement(block) => Act::Block(self.statements(&block.body)),
            Parsed::IfStatement(one) => Act::If {
                test: self.expression(&one.test),
                yes: self.body(&one.consequent),
                no: one.alternate.as_ref().map(|no| self.body(no)),
            },
            Parsed::ForStatement(one) => {
                let start = one.init.as_ref().map(|init| {
                    let act = match init {
                        ast::ForStatementInit::VariableDeclaration(declaration) => {
                            self.variables(declaration)
                        }
                        other => other.as_expression().map_or(Act::Other("the start of a loop"), |start| {
                            Act::Expression(self.expression(start))
                        }),
                    };
                    Box::new(Statement { at: extent(init.span()), act })
                });
                Act::For {
                    start,
                    test: one.test.as_ref().map(|test| self.expression(test)),
                    step: one.update.as_ref().map(|step| self.expression(step)),
                    body: self.body(&one.body),
                }
            }
            Parsed::ForOfStatement(one) if !one.r#await => match &one.left {
                ast::ForStatementLeft::VariableDeclaration(declaration) => {
                    let item = declaration.declarations.first();
                    let item = item.map_or(Pattern::Other, |declarator| self.pattern(&declarator.id));
                    Act::ForOf { item, list: self.expression(&one.right), body: self.body(&one.body) }
                }
                _ => Act::Other("a loop over a name of elsewhere"),
            },
            Parsed::ReturnStatement(one) => {
                Act::Return(one.argument.as_ref().map(|value| self.expression(value)))
            }
            Parsed::VariableDeclaration(declaration) => self.variables(declaration),
            Parsed::FunctionDeclaration(function) => self.named_function(function),
            Parsed::ClassDeclaration(_) => Act::Other("a class"),
            Parsed::BreakStatement(_) => Act::Other("break"),
            Parsed::ContinueStatement(_) => Act::Other("continue"),
            Parsed::DoWhileStatement(_) | Parsed::WhileStatement(_) => {
                Act::Other("a loop whose end is known only when it runs")
            }
            Parsed::ForInStatement(_) => Act::Other("a loop over keys"),
            Parsed::ForOfStatement(_) => Act::Other("for await"),
            Parsed::SwitchStatement(_) => Act::Other("switch"),
            Parsed::ThrowStatement(_) => Act::Other("throw"),
            Parsed::TryStatement(_) => Act::Other("try"),
            Parsed::LabeledStatement(_) => Act::Other("a label"),
            _ => Act::Other("this statement"),
        }
    }

    pub(super) fn variables(&mut self, declaration: &ast::VariableDeclaration<'_>) -> Act {
        let pair = |one: &ast::VariableDeclarator<'_>| {
            (self.pattern(&one.id), one.init.as_ref().map(|value| self.expression(value)))
        };
        Act::Declare(declaration.declarations.iter().map(pair).collect())
    }

    pub(super) fn declaration(&mut self, declaration: &ast::Declaration<'_>) -> Act {
        match declaration {
            ast::Declaration::VariableDeclaration(declaration) => self.variables(declaration),
            ast::Declaration::FunctionDeclaration(function) => self.named_function(function),
            _ => Act::Other("a class"),
        }
    }
}
