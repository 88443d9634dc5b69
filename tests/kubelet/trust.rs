//! Whom a client trusts and what it shows: authorities, names, tokens, and both of them replaced.

use podometer::source::http::{Config, Http};

use crate::authority::Authority;
use crate::{RESOURCE, Scene, get};

#[tokio::test]
async fn a_certificate_counts_by_ip_and_by_name() {
    let scene = Scene::new();
    let http = scene.client();
    for base in [scene.server.url(), scene.server.url_by_name()] {
        assert_eq!(get(&http, &format!("{base}/metrics/resource")).await.unwrap(), RESOURCE);
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_is_told_with_both_names() {
    let scene = Scene::new();
    scene.server.renew(scene.authority.acceptor(&["node-7"]));
    let url = format!("{}/pods", scene.server.url());
    let (reason, line) = get(&scene.client(), &url).await.unwrap_err();
    assert_eq!(reason, "certificate");
    for words in [&*url, "127.0.0.1", "node-7", "set server_name"] {
        assert!(line.contains(words), "{words}: {line}");
    }
    let named = Http::new(&Config { server_name: Some("node-7".to_owned()), ..scene.config() }).unwrap();
    assert!(get(&named, &url).await.is_ok());
}

#[tokio::test]
async fn a_wrong_authority_is_refused_and_no_token_is_sent() {
    let scene = Scene::new();
    scene.write("ca.crt", &Authority::new().pem);
    let url = format!("{}/pods", scene.server.url());
    let (reason, line) = get(&scene.client(), &url).await.unwrap_err();
    assert_eq!(reason, "certificate");
    assert!(line.contains("set ca_file") && line.contains("insecure_skip_verify: true"), "{line}");
    let system = Http::new(&Config { ca_file: None, ..scene.config() }).unwrap();
    assert_eq!(get(&system, &url).await.unwrap_err().0, "certificate");
    assert!(scene.server.seen().is_empty(), "nothing was asked of a stranger");
    let careless = Http::new(&Config { insecure_skip_verify: true, ..scene.config() }).unwrap();
    assert!(get(&careless, &url).await.is_ok());
}

#[tokio::test]
async fn a_missing_or_empty_authority_names_the_file() {
    let scene = Scene::new();
    let url = format!("{}/pods", scene.server.url());
    for (text, words) in [(None, "No such file"), (Some("no certificate"), "holds no certificate")] {
        let path = scene.path("other.crt");
        if let Some(text) = text {
            scene.write("other.crt", text);
        }
        let http = Http::new(&Config { ca_file: Some(path.clone()), ..scene.config() }).unwrap();
        let (reason, line) = get(&http, &url).await.unwrap_err();
        assert_eq!(reason, "ca_file");
        assert!(line.contains(path.to_str().unwrap()) && line.contains(words), "{line}");
    }
}

#[tokio::test]
async fn a_replaced_token_is_read_again_and_a_refused_one_costs_nothing() {
    let scene = Scene::new();
    let http = scene.client();
    let url = format!("{}/pods", scene.server.url());
    get(&http, &url).await.unwrap();
    scene.server.grant("next", "system:serviceaccount:m:podometer", &crate::ALL);
    scene.write("token", "next");
    get(&http, &url).await.unwrap();
    // The old one stops working, and nobody notices.
    scene.server.revoke("good");
    get(&http, &url).await.unwrap();
    let seen = scene.server.seen();
    assert_eq!(seen.iter().map(|seen| seen.status).collect::<Vec<_>>(), [200, 200, 200]);
    assert!(seen.iter().all(|seen| seen.connection == 1), "one connection served all: {seen:?}");
}

#[tokio::test]
async fn a_token_that_was_replaced_without_a_trace_is_read_after_the_refusal() {
    let scene = Scene::new();
    let http = scene.client();
    let url = format!("{}/pods", scene.server.url());
    get(&http, &url).await.unwrap();
    // In place, of the same length and with its old time: nothing tells that the file changed.
    let path = scene.path("token");
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    std::io::Write::write_all(&mut &file, b"next\n").unwrap();
    file.set_modified(modified).unwrap();
    scene.server.revoke("good");
    scene.server.grant("next", "x", &crate::ALL);
    get(&http, &url).await.unwrap();
    assert_eq!(scene.server.seen().iter().map(|seen| seen.status).collect::<Vec<_>>(), [200, 401, 200]);
}

#[tokio::test]
async fn a_renewed_authority_is_read_again() {
    let scene = Scene::new();
    let http = scene.client();
    let url = format!("{}/pods", scene.server.url());
    get(&http, &url).await.unwrap();
    let next = Authority::new();
    scene.server.renew(next.acceptor(&["127.0.0.1"]));
    // The connection from before stays good; a new one would not be.
    get(&http, &url).await.unwrap();
    assert_eq!(scene.server.seen()[1].connection, 1);
    scene.server.stop().await;
    scene.server.start_again().await;
    assert_eq!(get(&http, &url).await.unwrap_err().0, "certificate");
    scene.write("ca.crt", &next.pem);
    get(&http, &url).await.unwrap();
    // A file that is replaced ends what was trusted by the old one.
    scene.write("ca.crt", &Authority::new().pem);
    assert_eq!(get(&http, &url).await.unwrap_err().0, "certificate");
}
