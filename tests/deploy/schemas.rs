//! Every object against the JSON schemas of each Kubernetes version from 1.29 on, unknown fields refused.
//!
//! The schemas come with the Python package kubernetes-validate, which reads them anew for each object; kept in memory
//! a version takes seconds. It passes kinds that it does not know with a warning: those are counted, and `custom` checks
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::build::{self, called, text};
use crate::custom;

const OLDEST: u32 = 29;

/// The package's own command, with two changes that save minutes: a schema that was read is kept, and YAML is read by
/// the compiled reader where there is one.
const SCRIPT: &str = "
import functools, sys
import kubernetes_validate.utils as utils
from kubernetes_validate.__main__ import main
utils.schema_contents = functools.lru_cache(maxsize=None)(utils.schema_contents)
utils.yaml.SafeLoader = getattr(utils.yaml, 'CSafeLoader', utils.yaml.SafeLoader)
sys.exit(main())
";

fn package() -> Option<PathBuf> {
    let cache = std::env::var_os("PODOMETER_LAB_CACHE")
        .map_or_else(|| build::root().join(".ci/cache"), PathBuf::from);
    let package = cache.join("kubernetes-validate");
    if package.is_dir() {
        return Some(package);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "kubernetes-validate must be installed on CI");
    eprintln!("!!! SKIPPED: kubernetes-validate is not in {}, no schema was asked", cache.display());
    None
}

/// The minor versions of Kubernetes 1 whose schemas are there.
fn versions(package: &std::path::Path) -> BTreeSet<u32> {
    let schemas = std::fs::read_dir(package.join("kubernetes_validate/kubernetes-json-schema")).unwrap();
    let minor = |name: String| name.strip_prefix("v1.")?.split(['.', '-']).next()?.parse().ok();
    let all = schemas.filter_map(|entry| minor(entry.unwrap().file_name().into_string().unwrap()));
    all.filter(|minor| *minor >= OLDEST).collect()
}

/// Whether all passed, and what was said.
fn validate(package: &std::path::Path, minor: u32, objects: &[Value]) -> (bool, String) {
    let mut file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    for object in objects {
        // JSON is YAML.
        writeln!(file, "---\n{object}").unwrap();
    }
    let output = Command::new("python3")
        .args(["-c", SCRIPT, "--strict", "--quiet", "-k", &format!("1.{minor}")])
        .arg(file.path())
        .env("PYTHONPATH", package)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said.replace(&*file.path().to_string_lossy(), "FILE"))
}

/// Each different object once.
fn objects() -> Vec<Value> {
    let all = build::all().iter().flat_map(|build| &build.objects);
    let different: BTreeMap<String, &Value> = all.map(|object| (object.to_string(), object)).collect();
    different.into_values().cloned().collect()
}

#[test]
fn every_version_takes_every_object() {
    let objects = objects();
    let Some(package) = package().filter(|_| !objects.is_empty()) else { return };
    let versions = versions(&package);
    assert!(versions.len() > 5, "schemas of {versions:?}");
    let of_others: Vec<&Value> = objects.iter().filter(|object| custom::is_known(object)).collect();
    let wanted: BTreeSet<&str> = of_others.iter().map(|object| text(object, "/kind")).collect();
    for minor in versions {
        let (is_content, said) = validate(&package, minor, &objects);
        assert!(is_content, "Kubernetes 1.{minor}:\n{said}");
        let warnings: Vec<&str> = said.lines().filter(|line| line.starts_with("WARN")).collect();
        println!(
            "Kubernetes 1.{minor}: {} objects pass, {} of kinds that it does not know",
            objects.len() - warnings.len(),
            warnings.len()
        );
        let unknown: BTreeSet<&str> = warnings
            .iter()
            .map(|line| line.split("for kind ").nth(1).unwrap().split(' ').next().unwrap())
            .collect();
        assert_eq!(unknown, wanted, "the kinds that `custom` checks");
        assert_eq!(warnings.len(), of_others.len());
        assert_eq!(said.lines().count(), warnings.len(), "Kubernetes 1.{minor}:\n{said}");
    }
}

#[test]
fn a_misspelt_field_is_refused() {
    let objects = objects();
    let Some(package) = package().filter(|_| !objects.is_empty()) else { return };
    let mut agent = objects.iter().find(|object| called(object) == "DaemonSet podometer").unwrap().clone();
    agent["spec"]["template"]["spec"]["containers"][0]["volumeMouts"] = Value::Array(Vec::new());
    let (is_content, said) = validate(&package, OLDEST, &[agent]);
    assert!(!is_content && said.contains("volumeMouts"), "{said}");
}
