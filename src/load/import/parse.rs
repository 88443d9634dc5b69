//! From a text to the tree, by way of oxc. The only file that knows it.

use oxc_allocator::Allocator;
use oxc_ast::ast::{self, Statement as Parsed};
use oxc_parser::{ParseOptions, Parser};
use oxc_span::{GetSpan, SourceType, Span};

use super::convert::Converter;
use super::nesting;
use super::tree::{Act, Extent, Statement};

/// A text that is no script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) at: usize,
    pub(super) message: String,
}

/// The statements of a module.
pub(super) fn parse(text: &str) -> Result<Vec<Statement>, Malformed> {
    nesting::check(text).map_err(|found| Malformed { at: found.at, message: found.reason.to_owned() })?;
    let allocator = Allocator::default();
    let options = ParseOptions { preserve_parens: false, ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, text, SourceType::mjs()).with_options(options).parse();
    if let Some(error) = parsed.diagnostics.errors().next() {
        let at = error.labels.iter().next().map_or(0, |label| label.offset() as usize);
        return Err(Malformed { at, message: error.message.to_string() });
    }
    if parsed.panicked {
        return Err(Malformed { at: 0, message: "is no JavaScript".to_owned() });
    }
    let mut converter = Converter::default();
    Ok(parsed.program.body.iter().map(|statement| top(&mut converter, statement)).collect())
}

pub(super) fn extent(span: Span) -> Extent {
    Extent { start: span.start as usize, end: span.end as usize }
}

/// What stands in modules alone; all else is for the converter.
fn top(converter: &mut Converter, statement: &Parsed<'_>) -> Statement {
    let at = extent(statement.span());
    let act = match statement {
        Parsed::ImportDeclaration(import) => imported(import),
        Parsed::ExportDefaultDeclaration(export) => match &export.declaration {
            ast::ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                Act::ExportDefault(converter.function_expression(function))
            }
            other => match other.as_expression() {
                Some(expression) => Act::ExportDefault(converter.expression(expression)),
                None => Act::Other("a class as default"),
            },
        },
        Parsed::ExportNamedDeclaration(export) => {
            let pairs = export.specifiers.iter();
            let pair = |one: &ast::ExportSpecifier<'_>| {
                (one.local.name().to_string(), one.exported.name().to_string())
            };
            Act::ExportNames(pairs.map(pair).collect())
        }
        Parsed::ExportDeclaration(export) => match converter.declaration(&export.declaration) {
            Act::Other(what) => Act::Other(what),
            act => Act::Export(Box::new(Statement { at, act })),
        },
        Parsed::ExportAllDeclaration(_) | Parsed::ExportFromDeclaration(_) => {
            Act::Other("an export of another module")
        }
        _ => return converter.statement(statement),
    };
    Statement { at, act }
}

fn imported(import: &ast::ImportDeclaration<'_>) -> Act {
    use ast::ImportDeclarationSpecifier as Specifier;
    let pair = |specifier: &Specifier<'_>| match specifier {
        Specifier::ImportSpecifier(one) => (one.imported.name().to_string(), one.local.name.to_string()),
        Specifier::ImportDefaultSpecifier(one) => ("default".to_owned(), one.local.name.to_string()),
        Specifier::ImportNamespaceSpecifier(one) => ("*".to_owned(), one.local.name.to_string()),
    };
    let names = import.specifiers.iter().flatten().map(pair).collect();
    Act::Import { module: import.source.value.to_string(), names }
}
