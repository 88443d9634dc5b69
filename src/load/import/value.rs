//! What an expression of a script comes to: a constant, a text with holes, or something of k6's that is known by what
//! it stands for.

use std::rc::Rc;

use super::claim::Claim;
use super::translator::Names;
use super::tree::Function;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Undefined,
    Null,
    Boolean(bool),
    Number(f64),
    Text(Text),
    List(Vec<Value>),
    /// In the order of its keys.
    Map(Vec<(String, Value)>),
    Function(Callable),
    /// Something of k6's or of JavaScript's own, by its path, such as `k6/http.get`.
    Native(String),
    /// Drawn by chance.
    Random(Draw),
    /// An index into the file's own metrics.
    Metric(usize),
    /// A value as a JSON text.
    Json(Box<Value>),
    /// The text of a file.
    Opened(String),
    /// A file as rows.
    Table(String),
    /// How many rows there are.
    Rows(String),
    /// `__VU` less so much.
    User(f64),
    /// One of the rows of a file, and which.
    Position {
        file: String,
        order: &'static str,
    },
    /// The row that an iteration takes of a dataset.
    Row(String),
    /// The answer of a request.
    Answer(usize),
    /// Something of an answer.
    Part(usize, Part),
    /// What is said of an answer: all of it must hold, or must not.
    Condition(Condition),
    /// Status codes for `responseCallback`.
    Expected(Vec<String>),
    /// Something that was not understood; why is known elsewhere.
    Unknown,
}

#[derive(Clone, Debug)]
pub(super) struct Callable {
    pub(super) function: Rc<Function>,
    /// The name, where it stands at the top of the module: it sees nothing of its callers then.
    pub(super) top: Option<String>,
    /// What it saw where it was made, if it was returned from there.
    pub(super) captured: Option<Rc<Names>>,
}

impl PartialEq for Callable {
    fn eq(&self, other: &Callable) -> bool {
        Rc::ptr_eq(&self.function, &other.function)
    }
}

/// A number drawn evenly.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draw {
    /// Which one: the same number is the same draw.
    pub(super) id: usize,
    pub(super) least: f64,
    /// Without the end, or with it where it is whole.
    pub(super) width: f64,
    pub(super) is_whole: bool,
    /// Where a step may be put that keeps it, once it has a name.
    pub(super) kept: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Status,
    Body,
    Size,
    /// `timings.duration`.
    Duration,
    Headers,
    Header(String),
    /// A JSONPath.
    Json(String),
    /// `.length` of what a JSONPath leads to.
    JsonLength(String),
    /// Where a text stands in it: the check that asks for it.
    IndexOf {
        key: String,
        text: String,
    },
    /// Known, but nothing here says the same.
    Other(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) request: usize,
    pub(super) claims: Vec<Claim>,
    pub(super) is_negated: bool,
}

/// A text with holes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Text {
    pub(super) pieces: Vec<Piece>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Literal(String),
    /// A word of the environment: it stays the same while a run goes.
    Word(String),
    /// Filled for each request.
    Hole(String),
}

/// What a hole stands for in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Text,
    Number,
    /// It is known only when it comes.
    Either,
}

impl Text {
    pub(super) fn literal(text: impl Into<String>) -> Text {
        Text { pieces: vec![Piece::Literal(text.into())], kind: Kind::Text }
    }

    pub(super) fn of(piece: Piece, kind: Kind) -> Text {
        Text { pieces: vec![piece], kind }
    }

    /// The whole text where nothing is filled in.
    pub(super) fn as_literal(&self) -> Option<String> {
        let mut literal = String::new();
        for piece in &self.pieces {
            let Piece::Literal(text) = piece else { return None };
            literal.push_str(text);
        }
        Some(literal)
    }

    /// It is known before the run.
    pub(super) fn is_static(&self) -> bool {
        !self.pieces.iter().any(|piece| matches!(piece, Piece::Hole(_)))
    }

    /// The one word of the environment that it is.
    pub(super) fn as_word(&self) -> Option<&str> {
        match &self.pieces[..] {
            [Piece::Word(word)] => Some(word),
            _ => None,
        }
    }

    pub(super) fn append(&mut self, other: Text) {
        for piece in other.pieces {
            match (self.pieces.last_mut(), piece) {
                (Some(Piece::Literal(last)), Piece::Literal(more)) => last.push_str(&more),
                (_, piece) => self.pieces.push(piece),
            }
        }
        self.kind = Kind::Text;
    }

    /// As a file of ours has it; `None` where a dollar stands before a hole, for which it has no form.
    pub(super) fn written(&self) -> Option<String> {
        let mut written = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => written.push_str(&escaped(text)),
                Piece::Word(name) | Piece::Hole(name) => {
                    if written.ends_with('$') {
                        return None;
                    }
                    written.push_str("${");
                    written.push_str(name);
                    written.push('}');
                }
            }
        }
        Some(written)
    }

    fn size(&self) -> usize {
        let size = |piece: &Piece| match piece {
            Piece::Literal(text) | Piece::Word(text) | Piece::Hole(text) => text.len() + 1,
        };
        self.pieces.iter().map(size).sum()
    }
}

/// `${` means something in files of ours.
pub(super) fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Value {
        Value::Text(Text::literal(text))
    }

    pub(super) fn hole(name: impl Into<String>, kind: Kind) -> Value {
        Value::Text(Text::of(Piece::Hole(name.into()), kind))
    }

    /// What a copy costs.
    pub(super) fn size(&self) -> usize {
        match self {
            Value::Text(text) => text.size(),
            Value::List(items) => items.iter().map(Value::size).sum::<usize>() + 1,
            Value::Map(pairs) => pairs.iter().map(|(key, value)| key.len() + value.size()).sum::<usize>() + 1,
            Value::Json(value) => value.size() + 1,
            _ => 1,
        }
    }

    /// What JavaScript takes it for in a condition; `None` where it is known only when it runs.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Value::Undefined | Value::Null => Some(false),
            Value::Boolean(truth) => Some(*truth),
            Value::Number(number) => Some(*number != 0.0 && !number.is_nan()),
            Value::Text(text) => text.as_literal().map(|text| !text.is_empty()),
            Value::List(_)
            | Value::Map(_)
            | Value::Function(_)
            | Value::Native(_)
            | Value::Metric(_)
            | Value::Table(_)
            | Value::Row(_)
            | Value::Answer(_) => Some(true),
            _ => None,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        let Value::Map(pairs) = self else { return None };
        pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    pub(super) fn literal(&self) -> Option<String> {
        match self {
            Value::Text(text) => text.as_literal(),
            _ => None,
        }
    }
}

/// Puts a value under a key, in the place of an older one.
pub(super) fn insert(pairs: &mut Vec<(String, Value)>, key: String, value: Value) {
    match pairs.iter_mut().find(|(known, _)| *known == key) {
        Some((_, old)) => *old = value,
        None => pairs.push((key, value)),
    }
}

/// As JavaScript writes it; `None` where it would take an exponent.
pub(super) fn number_text(number: f64) -> Option<String> {
    let magnitude = number.abs();
    let is_usual = number == 0.0 || (1e-6..1e21).contains(&magnitude);
    is_usual.then(|| if number == 0.0 { "0".to_owned() } else { number.to_string() })
}
