//! What is done to one pod: the same for a file and for the webhook.

use super::annotations::{INJECT, Wishes};
use super::class::Class;
use super::environment::{Leaf, layered};
use super::fit;
use super::inputs;
use super::patch::Operation;
use super::record::{ANNOTATION, Made, Record};
use super::removal::Steps;
use super::select::{Consent, is_wanted, obstacle};
use super::settings::{Existing, Form, Settings, View};
use super::sidecar::{self, Sidecar};
use super::tree::Tree;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Injected,
    /// Ours in another form was there.
    Replaced,
    /// Exactly this one was there.
    Already,
    /// Another one of ours was there and stays.
    Kept,
    NotWanted,
    /// It does not say, and whoever asks has no consent for those: its namespace may.
    Undecided,
    /// It cannot have one; the reason goes on a sentence that begins with the pod.
    Refused(String),
    Removed,
}

/// Steps for a pod, and what its author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) state: State,
    pub(super) operations: Vec<Operation>,
    pub(super) warnings: Vec<String>,
}

impl Plan {
    fn nothing(state: State, warnings: Vec<String>) -> Plan {
        Plan { state, operations: Vec::new(), warnings }
    }
}

/// Takes out what was added, if anything was.
pub(super) fn remove(pod: &Tree) -> Plan {
    let Some(record) = Record::of(pod) else { return Plan::nothing(State::NotWanted, Vec::new()) };
    let mut steps = Steps::on(pod);
    steps.remove(&record);
    Plan { state: State::Removed, operations: steps.operations, warnings: Vec::new() }
}

/// Adds a sidecar to a pod that is wanted and can have one.
pub(super) fn inject(pod: &Tree, is_job: bool, consent: Consent, settings: &Settings) -> Plan {
    let mut wishes = Wishes::of(pod);
    if !is_wanted(&wishes, pod, consent) {
        // Only what is wrong with the answer to this question is of interest then.
        wishes.warnings.retain(|warning| warning.starts_with(INJECT));
        let state = if wishes.inject.is_none() { State::Undecided } else { State::NotWanted };
        return Plan::nothing(state, wishes.warnings);
    }
    let record = Record::of(pod);
    let is_there = record.as_ref().is_some_and(|record| record.is_true_of(pod));
    // First of all: what it asks for now is of no interest where nothing is done.
    if let Some(record) = record.as_ref().filter(|_| is_there && settings.existing == Existing::Keep) {
        return Plan::nothing(State::Kept, kept(record).into_iter().collect());
    }
    let mut warnings = std::mem::take(&mut wishes.warnings);
    let mut steps = Steps::on(pod);
    if let Some(record) = &record {
        steps.remove(record);
    }
    let view = wishes.view.unwrap_or(settings.view);
    if let Some(reason) = obstacle(&steps.pod, settings, view, is_job) {
        return Plan::nothing(State::Refused(reason), warnings);
    }
    let port = match fit::port(&steps.pod, &wishes, settings, &mut warnings) {
        Ok(port) => port,
        Err(reason) => return Plan::nothing(State::Refused(reason), warnings),
    };
    let leaves = match leaves(&wishes, settings, &mut warnings) {
        Ok(leaves) => leaves,
        Err(reason) => return Plan::nothing(State::Refused(reason), warnings),
    };
    let mut next = Record {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        list: list(settings.form).to_owned(),
        ..Record::default()
    };
    let shares = wishes.share_processes.is_some() || settings.share_processes.is_some();
    let shares = shares && share_processes(&mut steps, &mut next, &mut warnings);
    let sidecar = Sidecar {
        wishes: &wishes,
        image: wishes.image.as_deref().unwrap_or(&settings.image),
        form: settings.form,
        view,
        port,
        resources: fit::resources(&steps.pod, &wishes, settings, &mut warnings),
        user: if shares { fit::user(&steps.pod, &mut warnings) } else { None },
        leaves,
    };
    add(&mut steps, &mut next, &sidecar);
    annotate(&mut steps, &mut next, port);
    if is_there && steps.pod.means(pod) {
        return Plan::nothing(State::Already, warnings);
    }
    let state = if is_there { State::Replaced } else { State::Injected };
    Plan { state, operations: steps.operations, warnings }
}

/// Another version than ours is worth a word.
fn kept(record: &Record) -> Option<String> {
    let is_other = record.version != env!("CARGO_PKG_VERSION");
    is_other
        .then(|| format!("the sidecar of podometer {} that is in this pod stays as it is", record.version))
}

const fn list(form: Form) -> &'static str {
    match form {
        Form::Native => "initContainers",
        Form::Container => "containers",
    }
}

/// Settings of the class and the inputs together.
fn leaves(wishes: &Wishes, settings: &Settings, warnings: &mut Vec<String>) -> Result<Vec<Leaf>, String> {
    let class = match &wishes.class {
        Some(name) => Some(settings.classes.get(name).ok_or_else(|| unknown_class(name, settings))?),
        None => settings.classes.get(&settings.default_class),
    };
    let (inputs, told) = inputs::settings(&wishes.scraped);
    warnings.extend(told);
    Ok(layered(class.map(|Class { leaves }| leaves.clone()).unwrap_or_default(), inputs))
}

/// Without its class a sidecar would send its points nowhere, and nobody would see why.
fn unknown_class(name: &str, settings: &Settings) -> String {
    let known: Vec<&str> = settings.classes.keys().map(String::as_str).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("asks for the class {name:?}, which is not here; known: {known}")
}

