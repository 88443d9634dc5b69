//! Manifests in, manifests out.

use std::fs::File;
use std::io::{Read, stdin};

use super::arguments::InjectCommand;
use super::run::settings;
use crate::cli::{Failure, output};
use crate::inject::{Existing, Work, rewrite};

/// All manifests of a large cluster have less.
const MAX_BYTES: u64 = 64 << 20;

pub(super) fn run(command: &InjectCommand, place: &str) -> Result<(), Failure> {
    let settings = settings(&command.sidecar, command.classes.as_deref(), Existing::Replace)?;
    let shown = if place == "-" { "standard input" } else { place };
    let text = read(place).map_err(|problem| Failure::Usage(vec![format!("{shown}: {problem}")]))?;
    let work = if command.remove { Work::Remove } else { Work::Inject(&settings) };
    let (text, remarks) = rewrite(&text, work).map_err(|unreadable| {
        Failure::Usage(
            unreadable.iter().map(|error| output::harmless(&format!("{shown}: {error}"))).collect(),
        )
    })?;
    for remark in &remarks {
        output::note(&output::harmless(remark));
    }
    output::print(&text)
}

fn read(place: &str) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let source: Box<dyn Read> = if place == "-" {
        Box::new(stdin().lock())
    } else {
        Box::new(File::open(place).map_err(unreadable)?)
    };
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("is larger than {MAX_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        format!("line {}: is no UTF-8 text", good.split(|byte| *byte == b'\n').count())
    })
}
