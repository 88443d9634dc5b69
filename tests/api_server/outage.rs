//! The API server gone and back.

use podometer::identity::follow::Source;

use super::api_server::{ApiServer, PODS};
use super::follower::{Follower, pod, until};

#[tokio::test]
async fn the_last_names_stay_and_none_is_wrong_when_it_is_back() {
    let mut server = ApiServer::start().await;
    server.put(PODS, pod("web", "u1"));
    server.put(PODS, pod("db", "u2"));
    let follower = Follower::of(&server);
    follower.until_names(&["db", "web"]).await;
    until("watch", || server.watches().len() == 1).await;
    let before = follower.out.load().version;
    server.stop().await;
    until("many attempts", || follower.reasons(Source::ApiServer).len() > 10).await;
    assert_eq!(follower.names(), ["db", "web"]);
    assert_eq!(follower.out.load().version, before, "nothing is published");
    // Meanwhile `web` is deleted and made anew; then nobody remembers the events.
    server.delete(PODS, "default", "web");
    server.put(PODS, pod("web", "u3"));
    server.compact();
    server.start_again().await;
    until("the new one", || follower.out.load().pod("u3").is_some()).await;
    let directory = follower.out.load_full();
    assert_eq!(directory.len(), 3);
    for (uid, name) in [("u1", "web"), ("u2", "db"), ("u3", "web")] {
        assert_eq!(&*directory.pod(uid).unwrap().name, name);
    }
    assert!(directory.version > before);
}
