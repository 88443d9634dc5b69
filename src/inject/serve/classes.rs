//! Classes as files of a directory, such as a ConfigMap that is mounted: `app.yaml` is the class `app`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use crate::inject::Class;

/// A ConfigMap holds no more.
const MAX_BYTES: u64 = 1 << 20;

/// All classes of a directory, or one line for each that cannot be one.
pub fn read_classes(directory: &Path) -> Result<BTreeMap<String, Class>, Vec<String>> {
    let shown = directory.display();
    let entries = fs::read_dir(directory)
        .map_err(|error| vec![format!("{shown}: cannot be read: {error}; name a directory of classes")])?;
    let (mut classes, mut problems) = (BTreeMap::new(), Vec::new());
    for entry in entries {
        let path = match entry {
            Ok(entry) => entry.path(),
            Err(error) => {
                problems.push(format!("{shown}: cannot be read: {error}"));
                continue;
            }
        };
        // Mounts have directories of their own among the files, whose names begin with a dot.
        let is_class = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        let Some(name) =
            path.file_stem().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'))
        else {
            continue;
        };
        if !is_class {
            continue;
        }
        match read(&path) {
            Ok(class) => drop(classes.insert(name.to_owned(), class)),
            Err(problem) => problems.push(problem),
        }
    }
    problems.sort();
    if problems.is_empty() { Ok(classes) } else { Err(problems) }
}

fn read(path: &Path) -> Result<Class, String> {
    let place = path.display().to_string();
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|error| format!("{place}: cannot be read: {error}"))?;
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
    let read = read.map_err(|error| format!("{place}: cannot be read: {error}"))?;
    if read as u64 > MAX_BYTES {
        return Err(format!("{place}: is larger than {MAX_BYTES} bytes"));
    }
    Class::parse(&place, &text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_classes_and_every_bad_one_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        write("app.yaml", "sampler: {cpu_budget_percent: 1}\n");
        write("README.md", "no class");
        fs::create_dir(directory.path().join("..data")).unwrap();
        let classes = read_classes(directory.path()).unwrap();
        assert_eq!(classes.keys().collect::<Vec<_>>(), ["app"]);
        write("bad.yaml", "sampler: {cpu_budget: 1}\n");
        write("worse.yml", "a: [\n");
        let problems = read_classes(directory.path()).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(problems[0].contains("bad.yaml: ") && problems[1].contains("worse.yml:"), "{problems:?}");
        assert!(read_classes(&directory.path().join("none")).is_err());
    }
}
