//! A file or the webhook, and what they have in common.

use std::path::Path;

use super::arguments::{InjectAction, InjectCommand, Sidecar};
use super::{file, serve};
use crate::cli::{Failure, Wiring};
use crate::inject::serve::read_classes;
use crate::inject::{Existing, Form, Resources, Settings};

pub(in crate::cli) fn run(command: &InjectCommand, wiring: &dyn Wiring) -> Result<(), Failure> {
    match (&command.action, &command.file) {
        (Some(InjectAction::Serve(arguments)), _) => serve::run(arguments, wiring),
        (None, Some(place)) => file::run(command, place),
        // The arguments ask for one of both.
        (None, None) => Err(Failure::Usage(vec!["-f FILE or serve is wanted".to_owned()])),
    }
}

/// The settings, or one line for each problem.
pub(super) fn settings(
    sidecar: &Sidecar,
    classes: Option<&Path>,
    existing: Existing,
) -> Result<Settings, Failure> {
    let classes = classes.map(read_classes).transpose().map_err(Failure::Usage)?.unwrap_or_default();
    let reason = sidecar.share_process_namespace.as_deref().map(str::trim);
    if reason.is_some_and(str::is_empty) {
        return Err(Failure::Usage(vec!["--share-process-namespace: say why in words".to_owned()]));
    }
    Ok(Settings {
        image: sidecar.image.clone(),
        form: if sidecar.container { Form::Container } else { Form::Native },
        view: sidecar.view.meant(),
        share_processes: reason.map(str::to_owned),
        port: sidecar.port,
        resources: Resources {
            requests_cpu: sidecar.requests_cpu.clone(),
            requests_memory: sidecar.requests_memory.clone(),
            limits_cpu: sidecar.limits_cpu.clone(),
            limits_memory: sidecar.limits_memory.clone(),
        },
        classes,
        default_class: sidecar.class.clone(),
        existing,
    })
}
