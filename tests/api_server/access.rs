//! Tokens that are replaced, rights that are missing, certificates that are renewed or not trusted.

use podometer::identity::Config;
use podometer::identity::follow::Source;
use podometer::source::api_server as source;

use super::api_server::{ApiServer, PODS};
use super::authority::Authority;
use super::follower::{Follower, pod, settings, until};

#[tokio::test]
async fn a_token_that_is_replaced_is_read_again() {
    let server = ApiServer::start().await;
    server.put(PODS, pod("a", "u1"));
    let follower = Follower::of(&server);
    follower.until_names(&["a"]).await;
    until("watch", || server.watches().len() == 1).await;
    // The old token ends, and a watch with it; the new one comes a little later.
    server.state().tokens = ["token-2".to_owned()].into();
    server.end_watches();
    until("refusal", || follower.reasons(Source::ApiServer).contains(&"unauthorized")).await;
    assert_eq!(follower.names(), ["a"], "the last names stay");
    server.write_token("token-2");
    server.put(PODS, pod("b", "u2"));
    follower.until_names(&["a", "b"]).await;
    let said: Vec<String> = follower.words().into_iter().filter_map(|word| Some(word.bad?.1)).collect();
    assert!(
        said[0].contains("401 Unauthorized") && !said.iter().any(|text| text.contains("token-")),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_refusal_names_the_verb() {
    for verb in ["list", "watch"] {
        let server = ApiServer::start().await;
        server.put(PODS, pod("a", "u1"));
        server.state().denied.insert((verb, PODS.to_owned()));
        let follower = Follower::of(&server);
        until("refusal", || follower.reasons(Source::ApiServer).first() == Some(&"forbidden")).await;
        let (_, said) = follower.words()[0].bad.clone().unwrap();
        assert_eq!(
            said,
            format!(
                "https://{}/api/v1/pods: 403 Forbidden: system:serviceaccount:monitoring:podometer lacks the verb {verb} \
                 on pods; add to its ClusterRole: apiGroups: [\"\"], resources: [\"pods\"], verbs: [\"{verb}\"]",
                server.address
            )
        );
        if verb == "watch" {
            // Names are listed then, again and again.
            follower.until_names(&["a"]).await;
            server.put(PODS, pod("b", "u2"));
            follower.until_names(&["a", "b"]).await;
        }
        server.state().denied.clear();
        server.put(PODS, pod("c", "u3"));
        until("granted", || follower.names().contains(&"c".to_owned())).await;
    }
}

#[tokio::test]
async fn a_renewed_certificate_goes_unnoticed() {
    let mut server = ApiServer::start().await;
    server.put(PODS, pod("a", "u1"));
    let follower = Follower::of(&server);
    follower.until_names(&["a"]).await;
    server.renew_certificate();
    server.stop().await;
    server.start_again().await;
    server.put(PODS, pod("b", "u2"));
    follower.until_names(&["a", "b"]).await;
    assert!(!follower.reasons(Source::ApiServer).contains(&"certificate"));
}

#[tokio::test]
async fn another_authority_is_refused_until_its_file_is_there() {
    let mut server = ApiServer::start().await;
    server.put(PODS, pod("a", "u1"));
    server.authority = Authority::new();
    server.renew_certificate();
    let follower = Follower::of(&server);
    until("refusal", || follower.reasons(Source::ApiServer).contains(&"certificate")).await;
    assert!(follower.names().is_empty());
    server.write_authority();
    follower.until_names(&["a"]).await;
}

#[tokio::test]
async fn what_cannot_be_used_is_said() {
    let nowhere = source::Config { kubeconfig: Some("/nowhere".into()), ..source::Config::default() };
    let follower = Follower::start(Some(nowhere), None, Config::default());
    until("no file", || follower.reasons(Source::ApiServer).contains(&"configuration")).await;
    let mut server = ApiServer::start().await;
    server.stop().await;
    let follower = Follower::start(Some(settings(&server)), None, Config::default());
    until("nobody there", || follower.reasons(Source::ApiServer).contains(&"unreachable")).await;
}
