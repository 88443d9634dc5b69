//! A thousand pods come and go, and their names come again with other UIDs.

use std::collections::BTreeSet;

use podometer::identity::Config;

use super::api_server::{ApiServer, PODS};
use super::follower::{Follower, pod, settings, until};

const PODS_IN_ALL: usize = 1000;
const NAMES: usize = 40;
const MAX_PODS: usize = 300;

/// The name that a UID has: a UID never has another.
fn name_of(uid: &str) -> String {
    let number: usize = uid.trim_start_matches('u').parse().unwrap();
    format!("web-{}", number % NAMES)
}

#[tokio::test]
async fn no_name_is_ever_wrong_and_memory_is_bounded() {
    let server = ApiServer::start().await;
    let config = Config { max_pods: MAX_PODS, ..Config::default() };
    let follower = Follower::start(Some(settings(&server)), None, config);
    until("watch", || server.watches().len() == 1).await;
    let mut versions = BTreeSet::new();
    let mut look = || {
        let directory = follower.out.load_full();
        assert!(directory.len() <= MAX_PODS);
        for info in directory.pods() {
            assert_eq!(*info.name, *name_of(&info.uid));
        }
        versions.insert(directory.version);
    };
    for number in 0..PODS_IN_ALL {
        let uid = format!("u{number}");
        if number >= NAMES {
            server.delete(PODS, "default", &name_of(&uid));
        }
        server.put(PODS, pod(&name_of(&uid), &uid));
        match number {
            // The stream ends, the past is forgotten, both in the middle of it.
            300 => server.end_watches(),
            600 => {
                server.end_watches();
                server.compact();
            }
            _ => {}
        }
        if number % 20 == 0 {
            tokio::task::yield_now().await;
            look();
        }
    }
    let last: Vec<String> = (PODS_IN_ALL - NAMES..PODS_IN_ALL).map(|number| format!("u{number}")).collect();
    until("the last ones", || last.iter().all(|uid| follower.out.load().pod(uid).is_some())).await;
    look();
    assert!(follower.out.load().len() <= MAX_PODS);
}
