//! A reader of standard error that reads nothing, such as a paused terminal.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::program::target;

#[test]
fn a_full_pipe_holds_up_neither_the_run_nor_its_end() {
    let target = target();
    let (reader, mut writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    let full = writer.write_all(&vec![b'x'; 2 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::WouldBlock);
    // The flag is the pipe's, and the program wants to wait.
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args([
        "load",
        "run",
        &format!("http://{}/", target.address()),
        "--rate",
        "20/s",
        "--duration",
        "2s",
    ]);
    let mut child = command.env_clear().stdout(Stdio::piped()).stderr(writer).spawn().unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(matches!(child.wait().unwrap().code(), Some(0 | 120)), "{out}");
    let requests = out.lines().find(|line| line.contains("http_reqs")).unwrap();
    assert!(requests.contains(": 40 "), "{requests}");
    drop(reader);
}
