//! Every kustomization below `deploy/`, built by kubectl and parsed, once for all tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::neighbour;

/// `kubectl apply` keeps the whole object in an annotation of at most so many bytes.
const APPLY_LIMIT: usize = 262_144;

/// What one `kubectl apply -k` brings.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    /// Below `deploy/`.
    pub(crate) directory: String,
    pub(crate) objects: Vec<Value>,
}

impl Build {
    /// Whether it stands for itself, and what it names must be in it.
    pub(crate) fn is_whole(&self) -> bool {
        self.directory.starts_with("overlays/")
    }

    pub(crate) fn find(&self, kind: &str, namespace: Option<&str>, name: &str) -> Option<&Value> {
        self.objects.iter().find(|object| {
            text(object, "/kind") == kind
                && text(object, "/metadata/name") == name
                && namespace.is_none_or(|wanted| namespace_of(object) == wanted)
        })
    }
}

/// All of them, and each component with what it changes; none, with a loud message, where kubectl is not installed.
pub(crate) fn all() -> &'static [Build] {
    static BUILDS: OnceLock<Vec<Build>> = OnceLock::new();
    BUILDS.get_or_init(|| {
        let Some(kubectl) = neighbour::program("kubectl", "") else { return Vec::new() };
        let deploy = root().join("deploy");
        let name = |path: &Path| path.strip_prefix(&deploy).unwrap().display().to_string();
        let whole = directories(&deploy, "Kustomization");
        let whole = whole.iter().map(|path| build(&kubectl, name(path), path));
        let parts = directories(&deploy, "Component");
        let parts = parts.iter().map(|path| {
            let directory = with_component(&name(path));
            build(&kubectl, name(path), directory.path())
        });
        whole.chain(parts).collect()
    })
}

/// A directory that has one component, whether or not an overlay chose it. Components stand in `components/` of what
/// they change.
fn with_component(component: &str) -> tempfile::TempDir {
    let base = component.split("/components/").next().unwrap();
    // kustomize takes relative paths alone.
    let target = root().join("target");
    std::fs::create_dir_all(&target).unwrap();
    let directory = tempfile::tempdir_in(target).unwrap();
    let text = format!("resources: [../../deploy/{base}]\ncomponents: [../../deploy/{component}]\n");
    std::fs::write(directory.path().join("kustomization.yaml"), text).unwrap();
    directory
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text at a pointer; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list at a pointer; none where there is no list.
pub(crate) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(crate) fn namespace_of(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// Kind and name, for messages.
pub(crate) fn called(object: &Value) -> String {
    format!("{} {}", text(object, "/kind"), text(object, "/metadata/name"))
}

/// The pod that a workload makes, with its labels; a bare Pod is none of ours.
pub(crate) fn template(object: &Value) -> Option<&Value> {
    match text(object, "/kind") {
        "DaemonSet" | "Deployment" | "Job" | "StatefulSet" => object.pointer("/spec/template"),
        "CronJob" => object.pointer("/spec/jobTemplate/spec/template"),
        _ => None,
    }
}

/// Containers of both lists.
pub(crate) fn containers(template: &Value) -> impl Iterator<Item = &Value> {
    items(template, "/spec/initContainers").iter().chain(items(template, "/spec/containers"))
}

/// Documents of a YAML text.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, String> {
    serde_saphyr::from_multiple(text).map_err(|error| error.to_string())
}

/// Directories whose kustomization is of this kind, below this one, sorted.
pub(crate) fn directories(deploy: &Path, kind: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![deploy.to_owned()];
    while let Some(directory) = left.pop() {
        let kustomization = std::fs::read_to_string(directory.join("kustomization.yaml")).unwrap_or_default();
        if kustomization.lines().any(|line| line == format!("kind: {kind}")) {
            found.push(directory.clone());
        }
        let entries = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
        left.extend(entries.filter(|path| path.is_dir()));
    }
    found.sort();
    found
}

fn build(kubectl: &Path, name: String, directory: &Path) -> Build {
    let output = Command::new(kubectl).arg("kustomize").arg(directory).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "deploy/{name} cannot be built: {said}");
    assert_eq!(said, "", "deploy/{name}: kustomize warns");
    let yaml = String::from_utf8(output.stdout).unwrap();
    let objects = documents(&yaml).unwrap_or_else(|error| panic!("deploy/{name}: {error}"));
    Build { directory: name, objects }
}

#[test]
fn each_directory_builds() {
    let builds = all();
    for build in builds {
        println!("deploy/{:40} {:3} objects", build.directory, build.objects.len());
        assert!(!build.objects.is_empty(), "deploy/{} is empty", build.directory);
    }
    assert!(builds.is_empty() || builds.len() > 20, "{} directories were found", builds.len());
}

#[test]
fn each_component_changes_something() {
    let components =
        all().iter().filter_map(|build| Some((build, build.directory.split_once("/components/")?.0)));
    let mut count = 0;
    for (with, base) in components {
        count += 1;
        let without = all().iter().find(|build| build.directory == base).unwrap();
        assert_ne!(with.objects, without.objects, "deploy/{}", with.directory);
    }
    assert!(all().is_empty() || count > 5, "{count} components");
}

#[test]
fn each_object_can_be_applied() {
    for build in all() {
        for object in &build.objects {
            let bytes = serde_json::to_string(object).unwrap().len();
            assert!(bytes < APPLY_LIMIT, "deploy/{}: {} has {bytes} bytes", build.directory, called(object));
        }
        let mut names: Vec<_> =
            build.objects.iter().map(|object| (called(object), namespace_of(object).to_owned())).collect();
        names.sort();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before, "deploy/{}: two objects of one name", build.directory);
    }
}

#[test]
fn each_object_says_whose_it_is() {
    for build in all() {
        for object in &build.objects {
            let of = format!("deploy/{}: {}", build.directory, called(object));
            assert_eq!(text(object, "/metadata/labels/app.kubernetes.io~1part-of"), "podometer", "{of}");
        }
    }
}
