//! Real servers as child processes.

use std::path::PathBuf;
use std::process::Child;

/// Ends the process with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// The program, or `None` with a message where it is not installed. On CI that is a failure.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Servers stand where a plain user does not look.
    let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    or_skip(name, places.map(|directory| directory.join(name)).find(|file| file.is_file()))
}

/// The same for what was found some other way.
pub(crate) fn or_skip(name: &str, found: Option<PathBuf>) -> Option<PathBuf> {
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{name} must be installed on CI");
        eprintln!("!!! SKIPPED: {name} is not installed (.ci/run prepare brings it), nothing was tested");
    }
    found
}