/// True where the containers will see each other's processes.
fn share_processes(steps: &mut Steps, record: &mut Record, warnings: &mut Vec<String>) -> bool {
    if steps.pod.at(&["spec", "hostPID"]).is_some_and(Tree::is_true) {
        warnings.push("the pod has the node's processes (hostPID), beside which none are shared".to_owned());
        return false;
    }
    let path = ["spec", "shareProcessNamespace"];
    match steps.pod.at(&path) {
        Some(value) if value.is_true() => return true,
        Some(_) => {
            warnings.push("the pod says shareProcessNamespace: false, and so it stays".to_owned());
            return false;
        }
        None => {}
    }
    if steps.pod.at(&["spec"]).and_then(|spec| spec.entry("shareProcessNamespace")).is_some() {
        record.made.push(Made::NullShareProcessNamespace);
    }
    record.shares_processes = true;
    steps.take(Operation::add(&path, Tree::plain(true)));
    true
}

fn add(steps: &mut Steps, record: &mut Record, sidecar: &Sidecar<'_>) {
    match sidecar.form {
        Form::Native => {
            let made = (Made::InitContainers, Made::NullInitContainers);
            ensure(steps, record, &["spec", "initContainers"], made, Tree::list(Vec::new()));
            // Before the others, so that it sees them at work.
            steps.take(Operation::add(&["spec", "initContainers", "0"], sidecar.container()));
        }
        Form::Container => steps.take(Operation::add(&["spec", "containers", "-"], sidecar.container())),
    }
    if sidecar.view == View::Host {
        record.has_volume = true;
        let made = (Made::Volumes, Made::NullVolumes);
        ensure(steps, record, &["spec", "volumes"], made, Tree::list(Vec::new()));
        steps.take(Operation::add(&["spec", "volumes", "-"], sidecar::volume()));
    }
}

/// Says where metrics are, unless the pod says so of its own, and what was done.
fn annotate(steps: &mut Steps, record: &mut Record, port: u16) {
    let empty = || Tree::map(Vec::new());
    ensure(steps, record, &["metadata"], (Made::Metadata, Made::NullMetadata), empty());
    let annotations = ["metadata", "annotations"];
    ensure(steps, record, &annotations, (Made::Annotations, Made::NullAnnotations), empty());
    let is_scraped =
        |tree: &Tree| tree.entries().iter().any(|(key, _)| key.text.starts_with("prometheus.io/"));
    if !steps.pod.at(&annotations).is_some_and(is_scraped) {
        for (name, value) in
            [("scrape", "true".to_owned()), ("port", port.to_string()), ("path", "/metrics".to_owned())]
        {
            let name = format!("prometheus.io/{name}");
            steps.take(Operation::add(&["metadata", "annotations", &name], Tree::quoted(&value)));
            record.annotations.insert(name, value);
        }
    }
    let written = Tree::quoted(&record.text());
    steps.take(Operation::add(&["metadata", "annotations", ANNOTATION], written));
}

/// Makes a collection where there is none, and notes that.
fn ensure(steps: &mut Steps, record: &mut Record, path: &[&str], (absent, null): (Made, Made), empty: Tree) {
    if steps.pod.at(path).is_some() {
        return;
    }
    let parent =
        path.split_last().and_then(|(last, way)| steps.pod.at(way).and_then(|tree| tree.entry(last)));
    record.made.push(if parent.is_some() { null } else { absent });
    steps.take(Operation::add(path, empty));
}

#[cfg(test)]
mod tests {
    use super::super::text::from_yaml;
    use super::*;

    fn pod(text: &str) -> Tree {
        from_yaml(text).unwrap().root.unwrap()
    }

    fn done(pod: &Tree, settings: &Settings) -> (State, Tree, Vec<String>) {
        let plan = inject(pod, false, Consent::Given, settings);
        let mut after = pod.clone();
        for operation in &plan.operations {
            operation.apply(&mut after);
        }
        (plan.state, after, plan.warnings)
    }

    #[test]
    fn the_nodes_processes_are_not_shared() {
        let settings = Settings { share_processes: Some("why".to_owned()), ..Settings::default() };
        let (state, after, warnings) =
            done(&pod("spec: {hostPID: true, containers: [{name: a}]}\n"), &settings);
        assert_eq!(state, State::Injected);
        assert!(after.at(&["spec", "shareProcessNamespace"]).is_none());
        assert!(warnings.iter().any(|told| told.contains("hostPID")), "{warnings:?}");
    }

    #[test]
    fn a_record_counts_with_its_container_alone() {
        let settings = Settings { existing: Existing::Keep, ..Settings::default() };
        let (_, mut injected, _) = done(&pod("spec: {containers: [{name: a}]}\n"), &settings);
        assert_eq!(done(&injected, &settings), (State::Kept, injected.clone(), Vec::new()));
        Operation::remove(&["spec", "initContainers"]).apply(&mut injected);
        let (state, again, _) = done(&injected, &settings);
        assert_eq!(state, State::Injected);
        assert!(again.at(&["spec", "initContainers"]).is_some());
    }

    /// Whatever it would be refused for now.
    #[test]
    fn what_is_kept_is_not_looked_at() {
        let settings = Settings { existing: Existing::Keep, ..Settings::default() };
        let (_, mut injected, _) = done(&pod("spec: {containers: [{name: a}]}\n"), &settings);
        let class = Operation::add(&["metadata", "annotations", "podometer.io/class"], Tree::text("gone"));
        class.apply(&mut injected);
        assert_eq!(done(&injected, &settings).0, State::Kept);
        let record = Record { version: "0.0.9".to_owned(), ..Record::of(&injected).unwrap() };
        let other = Operation::add(&["metadata", "annotations", ANNOTATION], Tree::quoted(&record.text()));
        other.apply(&mut injected);
        let (state, _, warnings) = done(&injected, &settings);
        assert_eq!((state, warnings.len()), (State::Kept, 1));
    }
}
