//! `podometer load import`: a k6 script as a file.

use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::Context;

use super::arguments::Import;
use crate::cli::{Failure, output};
use crate::load::import::{MAX_BYTES, import};

pub(super) fn run(arguments: &Import) -> Result<(), Failure> {
    let text = read(&arguments.script).map_err(|message| Failure::Usage(vec![message]))?;
    let imported =
        import(&arguments.script, &text).map_err(|error| Failure::Usage(vec![error.to_string()]))?;
    for finding in &imported.findings {
        output::note(&output::harmless(&finding.to_string()));
    }
    let is_whole = imported.is_whole();
    if is_whole || !arguments.strict {
        match &arguments.output {
            Some(file) => fs::write(file, &imported.yaml).with_context(|| file.display().to_string())?,
            None => output::print(&imported.yaml)?,
        }
    }
    if is_whole { Ok(()) } else { Err(Failure::Unwell) }
}

/// The text of a script; on failure what is wrong.
fn read(script: &Path) -> Result<String, String> {
    let shown = script.display();
    let mut bytes = Vec::new();
    let file = fs::File::open(script).map_err(|error| format!("{shown}: cannot be read: {error}"))?;
    let read = file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("{shown}: cannot be read: {error}"))?;
    String::from_utf8(bytes).map_err(|_| format!("{shown}: is no UTF-8 text"))
}
