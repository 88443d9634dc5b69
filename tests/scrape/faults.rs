//! Doubles on a bad day: each failure is one line that names the address, what is wrong and what mends it.

use std::time::Duration;

use podometer::model::scraped::{Content, Kind};
use podometer::source::scrape::config::{Metric, Target};

use crate::double::{Answer, Double};
use crate::ports::free_address;
use crate::{read, target};

/// The reason, and the whole line.
async fn refused(target: &Target) -> (&'static str, String) {
    let error = read(target).await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains(&target.url) && !said.contains('\n'), "{said}");
    (error.reason(), said)
}

#[tokio::test]
async fn every_failure_has_its_reason_and_its_remedy() {
    let double = Double::start();
    let of = |kind, path: &str| target(kind, &double.url(path));
    let whole = |status, body: &str| Answer::Whole(status, body.to_owned());
    let cut = |text: &str| Answer::Cut(text.to_owned());
    let json = |body: &str| Answer::Whole(200, body.to_owned());
    for (kind, answer, reason, words) in [
        (Kind::Prometheus, whole(500, "out of\norder"), "status", "answered 500: out of order"),
        (Kind::Prometheus, whole(401, ""), "unauthorized", "set username and password_file, or token_file"),
        (Kind::Nginx, whole(403, ""), "forbidden", "allow this pod's or the loopback address"),
        (Kind::Prometheus, whole(404, ""), "not_found", "set url to the path of its page"),
        (Kind::Nginx, whole(404, ""), "not_found", "the location that has stub_status"),
        (
            Kind::Prometheus,
            cut("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na 1\n"),
            "truncated",
            "broke off",
        ),
        (Kind::Prometheus, cut("nonsense\r\n\r\n"), "truncated", "broke off"),
        (Kind::Prometheus, Answer::Silence, "timeout", "raise timeout"),
        (Kind::Prometheus, whole(200, &"a 1\n".repeat(1000)), "too_large", "raise max_body_bytes"),
        (Kind::Prometheus, whole(200, "<html>\n</html>\n"), "no_document", "Prometheus text or OpenMetrics"),
        (Kind::Nginx, whole(200, "Welcome to nginx!\n"), "no_document", "the directive stub_status"),
        (Kind::Jolokia, json("<html>"), "no_document", "set url to a Jolokia agent"),
        (Kind::Jolokia, json("[{\"status\":200,"), "no_document", "is no JSON"),
        (Kind::Jolokia, json("{\"status\":400,\"error\":\"no type\"}"), "no_document", "is refused: no type"),
        (Kind::Jolokia, json("[{\"status\":200,\"value\":1}]"), "no_document", "1 answers to 7 questions"),
    ] {
        let path = if kind == Kind::Jolokia { "/x/read" } else { "/x" };
        double.set(path, answer);
        let mut target = of(kind, "/x");
        target.timeout = Duration::from_millis(300);
        target.max_body_bytes = 1024;
        let (said_reason, said) = refused(&target).await;
        assert_eq!(said_reason, reason, "{said}");
        assert!(said.contains(words), "{said}");
    }
    let nobody = free_address();
    assert_eq!(refused(&target(Kind::Nginx, &format!("http://{nobody}/"))).await.0, "refused");
}

#[tokio::test]
async fn an_agent_that_may_read_nothing_is_named_and_one_refusal_costs_itself_alone() {
    let double = Double::start();
    let metric = |mbean: &str| Metric {
        name: "m".to_owned(),
        mbean: mbean.to_owned(),
        paths: vec!["X".to_owned()],
        ..Metric::default()
    };
    let mut jvm = target(Kind::Jolokia, &double.url("/jolokia"));
    jvm.metrics = vec![metric("d:type=A"), metric("d:type=B")];
    double.page("/jolokia/read", r#"[{"status":403,"error":"no access"},{"status":404}]"#);
    let (reason, said) = refused(&jvm).await;
    assert_eq!(reason, "refused_beans");
    assert!(said.contains("d:type=A: 403: no access; allow reading in its jolokia-access.xml"), "{said}");
    double.page("/jolokia/read", r#"[{"status":403,"error":"no access"},{"status":200,"value":7}]"#);
    let outcome = read(&jvm).await.unwrap();
    assert_eq!((outcome.samples, outcome.faults), (1, 1));
    // A JVM that has none of the beans is well.
    double.page("/jolokia/read", r#"[{"status":404},{"status":404}]"#);
    let outcome = read(&jvm).await.unwrap();
    assert_eq!((outcome.content, outcome.absent), (Content::Points(Vec::new()), 2));
}

#[tokio::test]
async fn half_of_a_page_without_a_length_loses_its_last_line() {
    let double = Double::start();
    double.set("/metrics", Answer::Cut("HTTP/1.0 200 OK\r\n\r\na 1\nb 12".to_owned()));
    let outcome = read(&target(Kind::Prometheus, &double.url("/metrics"))).await.unwrap();
    assert_eq!((outcome.samples, outcome.faults), (1, 1));
}

#[tokio::test]
async fn secrets_are_sent_and_never_said() {
    let files = tempfile::tempdir().unwrap();
    let secret = files.path().join("secret");
    std::fs::write(&secret, "hunter2\n").unwrap();
    let double = Double::start();
    double.page("/metrics", "a 1\n");
    let mut with_token = target(Kind::Prometheus, &double.url("/metrics"));
    with_token.token_file = Some(secret.clone());
    read(&with_token).await.unwrap();
    let mut with_user = target(Kind::Jolokia, &double.url("/jolokia"));
    (with_user.username, with_user.password_file) = (Some("u".to_owned()), Some(secret.clone()));
    double.set("/jolokia/read", Answer::Whole(401, String::new()));
    let (reason, said) = refused(&with_user).await;
    assert_eq!(reason, "unauthorized");
    assert!(said.contains("user and password were refused") && !said.contains("hunter2"), "{said}");
    let requests = double.requests();
    assert!(requests[0].head.contains("authorization: bearer hunter2\r\n"), "{requests:?}");
    assert!(requests[0].head.contains("accept: text/plain;version=0.0.4"), "{requests:?}");
    assert!(requests[1].head.contains("authorization: basic dtpodw50zxiy\r\n"), "{requests:?}");
    assert!(requests[1].line.starts_with("POST /jolokia/read "), "{requests:?}");
    assert!(requests[1].head.contains("content-type: application/json\r\n"), "{requests:?}");
    std::fs::remove_file(&secret).unwrap();
    let (reason, said) = {
        let error = read(&with_user).await.unwrap_err();
        (error.reason(), error.to_string())
    };
    assert!(reason == "secret" && said.contains(secret.to_str().unwrap()), "{said}");
}
