//! Boots a guest, runs the scenario in it, and takes its console apart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// One guest at a time: two would take the cores from each other, and the burst with them.
static ALONE: Mutex<()> = Mutex::new(());

/// The agent's configuration inside the guest: everything is read each second, and the budget does not
/// slow it down on an emulated processor.
const CONFIG: &str = "\
server:
  listen: 127.0.0.1:9758
sampler:
  slow_interval: 1s
  cpu_budget_percent: 100
  histograms: all
";

/// Where static binaries and kernels are, as `.ci/run` prepares them.
pub(crate) struct Lab {
    binaries: PathBuf,
    cache: PathBuf,
}

impl Lab {
    /// `None`, loudly, on a machine without a lab; on CI that is a failure.
    pub(crate) fn from_environment() -> Option<Lab> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let lab = variable("PODOMETER_LAB_BIN").zip(variable("PODOMETER_LAB_CACHE"));
        if lab.is_none() {
            let message = "PODOMETER_LAB_BIN and PODOMETER_LAB_CACHE are not set: see `.ci/run lab`";
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{message}");
            eprintln!("SKIPPED, NOTHING TESTED: {message}");
        }
        let (binaries, cache) = lab?;
        Some(Lab { binaries, cache })
    }

    /// Runs the scenario that agent and kernel are compared by.
    pub(crate) fn run(&self, machine: &str, driver: &str) -> Told {
        self.play("scenario", machine, driver)
    }

    /// Runs a scenario of `guest_workload` under `tests/lab/<machine>.sh` with the cgroup names of one driver.
    pub(crate) fn play(&self, scenario: &str, machine: &str, driver: &str) -> Told {
        let command =
            format!("guest_workload {scenario} {driver} /run/lab/podometer /run/lab/podometer.yaml\n");
        self.run_script(&command, machine)
    }

    /// Runs lines of busybox' shell under `tests/lab/<machine>.sh`.
    pub(crate) fn run_script(&self, script: &str, machine: &str) -> Told {
        let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let staged = tempfile::tempdir().expect("a temporary directory");
        for binary in ["podometer", "guest_workload"] {
            std::fs::copy(self.binaries.join(binary), staged.path().join(binary))
                .unwrap_or_else(|error| panic!("{binary} in {}: {error}", self.binaries.display()));
        }
        std::fs::write(staged.path().join("podometer.yaml"), CONFIG).expect("the configuration");
        bring_unshare(staged.path());
        let payload = staged.path().join("payload.sh");
        std::fs::write(&payload, script).expect("the payload");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/lab/{machine}.sh"));
        let output = Command::new("bash")
            .arg(&script)
            .args([staged.path(), &payload])
            .env("PODOMETER_LAB_CACHE", &self.cache)
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        let console = String::from_utf8_lossy(&output.stdout);
        assert!(
            console.lines().any(|line| line == "RESULT rc=0"),
            "{machine} failed ({})\n{}\n{}",
            output.status,
            abridged(&console),
            String::from_utf8_lossy(&output.stderr)
        );
        Told::parse(&console)
    }
}

/// util-linux's `unshare` with its loader and libraries: the guest's busybox knows no cgroup namespaces.
fn bring_unshare(staged: &Path) {
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let unshare = run("sh", &["-c", "command -v unshare"]);
    let needed = run("ldd", &[unshare.trim()]);
    // `libc.so.6 => /lib/libc.so.6 (0x..)` and `/lib64/ld-linux-x86-64.so.2 (0x..)`
    let libraries =
        needed.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    for file in libraries.chain([unshare.trim()]) {
        let name = Path::new(file).file_name().expect("a file");
        std::fs::copy(file, staged.join(name)).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

/// The console without the kernel's numbers.
fn abridged(console: &str) -> String {
    console
        .lines()
        .filter(|line| !line.starts_with("KERNEL "))
        .fold(String::new(), |all, line| all + line + "\n")
}

/// The first and the last word of the kernel on one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) before: u64,
    pub(crate) after: u64,
}

/// What a guest said. Keys are (cgroup, `file key`).
pub(crate) struct Told {
    pub(crate) kernel: BTreeMap<String, BTreeMap<String, Range>>,
    /// (what, whose, value)
    pub(crate) injected: Vec<(String, String, f64)>,
    pub(crate) documents: BTreeMap<String, String>,
    /// What stood behind `SIDE` on a line.
    pub(crate) side: Vec<Vec<String>>,
}

impl Told {
    fn parse(console: &str) -> Told {
        let mut told = Told {
            kernel: BTreeMap::new(),
            injected: Vec::new(),
            documents: BTreeMap::new(),
            side: Vec::new(),
        };
        let mut lines = console.lines();
        while let Some(line) = lines.next() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["KERNEL", when, cgroup, file, key, value] => {
                    // `max` and tables have no number to compare.
                    let Ok(value) = value.parse() else { continue };
                    let files = told.kernel.entry((*cgroup).to_owned()).or_default();
                    let range = files.entry(format!("{file} {key}")).or_default();
                    *(if *when == "before" { &mut range.before } else { &mut range.after }) = value;
                }
                [.., "INJECTED", what, whose, value] => {
                    let value = value.parse().expect("an injected number");
                    told.injected.push(((*what).to_owned(), (*whose).to_owned(), value));
                }
                ["SIDE", rest @ ..] => told.side.push(rest.iter().map(|word| (*word).to_owned()).collect()),
                ["BEGIN", name] => {
                    let end = format!("END {name}");
                    let body: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
                    told.documents.insert((*name).to_owned(), body.join("\n"));
                }
                _ => {}
            }
        }
        told
    }

    /// What was injected under this name: (whose, value).
    pub(crate) fn injected(&self, what: &str) -> Vec<(&str, f64)> {
        let found: Vec<_> = self.injected.iter().filter(|(name, ..)| name == what).collect();
        assert!(!found.is_empty(), "the guest injected no {what}");
        found.into_iter().map(|(_, whose, value)| (whose.as_str(), *value)).collect()
    }
}
