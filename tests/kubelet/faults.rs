//! What a server does on a bad day, each with its own word and one line.

use std::time::Duration;

use podometer::source::http::{Config, Http};
use tokio::net::TcpListener;

use crate::kubelet_server::{Answer, KubeletServer};
use crate::ports::free_address;
use crate::{RESOURCE, Scene, get};

#[tokio::test]
async fn half_a_body_is_no_body() {
    let scene = Scene::new();
    let http = scene.client();
    let url = format!("{}/metrics/resource", scene.server.url());
    scene.server.set_answer("/metrics/resource", Answer::Half);
    let (reason, line) = get(&http, &url).await.unwrap_err();
    assert_eq!(reason, "truncated");
    assert!(line.contains(&format!("broke off after {} bytes", RESOURCE.len() / 2)), "{line}");
    scene.server.set_answer("/metrics/resource", Answer::Whole);
    assert_eq!(get(&http, &url).await.unwrap(), RESOURCE);
}

#[tokio::test]
async fn a_body_over_the_bound_is_refused_at_the_bound() {
    let scene = Scene::new();
    let limited = |max_body_bytes| Http::new(&Config { max_body_bytes, ..scene.config() }).unwrap();
    let url = format!("{}/metrics/resource", scene.server.url());
    assert!(get(&limited(RESOURCE.len()), &url).await.is_ok());
    let (reason, line) = get(&limited(RESOURCE.len() - 1), &url).await.unwrap_err();
    assert!(
        reason == "too_large" && line.contains(&format!("longer than {} bytes", RESOURCE.len() - 1)),
        "{line}"
    );
    let mut body = Vec::new();
    limited(10).get(&url, &mut body).await.unwrap_err();
    assert!(body.len() <= 10, "{}", body.len());
}

#[tokio::test]
async fn a_late_answer_ends_at_the_deadline() {
    let scene = Scene::new();
    let timeout = Duration::from_millis(150);
    let http = Http::new(&Config { timeout, ..scene.config() }).unwrap();
    let url = format!("{}/metrics/resource", scene.server.url());
    scene.server.set_answer("/metrics/resource", Answer::Held);
    let (reason, line) = get(&http, &url).await.unwrap_err();
    assert_eq!(reason, "timeout");
    assert!(line.contains("within 150ms (stopped while waiting for the answer)"), "{line}");
    // A server that never shakes hands.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/pods", silent.local_addr().unwrap());
    let (reason, line) = get(&http, &url).await.unwrap_err();
    assert!(reason == "timeout" && line.contains("shaking hands"), "{line}");
}

#[tokio::test]
async fn every_other_failure_has_its_word() {
    let scene = Scene::new();
    let http = scene.client();
    let word = async |url: String| get(&http, &url).await.unwrap_err();
    let free = free_address();
    let plain = KubeletServer::start_read_only();
    let base = scene.server.url();
    scene.server.grant("good", "s", &["nodes/pods", "nodes/proxy"]);
    for status in [500, 302, 204] {
        scene.server.set_answer("/pods", Answer::Status(status));
        let (reason, line) = word(format!("{base}/pods")).await;
        assert!(reason == "status" && line.contains(&format!("answered {status}")), "{line}");
    }
    for (url, reason, words) in [
        (format!("https://{free}/pods"), "refused", "is this its port?"),
        (format!("https://{}/pods", plain.address), "tls", "does the server speak HTTPS"),
        (format!("http://{}/pods", scene.server.address), "status", "answered 400"),
        ("https://no-such-host.invalid/pods".to_owned(), "unresolvable", "no-such-host.invalid"),
        (format!("{base}/none"), "not_found", "404"),
        ("https://u:hunter2@127.0.0.1/".to_owned(), "bad_url", "user or password"),
        (String::new(), "bad_url", "is empty"),
    ] {
        let (said, line) = word(url.clone()).await;
        // A TLS server that is spoken to in plain may also just hang up.
        assert!(said == reason || (url.starts_with("http:") && said == "truncated"), "{url}: {said}: {line}");
        assert!(said != reason || line.contains(words), "{line}");
        assert!(!line.contains("hunter2"));
    }
}

#[tokio::test]
async fn a_server_that_restarts_costs_no_more_than_the_time_it_is_away() {
    let scene = Scene::new();
    let http = scene.client();
    let url = format!("{}/metrics/resource", scene.server.url());
    get(&http, &url).await.unwrap();
    scene.server.stop().await;
    assert_eq!(get(&http, &url).await.unwrap_err().0, "refused");
    scene.server.start_again().await;
    get(&http, &url).await.unwrap();
    // Away and back between two requests: the kept connection is dead, and nobody notices.
    scene.server.stop().await;
    scene.server.start_again().await;
    get(&http, &url).await.unwrap();
}

#[tokio::test]
async fn the_read_only_port_is_plain_and_wants_nothing() {
    let server = KubeletServer::start_read_only();
    server.set_document("/metrics/resource", RESOURCE);
    let http = Http::new(&Config::default()).unwrap();
    assert_eq!(get(&http, &format!("{}/metrics/resource", server.url())).await.unwrap(), RESOURCE);
}
