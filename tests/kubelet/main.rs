//! The kubelet: its recorded documents, and a server that shows them as a real one does and as one does on a bad
//! day.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests fail by panicking and say loudly what they skip"
)]

#[path = "../support/authority.rs"]
mod authority;
#[path = "../support/kubelet_server.rs"]
mod kubelet_server;
#[path = "../support/ports.rs"]
mod ports;
#[path = "../bad_input/program.rs"]
#[allow(dead_code, reason = "not all of what the agent can be asked is asked here")]
mod program;
#[path = "../support/truth.rs"]
#[allow(dead_code, reason = "only the documents of the recordings are read here")]
mod truth;

mod agent;
mod faults;
mod polls;
mod recorded;
mod rights;
mod trust;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use podometer::model::stamp::Stamp;
use podometer::source::http::{Config, Http};
use podometer::source::kubelet::{Document, Pace, Poller};

use authority::Authority;
use kubelet_server::KubeletServer;

/// A server with the smallest documents, whoever has the token `good` may read all; and files for a client.
struct Scene {
    server: KubeletServer,
    authority: Authority,
    files: tempfile::TempDir,
}

const SUMMARY: &str =
    r#"{"node":{"nodeName":"n"},"pods":[{"podRef":{"uid":"u","name":"p","namespace":"s"}}]}"#;
const RESOURCE: &str = "node_cpu_usage_seconds_total 1.5 1795222698950\nresource_scrape_error 0\n";
const ALL: [&str; 3] = ["nodes/stats", "nodes/metrics", "nodes/pods"];

impl Scene {
    fn new() -> Scene {
        let authority = Authority::new();
        let server = KubeletServer::start(authority.acceptor(&["127.0.0.1", "localhost"]));
        server.set_document("/stats/summary", SUMMARY);
        server.set_document("/metrics/resource", RESOURCE);
        server.set_document("/pods", r#"{"items":[]}"#);
        server.grant("good", "system:serviceaccount:m:podometer", &ALL);
        let scene = Scene { server, authority, files: tempfile::tempdir().unwrap() };
        scene.write("token", "good\n");
        scene.write("ca.crt", &scene.authority.pem);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// As Kubernetes does it: a new file takes the old one's place.
    fn write(&self, name: &str, text: &str) {
        let new = self.path("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.path(name)).unwrap();
    }

    fn config(&self) -> Config {
        Config {
            ca_file: Some(self.path("ca.crt")),
            token_file: Some(self.path("token")),
            timeout: Duration::from_secs(30),
            ..Config::default()
        }
    }

    fn client(&self) -> Http {
        Http::new(&self.config()).unwrap()
    }

    /// Polls as often as it can: after each answer at once, after each failure within this time.
    fn poller<D: Document>(&self, pause: Duration) -> Poller<D> {
        let pace = Pace::new(pause, pause, 1);
        Poller::new(Arc::new(self.client()), &self.server.url(), pace, || Stamp {
            boot_ns: 1,
            wall_ns: 2_000_000,
        })
    }
}

/// The body of a path, or the error's word and its whole line.
async fn get(http: &Http, url: &str) -> Result<String, (&'static str, String)> {
    let mut body = Vec::new();
    match http.get(url, &mut body).await {
        Ok(()) => Ok(String::from_utf8(body).unwrap()),
        Err(error) => Err((error.reason(), error.to_string())),
    }
}
