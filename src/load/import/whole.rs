//! From a script to a file.

use std::path::Path;
use std::thread;

use super::emit::emit;
use super::findings::{Finding, Findings, Weight};
use super::parse;
use super::source::Source;
use super::translator::Translator;
use super::verify::readable;
use crate::load::file::Place;

/// Larger scripts are nobody's.
pub const MAX_BYTES: usize = 10 << 20;

/// Enough for a thousand levels of brackets in the parser, whatever it was built with.
const STACK: usize = 256 << 20;

/// What came of a script.
#[derive(Clone, Debug)]
pub struct Imported {
    /// A file that can be read.
    pub yaml: String,
    /// In the order of the script.
    pub findings: Vec<Finding>,
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{file}: is larger than {MAX_BYTES} bytes")]
    TooLarge { file: String },
    #[error("{file}:{place}: {message}")]
    Malformed { file: String, place: Place, message: String },
    #[error("{file}: cannot be read in a thread of its own: {error}")]
    Thread { file: String, error: std::io::Error },
}

impl Imported {
    /// All that the script does is in the file.
    pub fn is_whole(&self) -> bool {
        !self.findings.iter().any(|finding| finding.weight == Weight::Missing)
    }
}

/// The text of a k6 script as a file of ours. The path is for messages.
pub fn import(file: &Path, text: &str) -> Result<Imported, ImportError> {
    let shown = || file.display().to_string();
    if text.len() > MAX_BYTES {
        return Err(ImportError::TooLarge { file: shown() });
    }
    let failed = |error| ImportError::Thread { file: shown(), error };
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("import".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || translated(file, text));
        let done = thread.map_err(failed)?.join();
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn translated(file: &Path, text: &str) -> Result<Imported, ImportError> {
    // A mark of the encoding is no part of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = Source::new(text);
    let statements = parse::parse(text).map_err(|malformed| ImportError::Malformed {
        file: file.display().to_string(),
        place: source.place(malformed.at),
        message: malformed.message,
    })?;
    let mut translator = Translator::new(Findings::new(file, &source));
    let around = translator.script(&statements);
    let options_at = translator.options.as_ref().map(|top| top.at).unwrap_or_default();
    let (nodes, units) = emit(&mut translator, &around, &source);
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let mut head = vec![format!("From {name}, by podometer load import.")];
    head.append(&mut translator.head);
    let mut findings = translator.findings;
    let yaml = readable(file, &head, &nodes, &units, options_at, &mut findings);
    Ok(Imported { yaml, findings: findings.into_sorted() })
}
