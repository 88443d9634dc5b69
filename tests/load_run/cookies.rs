//! Cookies: a jar for each user, emptied with each iteration.

use crate::harness::{file, run};
use crate::served::{Asked, Served};

fn sent(options: &str) -> Vec<Option<String>> {
    let served = Served::new(|asked: &Asked| {
        let set = match asked.line.as_str() {
            "GET /login" => "set-cookie: id=7; Path=/\r\nset-cookie: deep=1; path=/deep\r\n",
            "POST /deep/logout" => "set-cookie: id=; Max-Age=0; Path=/\r\n",
            _ => "",
        };
        format!("200 OK\r\n{set}\r\n")
    });
    let plan = file(&format!(
        "iterations: 2
options: {{{options}}}
flows:
  default:
    - get: 'http://{0}/login'
    - get: 'http://{0}/page'
      cookies: {{own: x}}
    - post: 'http://{0}/deep/logout'
      body: hi
    - get: 'http://{0}/page'
",
        served.address
    ));
    run(plan);
    let asked = served.asked();
    assert_eq!(asked[2].body, "hi");
    asked.iter().map(|asked| asked.header("cookie").map(str::to_owned)).collect()
}

#[test]
fn they_go_back_and_end_with_the_iteration() {
    let once = [None, Some("own=x; id=7"), Some("id=7; deep=1"), None];
    let twice: Vec<Option<String>> = once.iter().chain(&once).map(|sent| sent.map(str::to_owned)).collect();
    assert_eq!(sent(""), twice);
}

#[test]
fn they_may_outlive_the_iteration() {
    let once = [None, Some("own=x; id=7"), Some("id=7; deep=1"), None];
    let again = [None, Some("own=x; id=7"), Some("deep=1; id=7"), None];
    let both: Vec<Option<String>> = once.iter().chain(&again).map(|sent| sent.map(str::to_owned)).collect();
    assert_eq!(sent("noCookiesReset: true"), both);
}
