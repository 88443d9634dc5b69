//! Boots User Mode Linux and runs a test of the same binary in it, with the programs that this machine has.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What of this machine any program needs: itself, libraries, settings.
const SYSTEM: [&str; 4] = ["/usr", "/etc", "/lib", "/lib64"];

pub(crate) struct Guest {
    pub(crate) memory: &'static str,
    /// Files of the kernel's modules, each behind those that it needs.
    pub(crate) modules: &'static [&'static str],
    /// What else of this machine the test reads.
    pub(crate) shown: Vec<PathBuf>,
    /// The environment of the test.
    pub(crate) variables: BTreeMap<&'static str, String>,
    /// Lines of the shell before the test.
    pub(crate) before: &'static str,
}

impl Guest {
    /// The console of the guest; `None`, loudly, on a machine without a lab, which on CI is a failure.
    pub(crate) fn run(&self, test: &str) -> Option<String> {
        let Some(cache) = std::env::var_os("PODOMETER_LAB_CACHE").map(PathBuf::from) else {
            let message = "PODOMETER_LAB_CACHE is not set: see `.ci/run lab`";
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
            eprintln!("!!! SKIPPED: {message}");
            return None;
        };
        let program = std::env::current_exe().unwrap();
        let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        // The program that is tested lies one above the tests.
        let built = program.parent().and_then(Path::parent).unwrap().to_owned();
        let mut shown: Vec<PathBuf> = SYSTEM.map(PathBuf::from).into();
        shown.extend([repository.clone(), built, cache.canonicalize().unwrap()]);
        shown.extend(self.shown.iter().cloned());

        let staged = tempfile::tempdir().unwrap();
        for (place, name) in self.modules.iter().enumerate() {
            // They are loaded in the order of their names.
            std::fs::copy(module(&cache, name), staged.path().join(format!("{place}.ko"))).unwrap();
        }
        let payload = staged.path().join("payload.sh");
        std::fs::write(&payload, self.payload(&shown, &program, test)).unwrap();
        let shown: Vec<String> = shown.iter().map(|directory| directory.display().to_string()).collect();
        let output = Command::new("bash")
            .arg(repository.join("tests/lab/uml.sh"))
            .args([staged.path(), &payload])
            .env("PODOMETER_LAB_TIMEOUT", "600")
            .env("PODOMETER_LAB_MEMORY", self.memory)
            .env("PODOMETER_LAB_SHOWN", shown.join(":"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let console = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(console + &String::from_utf8_lossy(&output.stderr))
    }

    /// What the guest does: busybox's own programs before all others, as some of ours want a whole system around them.
    fn payload(&self, shown: &[PathBuf], program: &Path, test: &str) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut script = format!(
            "/bin/busybox mkdir /tmp/bin\n/bin/busybox --install -s /tmp/bin\n\
             export PATH=/tmp/bin:'{path}':/usr/sbin:/sbin TMPDIR=/tmp\n"
        );
        // The guest's own /tmp lies over what it was shown there.
        for directory in shown.iter().filter(|directory| directory.starts_with("/tmp")) {
            let name = directory.display();
            _ = writeln!(script, "mkdir -p '{name}' && mount -t hostfs -o '/guest{name},ro' none '{name}'");
        }
        for (name, value) in &self.variables {
            _ = writeln!(script, "export {name}='{value}'");
        }
        script.push_str(self.before);
        _ = writeln!(script, "'{}' {test} --exact --ignored --nocapture", program.display());
        script
    }
}

fn module(cache: &Path, name: &str) -> PathBuf {
    let all = cache.join("uml/usr/lib/uml/modules");
    let versions = std::fs::read_dir(&all).unwrap_or_else(|error| panic!("{}: {error}", all.display()));
    let mut files = versions.flatten().map(|version| version.path().join("kernel").join(name));
    files.find(|file| file.is_file()).unwrap_or_else(|| panic!("{}: no {name}", all.display()))
}
