//! Redirects: each a request of its own, as many as are allowed.

use crate::harness::{counter, file, heard_run, rate, run};
use crate::served::{Asked, Served, ok};

fn served() -> Served {
    Served::new(|asked: &Asked| {
        let path = asked.line.split_once(' ').unwrap().1;
        match path.rsplit_once('/') {
            Some((_, "loop")) => "302 Found\r\nlocation: loop\r\n\r\n".to_owned(),
            Some(("/to", status)) => {
                format!("{status} X\r\nlocation: /end?of=it\r\nset-cookie: c={status}\r\n\r\n")
            }
            Some((_, "away")) => {
                let port = asked.header("host").unwrap().rsplit_once(':').unwrap().1.to_owned();
                format!("307 X\r\nlocation: http://other.test:{port}/end\r\n\r\n")
            }
            _ => ok("the end"),
        }
    })
}

fn steps(served: &Served, options: &str, steps: &str) -> String {
    format!(
        "iterations: 1\noptions: {{{options}}}\nenv: {{H: 'http://{}'}}\nflows: {{default: {steps}}}\n",
        served.address
    )
}

#[test]
fn methods_change_by_the_status() {
    for (status, second) in [
        (301, "GET /end?of=it"),
        (302, "GET /end?of=it"),
        (303, "GET /end?of=it"),
        (307, "POST /end?of=it"),
        (308, "POST /end?of=it"),
    ] {
        let served = served();
        let step = format!("[{{post: '${{H}}/to/{status}', body: hi, check: {{body: the end}}}}]");
        let results = run(file(&steps(&served, "", &step)));
        let asked = served.asked();
        let lines: Vec<&str> = asked.iter().map(|asked| asked.line.as_str()).collect();
        assert_eq!(lines, [format!("POST /to/{status}").as_str(), second]);
        assert_eq!(asked[1].body, if status < 307 { "" } else { "hi" });
        assert_eq!(asked[1].header("cookie"), None, "it is of another path");
        assert_eq!((counter(&results, "http_reqs"), rate(&results, "checks")), (2, (1, 0)));
        assert_eq!(rate(&results, "http_req_failed"), (0, 2));
    }
}

#[test]
fn a_loop_ends_with_the_last_answer() {
    for (options, redirects, requests) in [
        ("", "", 11),
        ("maxRedirects: 2", "", 3),
        ("maxRedirects: 2", ", redirects: 4", 5),
        ("maxRedirects: 0", "", 1),
    ] {
        let served = served();
        let step = format!("[{{get: '${{H}}/a/loop', check: {{status: 302}}{redirects}}}]");
        let (results, said) = heard_run(file(&steps(&served, options, &step)));
        assert_eq!(served.lines(), vec!["GET /a/loop"; requests], "{options}{redirects}");
        assert_eq!((counter(&results, "http_reqs"), rate(&results, "checks")), (requests as u64, (1, 0)));
        assert_eq!(said.iter().any(|said| said.contains("stopped after")), requests > 1, "{said:?}");
    }
}

#[test]
fn secrets_do_not_go_to_another_host() {
    let served = served();
    let step = "[{post: '${H}/away', body: hi, auth: {bearer: t}, cookies: {c: s}, headers: {X-A: b}}]";
    run(file(&steps(&served, "hosts: {other.test: 127.0.0.1}", step)));
    let asked = served.asked();
    assert_eq!(
        (asked[0].header("authorization"), asked[0].header("cookie")),
        (Some("Bearer t"), Some("c=s"))
    );
    assert!(asked[1].header("host").unwrap().starts_with("other.test:"), "{asked:?}");
    assert_eq!((asked[1].header("authorization"), asked[1].header("cookie")), (None, None));
    assert_eq!((asked[1].line.as_str(), asked[1].body.as_str()), ("POST /end", "hi"));
    assert_eq!(asked[1].header("x-a"), Some("b"));
}
