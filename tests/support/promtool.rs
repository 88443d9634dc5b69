//! What `promtool check metrics` says of a page.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether it is content, and all that it prints: nothing, where there is nothing to say.
pub(crate) fn check(promtool: &Path, page: &[u8]) -> (bool, String) {
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(page).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}
