//! k6 scripts as files of ours. A script is parsed and gone through as it would run; each request, pause and choice on
//! the way becomes a step. Nothing is guessed: what is not understood is told with its place, its reason and, where
//! there is one, the way to do it by hand. Pure: it reads nothing but the text.

/// Signs between values.
mod arithmetic;
/// What a request carries.
mod bodies;
/// Calls of functions.
mod calls;
/// `check`.
mod checks;
/// One thing that is said of an answer.
mod claim;
/// Comparisons with parts of answers.
mod conditions;
/// oxc's expressions to ours.
mod convert;
/// Rows of files, items of lists.
mod data;
/// The file's nodes.
mod emit;
/// What expressions come to.
mod evaluate;
/// Values out of answers.
mod extraction;
/// What could not be taken over.
mod findings;
/// Statements to steps.
mod flow;
/// Loops whose end is known.
mod loops;
/// What values are asked.
mod methods;
/// The script's own metrics.
mod metrics;
/// `if`, by chance or by an answer.
mod mixes;
/// How deep a text is nested.
mod nesting;
/// The script's options.
mod options;
/// Text to tree, by oxc.
mod parse;
/// What the file will say.
mod plan;
/// `http.get` and its kin.
mod requests;
/// The module as a whole.
mod script;
/// Lines, columns, excerpts.
mod source;
/// oxc's statements to ours.
mod statements;
/// What is known while a script is gone through.
mod translator;
/// A script as a tree of our own.
mod tree;
/// What an expression can come to.
mod value;
/// What our own reader says of the file.
mod verify;
/// What stands in a tree.
mod walk;
/// From text to text.
mod whole;
/// YAML with comments.
mod yaml;

pub use findings::{Finding, Weight};
pub use verify::stand_in;
pub use whole::{ImportError, Imported, MAX_BYTES, import};
