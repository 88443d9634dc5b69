//! `podometer config default|check|import`, and loading a configuration for the other commands.

use super::arguments::{ConfigAction, ConfigCommand};
use super::{Failure, output};
use crate::config::{self, DEFAULT_FILE, Loaded, Sources, telegraf};

pub(super) fn run(command: &ConfigCommand) -> Result<(), Failure> {
    match &command.action {
        ConfigAction::Default => output::print(DEFAULT_FILE),
        ConfigAction::Check { file } => {
            // The file alone: what is in the environment is no property of the file.
            load(&Sources { file: Some(file.clone()), ..Sources::default() })?;
            output::print(&format!("{}: fine\n", file.display()))
        }
        ConfigAction::Import { file } => {
            let imported =
                telegraf::import_file(file).map_err(|error| Failure::Usage(vec![error.to_string()]))?;
            output::print(&imported.yaml)?;
            for remark in &imported.remarks {
                output::note(&output::harmless(remark));
            }
            Ok(())
        }
    }
}

/// The configuration, or one line for each problem.
pub(super) fn load(sources: &Sources) -> Result<Loaded, Failure> {
    config::load(sources)
        .map_err(|problems| Failure::Usage(problems.iter().map(ToString::to_string).collect()))
}
