//! Which pods are wanted, and which cannot be had.

use super::annotations::Wishes;
use super::settings::{Form, NAME, Settings, VOLUME, View};
use super::tree::Tree;

/// How somebody came to ask for a sidecar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// By the command, or by the label of the namespace: all but those that say no.
    Given,
    /// Only those that say yes.
    ByAnnotation,
}

/// Whether the pod is wanted.
pub(super) fn is_wanted(wishes: &Wishes, pod: &Tree, consent: Consent) -> bool {
    match (wishes.inject, consent) {
        (Some(said), _) => said,
        (None, Consent::Given) => true,
        // Who has annotated pods for telegraf-operator means this, too, unless that operator still runs.
        (None, Consent::ByAnnotation) => wishes.has_telegraf && !has_container(pod, "telegraf"),
    }
}

/// Why a wanted pod cannot have a sidecar; `None` where it can.
pub(super) fn obstacle(pod: &Tree, settings: &Settings, view: View, is_job: bool) -> Option<String> {
    let spec = pod.get("spec").map(Tree::entries).unwrap_or_default();
    if spec.is_empty() {
        return Some("has no spec".to_owned());
    }
    let is_list = |tree: &Tree| matches!(tree, Tree::List(_));
    let is_map = |tree: &Tree| matches!(tree, Tree::Map(_));
    let is_fit = |path: &[&str], is_fit: &dyn Fn(&Tree) -> bool| pod.at(path).is_none_or(is_fit);
    for path in [&["spec", "containers"][..], &["spec", "initContainers"], &["spec", "volumes"]] {
        if !is_fit(path, &is_list) {
            return Some(format!("has a {} that is no list", path.join(".")));
        }
    }
    for path in [&["metadata"][..], &["metadata", "annotations"]] {
        if !is_fit(path, &is_map) {
            return Some(format!("has a {} that is no map", path.join(".")));
        }
    }
    if pod.at(&["spec", "containers"]).is_none_or(|containers| containers.items().is_empty()) {
        return Some("has no containers".to_owned());
    }
    if pod.at(&["metadata", "annotations", "kubernetes.io/config.mirror"]).is_some() {
        return Some("is the mirror of a static pod, which the API server cannot change".to_owned());
    }
    if is_for_windows(pod) {
        return Some("is for Windows, where the agent does not run".to_owned());
    }
    if has_container(pod, NAME) {
        return Some(format!(
            "has a container {NAME} that is not ours; rename it, or leave the pod as it is"
        ));
    }
    let volumes = pod.at(&["spec", "volumes"]).map(Tree::items).unwrap_or_default();
    if view == View::Host && volumes.iter().any(|volume| volume.text_at(&["name"]) == Some(VOLUME)) {
        return Some(format!("has a volume {VOLUME} that is not ours"));
    }
    let policy = pod.text_at(&["spec", "restartPolicy"]).unwrap_or("Always");
    if settings.form == Form::Container && (is_job || policy != "Always") {
        return Some("would never end beside an ordinary container; use a native sidecar".to_owned());
    }
    match settings.cluster {
        Some((major, minor)) if (major, minor) < settings.form.since() => Some(format!(
            "would never start: Kubernetes {major}.{minor} knows no native sidecars; run the injector with --container"
        )),
        _ => None,
    }
}

/// By what it says, by its nodes or by settings that only Windows has: the API server refuses ours beside them.
fn is_for_windows(pod: &Tree) -> bool {
    let labels = ["kubernetes.io/os", "beta.kubernetes.io/os"];
    let is_said = |path: &[&str]| pod.text_at(path) == Some("windows");
    let has_options = |tree: &Tree| tree.at(&["securityContext", "windowsOptions"]).is_some();
    is_said(&["spec", "os", "name"])
        || labels.iter().any(|label| is_said(&["spec", "nodeSelector", label]))
        || pod.get("spec").is_some_and(has_options)
        || containers(pod).any(has_options)
}

/// Any container of any kind of this name.
fn has_container(pod: &Tree, name: &str) -> bool {
    containers(pod).any(|container| container.text_at(&["name"]) == Some(name))
}

fn containers(pod: &Tree) -> impl Iterator<Item = &Tree> {
    ["containers", "initContainers", "ephemeralContainers"]
        .into_iter()
        .filter_map(|list| pod.at(&["spec", list]))
        .flat_map(Tree::items)
}

#[cfg(test)]
mod tests {
    use super::super::text::from_yaml;
    use super::*;

    fn refused(spec: &str, settings: &Settings) -> Option<String> {
        let pod = from_yaml(&format!("spec: {spec}\n")).unwrap().root.unwrap();
        obstacle(&pod, settings, View::Own, false)
    }

    #[test]
    fn pods_of_windows_are_left_alone() {
        for (spec, is_refused) in [
            ("{os: {name: windows}, containers: [{}]}", true),
            ("{os: {name: linux}, containers: [{}]}", false),
            ("{nodeSelector: {kubernetes.io/os: windows}, containers: [{}]}", true),
            ("{nodeSelector: {beta.kubernetes.io/os: windows}, containers: [{}]}", true),
            ("{nodeSelector: {kubernetes.io/os: linux}, containers: [{}]}", false),
            ("{securityContext: {windowsOptions: {}}, containers: [{}]}", true),
            ("{containers: [{securityContext: {windowsOptions: {hostProcess: true}}}]}", true),
            ("{containers: [{securityContext: {}}]}", false),
        ] {
            let said = refused(spec, &Settings::default());
            assert_eq!(said.is_some_and(|said| said.contains("Windows")), is_refused, "{spec}");
        }
    }

    #[test]
    fn native_sidecars_need_a_cluster_that_knows_them() {
        for (cluster, form, is_refused) in [
            (None, Form::Native, false),
            (Some((1, 28)), Form::Native, true),
            (Some((1, 28)), Form::Container, false),
            (Some((1, 29)), Form::Native, false),
            (Some((2, 0)), Form::Native, false),
        ] {
            let settings = Settings { form, cluster, ..Settings::default() };
            let said = refused("{containers: [{}]}", &settings);
            assert_eq!(said.is_some(), is_refused, "{cluster:?} {form:?}");
        }
    }
}
