//! Golden files: whole outputs, kept in `tests/golden` and rewritten by `UPDATE_GOLDEN=1`.

use std::fs;
use std::path::Path;

/// Compares `text` with the golden file of that name.
pub(crate) fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let golden = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = golden.lines().zip(text.lines()).enumerate();
    if let Some((index, (old, new))) = lines.find(|(_, (old, new))| old != new) {
        panic!("{name} line {}:\n  golden {old}\n  now    {new}\nUPDATE_GOLDEN=1 rewrites it", index + 1);
    }
    assert_eq!(golden.lines().count(), text.lines().count(), "{name}: UPDATE_GOLDEN=1 rewrites it");
}
