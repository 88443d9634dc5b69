//! Lists in pages; watches that go on, end, expire and break.

use serde_json::json;

use super::api_server::{ApiServer, PODS, Trouble};
use super::follower::{Follower, pod, until};
use podometer::identity::follow::Source;
use podometer::model::workload::Phase;

#[tokio::test]
async fn a_list_comes_in_pages_and_each_change_as_it_happens() {
    let server = ApiServer::start().await;
    for number in 0..250 {
        server.put(PODS, pod(&format!("p{number:03}"), &format!("u{number}")));
    }
    let mut elsewhere = pod("elsewhere", "u-x");
    elsewhere["spec"]["nodeName"] = "other".into();
    server.put(PODS, elsewhere.clone());
    let follower = Follower::of(&server);
    until("all pods", || follower.out.load().len() == 250).await;
    assert_eq!(server.lists(), 3, "pages of a hundred");
    until("watch", || server.watches().len() == 1).await;
    // Only what changed is sent from here on.
    let mut changed = pod("p000", "u0");
    changed["status"]["phase"] = "Failed".into();
    server.put(PODS, changed);
    server.put(PODS, pod("late", "u-late"));
    server.put(PODS, elsewhere);
    until("news", || follower.out.load().len() == 251).await;
    until("change", || follower.out.load().pod("u0").unwrap().phase == Phase::Failed).await;
    let directory = follower.out.load_full();
    assert_eq!(&*directory.pod("u-late").unwrap().name, "late");
    assert!(directory.pod("u-x").is_none(), "of another node");
    assert_eq!((server.lists(), server.watches().len()), (3, 1));
    assert!(follower.reasons(Source::ApiServer).is_empty());
}

#[tokio::test]
async fn a_watch_that_ends_goes_on_from_its_last_bookmark() {
    let server = ApiServer::start().await;
    server.put(PODS, pod("a", "u1"));
    let follower = Follower::of(&server);
    until("watch", || server.watches().len() == 1).await;
    let seen = follower.words().len();
    let bookmark = server.bookmark();
    until("bookmark", || follower.words().len() > seen).await;
    server.end_watches();
    server.put(PODS, pod("b", "u2"));
    follower.until_names(&["a", "b"]).await;
    assert_eq!(server.lists(), 1, "nothing is listed again");
    let watches = server.watches();
    assert_eq!(watches[1].query["resourceVersion"], bookmark.to_string());
    assert_eq!(
        (&*watches[1].query["allowWatchBookmarks"], &*watches[1].query["timeoutSeconds"]),
        ("true", "290")
    );
}

async fn gone(as_event: bool) {
    let server = ApiServer::start().await;
    server.put(PODS, pod("a", "u1"));
    server.put(PODS, pod("b", "u2"));
    let follower = Follower::of(&server);
    follower.until_names(&["a", "b"]).await;
    until("watch", || server.watches().len() == 1).await;
    // While nobody watches, things happen that are then forgotten.
    server.state().gone_as_event = as_event;
    server.end_watches();
    server.delete(PODS, "default", "b");
    server.put(PODS, pod("c", "u3"));
    server.compact();
    // The pod that is gone keeps its name for its last readings.
    follower.until_names(&["a", "b", "c"]).await;
    until("new watch", || server.watches().last().unwrap().status == 200 && server.lists() == 2).await;
    assert!(follower.reasons(Source::ApiServer).is_empty(), "no failure: {:?}", follower.words());
    server.put(PODS, pod("d", "u4"));
    follower.until_names(&["a", "b", "c", "d"]).await;
}

#[tokio::test]
async fn gone_as_a_status_lists_anew() {
    gone(false).await;
}

#[tokio::test]
async fn gone_as_an_event_lists_anew() {
    gone(true).await;
}

#[tokio::test]
async fn a_server_that_is_busy_slow_or_breaks_off_is_asked_again() {
    let server = ApiServer::start().await;
    server.put(PODS, pod("a", "u1"));
    server.state().trouble.extend([
        Trouble::Status(503),
        Trouble::Status(429),
        Trouble::CutAfter(150),
        Trouble::Slow(std::time::Duration::from_millis(300)),
    ]);
    let mut settings = super::follower::settings(&server);
    settings.read_timeout = std::time::Duration::from_millis(100);
    let follower = Follower::start(Some(settings), None, podometer::identity::Config::default());
    follower.until_names(&["a"]).await;
    let reasons = follower.reasons(Source::ApiServer);
    assert_eq!(reasons, ["status", "status", "truncated", "timeout"], "{:?}", follower.words());
}

#[tokio::test]
async fn a_line_that_is_no_event_costs_a_list_and_no_name() {
    let server = ApiServer::start().await;
    server.put(PODS, pod("a", "u1"));
    let follower = Follower::of(&server);
    until("watch", || server.watches().len() == 1).await;
    server.say("{\"type\":\"ADDED\",\"object\":[");
    until("failure", || follower.reasons(Source::ApiServer) == ["document"]).await;
    server.put(PODS, pod("b", "u2"));
    follower.until_names(&["a", "b"]).await;
    assert_eq!(server.lists(), 2);
    // Kinds of events that are not known, and empty lines, are no failure.
    until("watch", || server.watches().len() == 2).await;
    server.say("");
    server.say(&json!({"type": "NEW", "object": {"kind": "Pod"}}).to_string());
    server.put(PODS, pod("c", "u3"));
    follower.until_names(&["a", "b", "c"]).await;
    assert_eq!(follower.reasons(Source::ApiServer).len(), 1);
}

#[tokio::test]
async fn a_line_without_end_is_cut_off() {
    let server = ApiServer::start().await;
    server.put(PODS, pod("a", "u1"));
    let follower = Follower::of(&server);
    until("watch", || server.watches().len() == 1).await;
    server.say(&"x".repeat(5 << 20));
    until("failure", || follower.reasons(Source::ApiServer) == ["too_large"]).await;
    server.put(PODS, pod("b", "u2"));
    follower.until_names(&["a", "b"]).await;
}
