//! A file or the webhook, and what they have in common.

use std::path::Path;

use super::arguments::{InjectAction, InjectCommand, Sidecar};
use super::{file, serve};
use crate::cli::{Failure, Wiring};
use crate::inject::serve::read_classes;
use crate::inject::{Existing, Form, Resources, Settings};
use crate::model::quantity::Quantity;

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
    let resources = resources(sidecar)?;
    Ok(Settings {
        image: sidecar.image.clone(),
        form: if sidecar.container { Form::Container } else { Form::Native },
        view: sidecar.view.meant(),
        share_processes: reason.map(str::to_owned),
        port: sidecar.port,
        resources,
        classes,
        default_class: sidecar.class.clone(),
        existing,
        // Files are for any cluster; the webhook asks its own.
        cluster: None,
    })
}

/// The API server refuses every pod with a request above its limit.
fn resources(sidecar: &Sidecar) -> Result<Resources, Failure> {
    let Sidecar { requests_cpu, requests_memory, limits_cpu, limits_memory, .. } = sidecar;
    let problems: Vec<String> =
        [("cpu", requests_cpu, limits_cpu), ("memory", requests_memory, limits_memory)]
            .into_iter()
            .filter(|(_, request, limit)| {
                let (request, limit) = (Quantity::parse(request), Quantity::parse(limit));
                request.zip(limit).is_some_and(|(request, limit)| request > limit)
            })
            .map(|(name, request, limit)| {
                format!(
                    "--requests-{name} {request}: is above --limits-{name} {limit}; raise the limit as well"
                )
            })
            .collect();
    if !problems.is_empty() {
        return Err(Failure::Usage(problems));
    }
    Ok(Resources {
        requests_cpu: requests_cpu.clone(),
        requests_memory: requests_memory.clone(),
        limits_cpu: limits_cpu.clone(),
        limits_memory: limits_memory.clone(),
    })
}
