//! Unpacks a fixture: `== path` begins a file, what follows is its content.

use std::fs;
use std::path::{Path, PathBuf};

/// Writes every file of `tests/fixtures/NAME.tree` below `root`, over what stands there.
pub(crate) fn unpack(name: &str, root: &Path) {
    let path = fixtures().join(format!("{name}.tree"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut file: Option<(PathBuf, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("== "), &mut file) {
            (Some(next), _) => {
                write(file.take());
                file = Some((root.join(next), String::new()));
            }
            (None, Some((_, content))) => {
                content.push_str(line);
                content.push('\n');
            }
            (None, None) => panic!("{}: content before the first file", path.display()),
        }
    }
    write(file);
}

fn write(file: Option<(PathBuf, String)>) {
    let Some((path, content)) = file else { return };
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}
