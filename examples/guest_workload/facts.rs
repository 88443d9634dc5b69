//! What the kernel and the agent say, printed for the host to compare.
//!
//! `KERNEL <when> <cgroup> <file> <key> <value>`: one line for each number; `-` is the key of a one-number file.
//! `BEGIN <name>` ... `END <name>`: a document of the agent.

use std::fs::{read_dir, read_to_string};
use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use crate::tree::MOUNT;

const FILES: [&str; 9] = [
    "cpu.pressure",
    "cpu.stat",
    "io.pressure",
    "memory.current",
    "memory.events",
    "memory.peak",
    "memory.pressure",
    "memory.stat",
    "pids.current",
];

/// Prints every number of every cgroup below `directory`.
pub(crate) fn print_kernel(when: &str, directory: &Path) -> Result<()> {
    let name = directory.strip_prefix(MOUNT).map_err(Error::other)?.display();
    for file in FILES {
        // A kernel without pressure accounting has no such file.
        let Ok(text) = read_to_string(directory.join(file)) else { continue };
        for line in text.lines() {
            match line.split_once(' ') {
                None => println!("KERNEL {when} /{name} {file} - {line}"),
                Some((key, rest)) if file.ends_with(".pressure") => {
                    let total = rest.rsplit_once("total=").map_or("", |(_, total)| total);
                    println!("KERNEL {when} /{name} {file} {key} {total}");
                }
                Some((key, value)) => println!("KERNEL {when} /{name} {file} {key} {value}"),
            }
        }
    }
    for entry in read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            print_kernel(when, &entry.path())?;
        }
    }
    Ok(())
}

/// One number of a keyed file.
pub(crate) fn read_key(path: &Path, key: &str) -> Result<u64> {
    read_to_string(path)?
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.parse().ok())
        .ok_or_else(|| Error::other(format!("{}: no {key}", path.display())))
}

/// GETs a document of the agent. HTTP/1.0: the answer ends where the connection ends.
pub(crate) fn fetch(path: &str) -> Result<String> {
    let mut stream = TcpStream::connect("127.0.0.1:9758")?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| Error::other("no end of headers"))?;
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(Error::other(format!("GET {path}: {status}")));
    }
    Ok(body.to_owned())
}

pub(crate) fn print_document(name: &str, text: &str) {
    println!("BEGIN {name}\n{}\nEND {name}", text.trim_end());
}
