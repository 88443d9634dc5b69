//! The kubelet is asked for names while the API server gives none.

use std::sync::atomic::Ordering;

use podometer::identity::Config;
use podometer::identity::config::Place;
use podometer::identity::follow::Source;
use serde_json::json;

use super::api_server::{ApiServer, PODS};
use super::follower::{Follower, kubelet, pod, settings, until};

fn polls(server: &ApiServer) -> usize {
    server.state().log.iter().filter(|logged| logged.path == "/pods").count()
}

#[tokio::test]
async fn a_refusal_leads_to_the_kubelet_and_a_right_back() {
    let (server, node) = (ApiServer::start().await, ApiServer::start().await);
    server.state().denied.insert(("list", PODS.to_owned()));
    server.put(PODS, pod("a", "u1"));
    server.put(PODS, pod("b", "u2"));
    node.state().documents.insert("/pods".to_owned(), json!({"kind": "PodList", "items": [pod("a", "u1")]}));
    let follower = Follower::start(Some(settings(&server)), Some(kubelet(&node)), Config::default());
    follower.until_names(&["a"]).await;
    assert!(follower.words().iter().any(|word| word.source == Source::Kubelet && word.bad.is_none()));
    server.state().denied.clear();
    follower.until_names(&["a", "b"]).await;
    until("watch", || server.watches().len() == 1).await;
    let asked = polls(&node);
    server.put(PODS, pod("c", "u3"));
    follower.until_names(&["a", "b", "c"]).await;
    assert_eq!(polls(&node), asked, "the kubelet is left in peace");
}

#[tokio::test]
async fn without_an_api_server_the_kubelet_is_asked_when_somebody_has_no_name() {
    let node = ApiServer::start().await;
    node.state().documents.insert("/pods".to_owned(), json!({"items": [pod("a", "u1")]}));
    let follower = Follower::start(None, Some(kubelet(&node)), Config::default());
    follower.until_names(&["a"]).await;
    let list = json!({"items": [pod("a", "u1"), pod("b", "u2")]});
    node.state().documents.insert("/pods".to_owned(), list);
    assert_eq!(polls(&node), 1);
    // The next slow reading is a minute away.
    follower.nameless.store(7, Ordering::Relaxed);
    follower.until_names(&["a", "b"]).await;
    assert!(polls(&node) <= 3);
}

#[tokio::test]
async fn both_refuse_and_the_rows_stay_under_their_uids() {
    let (server, node) = (ApiServer::start().await, ApiServer::start().await);
    server.state().denied.insert(("list", PODS.to_owned()));
    node.state().denied.insert(("list", "/pods".to_owned()));
    let follower = Follower::start(Some(settings(&server)), Some(kubelet(&node)), Config::default());
    until("two refusals", || {
        follower.reasons(Source::Kubelet) == ["forbidden"]
            && follower.reasons(Source::ApiServer).contains(&"forbidden")
    })
    .await;
    assert!(follower.out.load().is_empty());
    let words = follower.words();
    let said = words.iter().find(|word| word.source == Source::Kubelet).unwrap().bad.clone().unwrap().1;
    assert!(said.contains("nodes/pods"), "{said}");
}

#[tokio::test]
async fn a_place_that_is_named_is_asked_alone() {
    let (server, node) = (ApiServer::start().await, ApiServer::start().await);
    server.put(PODS, pod("a", "u1"));
    node.state().documents.insert("/pods".to_owned(), json!({"items": [pod("k", "u2")]}));
    let of = |source| {
        let config = Config { source, ..Config::default() };
        Follower::start(Some(settings(&server)), Some(kubelet(&node)), config)
    };
    of(Place::Kubelet).until_names(&["k"]).await;
    assert!(server.state().log.is_empty());
    server.state().denied.insert(("list", PODS.to_owned()));
    let alone = of(Place::ApiServer);
    until("refusal", || alone.reasons(Source::ApiServer).len() > 3).await;
    assert!(alone.names().is_empty());
}
