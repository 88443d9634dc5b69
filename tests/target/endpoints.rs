//! Each endpoint as the stacks' own load asks for it.

use serde_json::json;

use crate::client::{Client, get, metric, start};

#[test]
fn endpoints_answer_and_take_at_least_their_time() {
    let target = start();
    let mut client = Client::new(target.address());
    assert_eq!(client.get("/").text(), "ok\n");
    assert_eq!(client.get("/healthz").json(), json!({"status": "OK"}));
    assert_eq!(client.get("/static").json()["endpoint"], "static");
    assert_eq!(client.get("/dynamic/any/path").json()["endpoint"], "dynamic");
    assert_eq!(client.get("/crocodiles").json()[0]["name"], "Bert");
    for (path, least) in [("static", 0.05), ("dynamic", 1.0), ("crocodiles", 0.03)] {
        let series =
            format!("http_request_duration_seconds_sum{{method=\"GET\",path=\"{path}\",status=\"200\"}}");
        let took = metric(&target, &series).unwrap();
        assert!(took >= least, "{path}: {took}");
    }
}

#[test]
fn any_status_is_answered_and_what_is_none_is_refused() {
    let target = start();
    let mut client = Client::new(target.address());
    for status in [200, 201, 204, 299, 304, 404, 418, 503, 599] {
        for method in ["GET", "POST", "HEAD"] {
            let answer = client.ask(method, &format!("/status/{status}"), "", b"");
            assert_eq!(answer.status, status, "{method}");
            let has_body = method != "HEAD" && !matches!(status, 204 | 304);
            assert_eq!(!answer.body.is_empty(), has_body, "{method} {status}");
        }
    }
    for path in ["/status/199", "/status/600", "/status/x", "/status/"] {
        let answer = client.get(path);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.text().contains("allowed: 200 to 599"), "{}", answer.text());
    }
}

#[test]
fn crocodiles_come_change_and_go() {
    let target = start();
    let mut client = Client::new(target.address());
    let ann = json!({"name": "Ann", "sex": "F", "date_of_birth": "2020-01-01"});
    let made = client.post("/crocodiles", &ann.to_string());
    assert_eq!((made.status, &made.json()["name"]), (201, &json!("Ann")));
    let path = format!("/crocodiles/{}", made.json()["id"]);
    assert_eq!(client.get(&path).json(), made.json());
    let changed = client.ask("PATCH", &path, "", br#"{"name":"Eve"}"#);
    assert_eq!((changed.status, &changed.json()["name"]), (200, &json!("Eve")));
    assert_eq!(client.ask("PUT", &path, "", ann.to_string().as_bytes()).json(), made.json());
    assert_eq!(client.ask("PUT", &path, "", b"{").status, 400);
    assert_eq!(client.ask("DELETE", &path, "", b"").status, 204);
    assert_eq!(client.get(&path).status, 404);
}

#[test]
fn the_social_network_takes_forms() {
    let target = start();
    let mut client = Client::new(target.address());
    for line in ["home-timeline", "user-timeline"] {
        let posts = client.get(&format!("/wrk2-api/{line}/read?user_id=5&start=0&stop=10")).json();
        assert_eq!(posts.as_array().unwrap().len(), 10);
        assert_eq!(client.get(&format!("/wrk2-api/{line}/read")).status, 400);
    }
    for (path, form) in [
        ("post/compose", "username=u_1&user_id=1&text=hello+world&media_ids=[]&media_types=[]&post_type=0"),
        ("user/follow", "user_name=u_1&followee_name=u_2"),
        ("user/unfollow", "user_name=u_1&followee_name=u_2"),
        ("user/register", "first_name=a&last_name=b&username=u_9&password=p&user_id=9"),
    ] {
        let path = format!("/wrk2-api/{path}");
        let answer = client.post(&path, form);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(answer.json()["status"].is_string());
        assert_eq!(client.post(&path, "x=y").status, 400);
        assert_eq!(client.get(&path).status, 405);
    }
}

#[test]
fn what_is_not_there_and_what_is_not_allowed_is_said() {
    let target = start();
    assert_eq!(get(&target, "/nowhere").status, 404);
    let answer = Client::new(target.address()).ask("DELETE", "/crocodiles", "", b"");
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, POST"));
}
