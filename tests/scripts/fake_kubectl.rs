//! A kubectl that is none: it records each call with its standard input, and answers by a `case` of the test's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) struct Fake {
    folder: tempfile::TempDir,
}

/// How a script ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// One call, its words in a line, and what stood on its standard input where it reads any.
#[derive(Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) words: String,
    pub(crate) input: String,
}

impl Fake {
    /// `cases` are branches of a shell's `case "$*"`; a call that none of them knows fails.
    pub(crate) fn answering(cases: &str) -> Fake {
        let folder = tempfile::tempdir().unwrap();
        let calls = folder.path().join("calls");
        fs::create_dir(&calls).unwrap();
        let text = format!(
            "#!/bin/sh\n\
             call=$(mktemp -p '{calls}' \"$(date +%s%N).XXXXXX\")\n\
             printf '%s\\n' \"$*\" >\"$call\"\n\
             case \"$*\" in *' -f -' | *'-i '*) cat >\"$call.input\" ;; esac\n\
             input=$call.input\n\
             case \"$*\" in\n{cases}\n*) echo \"fake kubectl: unknown: $*\" >&2; exit 1 ;;\nesac\n",
            calls = calls.display()
        );
        let fake = Fake { folder };
        fake.install("kubectl", &text);
        fake
    }

    /// Another program that the script finds first.
    pub(crate) fn install(&self, name: &str, text: &str) {
        let program = self.path(name);
        fs::write(&program, text).unwrap();
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A place for the test's own files.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn script(&self, name: &str, arguments: &[&str]) -> Ended {
        let path = format!("{}:/usr/bin:/bin", self.folder.path().display());
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/scripts");
        let mut command = Command::new(scripts.join(name));
        command.args(arguments).current_dir(self.folder.path()).env_clear().env("PATH", path);
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// What was asked, in the order in which it was.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let names = fs::read_dir(self.path("calls")).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<PathBuf> = names.filter(|path| path.extension().unwrap() != "input").collect();
        names.sort();
        let call = |path: PathBuf| Call {
            words: fs::read_to_string(&path).unwrap().trim_end().to_owned(),
            input: fs::read_to_string(format!("{}.input", path.display())).unwrap_or_default(),
        };
        names.into_iter().map(call).collect()
    }

    /// The words of each call.
    pub(crate) fn words(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.words).collect()
    }
}
