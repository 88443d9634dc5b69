//! Boots User Mode Linux and runs one of our tests in it, with the programs that it needs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Beside the test itself. They are linked with libraries, which come with them.
const PROGRAMS: &[&str] = &["dmsetup", "e2fsck", "influxd", "mkfs.ext4"];

/// What the guest does before: programs, libraries, and the names of busybox's own.
const PAYLOAD: &str = "\
/bin/busybox mkdir /tmp/bin
/bin/busybox --install -s /tmp/bin
export PATH=/run/lab:/tmp/bin TMPDIR=/tmp LD_LIBRARY_PATH=/run/lab
mount --bind /run/lab /lib64
";

/// The console of the guest; `None`, loudly, on a machine without a lab, which on CI is a failure.
pub(crate) fn run(test: &str) -> Option<String> {
    let Some(cache) = std::env::var_os("PODOMETER_LAB_CACHE").map(PathBuf::from) else {
        let message = "PODOMETER_LAB_CACHE is not set: see `.ci/run lab`";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        eprintln!("!!! SKIPPED: {message}");
        return None;
    };
    let staged = tempfile::tempdir().unwrap();
    bring(&std::env::current_exe().unwrap(), &staged.path().join("chaos"));
    for name in PROGRAMS {
        let found = output("sh", &["-c", &format!("PATH=$PATH:/usr/sbin:/sbin command -v {name}")]);
        assert!(!found.is_empty(), "{name} is not installed");
        bring(Path::new(found.trim()), &staged.path().join(name));
    }
    for module in modules(&cache) {
        std::fs::copy(&module, staged.path().join(module.file_name().unwrap())).unwrap();
    }
    let payload = staged.path().join("payload.sh");
    let mut script = PAYLOAD.to_owned();
    for name in ["PODOMETER_CHAOS_FAULTS", "PODOMETER_CHAOS_SEED", "PODOMETER_CHAOS_ROUND"] {
        if let Ok(value) = std::env::var(name) {
            script.push_str(&["export ", name, "=", &value, "\n"].concat());
        }
    }
    script.push_str(&["chaos ", test, " --exact --ignored --nocapture\n"].concat());
    std::fs::write(&payload, script).unwrap();
    let machine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/uml.sh");
    let output = Command::new("bash")
        .arg(machine)
        .args([staged.path(), &payload])
        .env("PODOMETER_LAB_TIMEOUT", "600")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let console = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(console + &String::from_utf8_lossy(&output.stderr))
}

/// The mapper of devices, of which the guest's kernel has a module.
fn modules(cache: &Path) -> Vec<PathBuf> {
    let all = cache.join("uml/usr/lib/uml/modules");
    let versions = std::fs::read_dir(&all).unwrap_or_else(|error| panic!("{}: {error}", all.display()));
    versions.flatten().map(|version| version.path().join("kernel/drivers/md/dm-mod.ko")).collect()
}

/// Copies a program, and its libraries and loader beside it.
fn bring(program: &Path, to: &Path) {
    std::fs::copy(program, to).unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let needed = output("ldd", &[&program.display().to_string()]);
    // `libc.so.6 => /lib/libc.so.6 (0x..)` and `/lib64/ld-linux-x86-64.so.2 (0x..)`
    let files = needed.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    for file in files {
        std::fs::copy(file, to.with_file_name(Path::new(file).file_name().unwrap())).unwrap();
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
