//! A script as a tree of our own: the forms of JavaScript that are understood, and a word for each of the others. It is
//! never deeper than [`MOST_DEPTH`], so that whoever walks it needs no bound.

use std::rc::Rc;

/// Deeper is nobody's; what is below becomes [`Form::Other`].
pub(super) const MOST_DEPTH: usize = 150;

/// From one byte of the script to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) struct Expression {
    pub(super) at: Extent,
    pub(super) form: Form,
}

#[derive(Debug)]
pub(super) enum Form {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// One more text than holes.
    Template {
        texts: Vec<String>,
        holes: Vec<Expression>,
    },
    /// A template behind a name, such as http.url`...`.
    Tagged {
        tag: Box<Expression>,
        texts: Vec<String>,
        holes: Vec<Expression>,
    },
    Regex {
        pattern: String,
        flags: String,
    },
    Name(String),
    /// `of.key`, or `of["key"]`.
    Member {
        of: Box<Expression>,
        key: String,
    },
    Index {
        of: Box<Expression>,
        index: Box<Expression>,
    },
    Call {
        callee: Box<Expression>,
        arguments: Vec<Expression>,
    },
    New {
        callee: Box<Expression>,
        arguments: Vec<Expression>,
    },
    Unary {
        operator: &'static str,
        of: Box<Expression>,
    },
    /// Arithmetic, comparisons, `&&`, `||` and `??`.
    Binary {
        operator: &'static str,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    Choice {
        test: Box<Expression>,
        yes: Box<Expression>,
        no: Box<Expression>,
    },
    List(Vec<Expression>),
    Map(Vec<Property>),
    Spread(Box<Expression>),
    Function(Rc<Function>),
    Assign {
        operator: &'static str,
        target: Box<Expression>,
        value: Box<Expression>,
    },
    /// `i++` and its kind: by how much.
    Step {
        target: Box<Expression>,
        by: f64,
    },
    /// What it is called.
    Other(&'static str),
}

#[derive(Debug)]
pub(super) enum Property {
    Pair(Key, Expression),
    Spread(Expression),
}

#[derive(Debug)]
pub(super) enum Key {
    Known(String),
    Computed(Expression),
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) at: Extent,
    pub(super) parameters: Vec<Pattern>,
    pub(super) body: Vec<Statement>,
    /// Why it cannot be followed: `async`, a generator.
    pub(super) oddity: Option<&'static str>,
}

/// What a declaration names.
#[derive(Debug)]
pub(super) enum Pattern {
    Name(String),
    /// Keys and the names that they get.
    Map(Vec<(String, Pattern)>),
    List(Vec<Option<Pattern>>),
    Other,
}

#[derive(Debug)]
pub(super) struct Statement {
    pub(super) at: Extent,
    pub(super) act: Act,
}

#[derive(Debug)]
pub(super) enum Act {
    Empty,
    Expression(Expression),
    Declare(Vec<(Pattern, Option<Expression>)>),
    If {
        test: Expression,
        yes: Vec<Statement>,
        no: Option<Vec<Statement>>,
    },
    For {
        start: Option<Box<Statement>>,
        test: Option<Expression>,
        step: Option<Expression>,
        body: Vec<Statement>,
    },
    ForOf {
        item: Pattern,
        list: Expression,
        body: Vec<Statement>,
    },
    Block(Vec<Statement>),
    Return(Option<Expression>),
    Function(String, Rc<Function>),
    Import {
        module: String,
        /// What is imported and the name it gets; `default` and `*` among the former.
        names: Vec<(String, String)>,
    },
    Export(Box<Statement>),
    ExportDefault(Expression),
    /// Local names and those that they are exported as.
    ExportNames(Vec<(String, String)>),
    Other(&'static str),
}
