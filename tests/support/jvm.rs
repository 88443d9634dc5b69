//! A real JVM with a real Jolokia agent in it, which wants a password.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::child::{Running, or_skip, program};

pub(crate) const USER: &str = "u";
pub(crate) const PASSWORD: &str = "open sesame";

/// Lives until its input ends, and has collected its garbage once.
const PROGRAM: &str = "public class Idle {
    public static void main(String[] none) throws Exception {
        System.gc();
        while (System.in.read() >= 0) {}
    }
}
";

pub(crate) struct Jvm {
    pub(crate) url: String,
    pub(crate) password_file: PathBuf,
    _running: Running,
    _directory: tempfile::TempDir,
}

impl Jvm {
    /// `None` with a message where there is no Java or no Jolokia; on CI that is a failure.
    pub(crate) fn start() -> Option<Jvm> {
        let (java, jar) = (program("java")?, jar()?);
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("Idle.java");
        std::fs::write(&source, PROGRAM).unwrap();
        let password_file = directory.path().join("password");
        std::fs::write(&password_file, format!("{PASSWORD}\n")).unwrap();
        let agent =
            format!("-javaagent:{}=port=0,host=127.0.0.1,user={USER},password={PASSWORD}", jar.display());
        let mut child = Command::new(java)
            .args(["-XX:+UseG1GC", "-Xmx64m", &agent])
            .arg(source)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let running = Running(child);
        let url = said.lines().map_while(Result::ok).find_map(|line| {
            line.split_once("Agent started with URL ").map(|(_, url)| url.trim().to_owned())
        });
        Some(Jvm { url: url.unwrap(), password_file, _running: running, _directory: directory })
    }
}

/// The agent's jar: named by the environment, or where `.ci/run prepare` puts it.
fn jar() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("PODOMETER_JOLOKIA_AGENT") {
        return Some(named.into());
    }
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/cache/tools/jolokia");
    let mut files = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let found = files.find(|file| file.path().extension().is_some_and(|extension| extension == "jar"));
    or_skip("jolokia-agent-jvm", found.map(|file| file.path()))
}
