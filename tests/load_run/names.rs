//! Names of servers that mean something else, or nothing; and what is refused before the first request.

use crate::harness::{counter, file, run, threshold, try_file};
use crate::served::Served;

#[test]
fn a_name_can_be_at_another_place() {
    let served = Served::saying("");
    run(file(&format!(
        "options: {{hosts: {{shop.test: '{}'}}}}\nflows: {{default: [{{get: 'http://shop.test/x'}}]}}\n",
        served.address
    )));
    let asked = served.asked();
    assert_eq!((asked[0].line.as_str(), asked[0].header("host")), ("GET /x", Some("shop.test")));
}

#[test]
fn names_and_addresses_can_be_blocked() {
    let served = Served::saying("");
    for (options, code) in [("blockHostnames: [127.*, '*.0.1']", 1111), ("blacklistIPs: [127.0.0.0/8]", 1110)]
    {
        let mut plan = file(&format!(
            "iterations: 2\noptions: {{{options}}}\nflows: {{default: [{{get: 'http://{}/'}}]}}\n",
            served.address
        ));
        let selector = format!("http_reqs{{error_code:{code}}}");
        plan.thresholds.push(threshold(&selector, "count==2"));
        assert_eq!(counter(&run(plan), &selector), 2, "{options}");
        assert!(served.lines().is_empty());
    }
}

#[test]
fn what_cannot_be_done_is_refused_with_its_place() {
    for (text, told) in [
        (
            "options: {localIPs: [10.0.0.1]}\nflows: {default: [{get: 'http://h'}]}",
            "t.yaml:1:11: options.localIPs: ",
        ),
        (
            "options: {hosts: {h: there}}\nflows: {default: [{get: 'http://h'}]}",
            "options.hosts.h: \"there\" is no address",
        ),
        (
            "options: {tlsAuth: [{cert: no.pem, key: no.pem}]}\nflows: {default: [{get: 'https://h/x'}]}",
            "no.pem",
        ),
        ("flows: {default: [{get: 'http://h', headers: {X: \"a\\x01b\"}}]}", "the value of header \"X\""),
    ] {
        let problems = try_file(text).err().unwrap();
        assert!(problems.contains(told), "{problems}");
    }
}

#[test]
fn words_of_the_environment_stand_in_names() {
    let plan = file(
        "env: {H: 'http://h:1'}\nflows: {default: [{set: {x: y}}, {get: '${H}/x/${x}'}, {get: '${H}/z', name: '${H}/z'}]}",
    );
    let tags: Vec<_> = (0..2).map(|place| plan.tags(0, place).unwrap()).collect();
    assert_eq!((tags[0].name(), tags[0].url()), ("http://h:1/x/${x}", "http://h:1/x/${x}"));
    assert_eq!((tags[1].name(), tags[1].method(), tags[1].scenario()), ("http://h:1/z", "GET", "default"));
    assert!(plan.tags(0, 2).is_none() && plan.tags(1, 0).is_none());
}
