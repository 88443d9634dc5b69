//! promtool reads what we write. On CI it must be there; elsewhere its absence is said aloud.

use std::io::Write as _;
use std::process::{Command, Stdio};

use podometer::encode::prometheus::{Format, Options, Page};

use super::sample;

#[test]
fn promtool_finds_nothing_to_say() {
    let promtool = std::env::var("PROMTOOL").unwrap_or_else(|_| "promtool".to_owned());
    if Command::new(&promtool).arg("--version").output().is_err() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "{promtool} is missing on CI (Debian: prometheus)"
        );
        eprintln!("SKIPPED: {promtool} is missing; install Debian's prometheus to run this test");
        return;
    }
    for page in Page::ALL {
        for pod_rows in [false, true] {
            let options = Options { cadvisor_pod_rows: pod_rows, ..Options::default() };
            let text = sample::document(&sample::full(), page, Format::Text, options);
            let mut child = Command::new(&promtool)
                .args(["check", "metrics"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(&text).unwrap();
            let output = child.wait_with_output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            assert!(output.status.success(), "{page:?}: {}", String::from_utf8_lossy(&said));
            assert!(said.is_empty(), "{page:?}: {}", String::from_utf8_lossy(&said));
        }
    }
}
