//! A real nginx with stub_status.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use podometer::model::scraped::{Content, Kind, NginxStatus};

use crate::child::{Running, program};
use crate::ports::free_address;
use crate::{read, target};

/// Far beyond what a start takes: a hang fails the test instead of blocking it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Everything below one directory, so that no right and no file of the system is needed.
fn configuration(directory: &Path, address: &str) -> String {
    let here = directory.display();
    let temporary: Vec<String> = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {here}/{name};"))
        .collect();
    format!(
        "daemon off; master_process off; pid {here}/pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off; {}\n\
         server {{ listen {address}; location = /stub_status {{ stub_status; }} location / {{ return 204; }} }} }}\n",
        temporary.join(" ")
    )
}

#[tokio::test]
async fn a_real_nginx_counts_what_it_is_asked() {
    let Some(nginx) = program("nginx") else { return };
    let directory = tempfile::tempdir().unwrap();
    let address = free_address().to_string();
    let file = directory.path().join("nginx.conf");
    std::fs::write(&file, configuration(directory.path(), &address)).unwrap();
    let mut command = Command::new(nginx);
    command.arg("-c").arg(&file).arg("-p").arg(directory.path()).args(["-e", "stderr"]).stdin(Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    let since = Instant::now();
    while TcpStream::connect(&address).is_err() {
        assert!(since.elapsed() < PATIENCE, "it never listened");
        assert_eq!(running.0.try_wait().unwrap(), None, "it ended");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let status = target(Kind::Nginx, &format!("http://{address}/stub_status"));
    let before = status_of(&read(&status).await.unwrap().content);
    for _ in 0..5 {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }
    let after = status_of(&read(&status).await.unwrap().content);
    let rise = |value: fn(&NginxStatus) -> Option<u64>| value(&after).unwrap() - value(&before).unwrap();
    // Five of ours, and the reading itself.
    assert_eq!((rise(|s| s.requests), rise(|s| s.accepts), rise(|s| s.handled)), (6, 6, 6));
    assert!(after.active.unwrap() >= 1 && after.writing.unwrap() >= 1, "{after:?}");
    assert!(after.reading.is_some() && after.waiting.is_some(), "{after:?}");
    let page = read(&target(Kind::Nginx, &format!("http://{address}/"))).await.unwrap_err();
    assert_eq!(page.reason(), "status", "{page}");
}

fn status_of(content: &Content) -> NginxStatus {
    match content {
        Content::Nginx(status) => *status,
        other => panic!("{other:?}"),
    }
}
