//! What each right opens, as recorded from a real kubelet, and the line that tells which one is lacking.

use podometer::source::http::{Config, Http};

use crate::{Scene, get};

const PATHS: [(&str, &str); 3] =
    [("/stats/summary", "nodes/stats"), ("/metrics/resource", "nodes/metrics"), ("/pods", "nodes/pods")];

#[tokio::test]
async fn each_path_wants_its_own_right_and_the_line_names_it() {
    let scene = Scene::new();
    for (_, granted) in PATHS {
        scene.server.grant("good", "system:serviceaccount:m:podometer", &[granted]);
        let http = scene.client();
        for (path, wanted) in PATHS {
            let url = format!("{}{path}", scene.server.url());
            let answer = get(&http, &url).await;
            if wanted == granted {
                assert!(answer.is_ok(), "{path} with {granted}: {answer:?}");
                continue;
            }
            let (reason, line) = answer.unwrap_err();
            assert_eq!(reason, "forbidden");
            let start = format!(
                "{url}: 403 Forbidden: system:serviceaccount:m:podometer lacks the verb get on {wanted}"
            );
            assert!(line.starts_with(&start), "{line}");
            assert!(line.contains(&format!("resources: [\"{wanted}\"], verbs: [\"get\"]")), "{line}");
            assert!(!line.contains('\n') && !line.contains("good"), "{line}");
        }
    }
}

#[tokio::test]
async fn the_older_right_opens_pods_alone() {
    let scene = Scene::new();
    scene.server.grant("good", "s", &["nodes/proxy"]);
    let http = scene.client();
    for (path, reason) in
        [("/pods", None), ("/stats/summary", Some("forbidden")), ("/metrics/resource", Some("forbidden"))]
    {
        let answer = get(&http, &format!("{}{path}", scene.server.url())).await;
        assert_eq!(answer.err().map(|(reason, _)| reason), reason, "{path}");
    }
}

#[tokio::test]
async fn a_refused_token_is_told_by_its_file_and_never_shown() {
    let scene = Scene::new();
    scene.write("token", "s3cr3t");
    let url = format!("{}/pods", scene.server.url());
    let (reason, line) = get(&scene.client(), &url).await.unwrap_err();
    assert_eq!(reason, "unauthorized");
    assert!(line.contains(scene.path("token").to_str().unwrap()) && !line.contains("s3cr3t"), "{line}");
    assert_eq!(scene.server.seen().len(), 1, "the same token is not tried twice");
    let without = Http::new(&Config { token_file: None, ..scene.config() }).unwrap();
    let (reason, line) = get(&without, &url).await.unwrap_err();
    assert!(reason == "unauthorized" && line.contains("no token was sent; set token_file"), "{line}");
    let missing = Config { token_file: Some(scene.path("none")), ..scene.config() };
    let (reason, line) = get(&Http::new(&missing).unwrap(), &url).await.unwrap_err();
    assert!(reason == "token_file" && line.contains("none: No such file"), "{line}");
}
