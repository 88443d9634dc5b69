//! Flows of files: what is sent when.

use podometer::load::exit::Exit;

use crate::harness::{counter, file, heard_run, rate, run};
use crate::served::{Asked, Served, ok};

/// A file of one flow and one user, at a server.
fn text(served: &Served, top: &str, steps: &str) -> String {
    format!("env: {{H: 'http://{}'}}\n{top}\nflows:\n  default:\n{steps}\n", served.address)
}

#[test]
fn what_was_extracted_is_in_the_next_request() {
    let served = Served::new(|asked: &Asked| match asked.line.as_str() {
        "POST /items" => "201 Created\r\nx-token: a b\r\n\r\n{\"id\": 42, \"name\": \"<x>\"}".to_owned(),
        _ => ok("{}"),
    });
    let plan = file(&text(
        &served,
        "iterations: 2",
        r#"
    - post: "${H}/items"
      json: {vu: "${__VU}", iteration: "${__ITER}"}
      expect: 201
      check: {status: 201, "json $.id": 42, header x-token: exists}
      extract: {id: $.id, name: $.name, token: header X-Token, whole: 'regex "id": (\d+)'}
    - put: "${H}/items/${id}?n=${name}"
      name: one
      headers: {X-Token: "${token}"}
      auth: {bearer: "${token}"}
      form: {name: "${name}"}
      check: {status: 200}
    - delete: "${H}/items/${id}"
      auth: {basic: {user: "u${id}", password: p}}
    - head: "${H}/items"
      auth: {basic: {user: u, password: p}}
"#,
    ));
    let results = run(plan);
    assert_eq!(results.exit, Some(Exit::Passed), "{:?}", results.root);
    assert_eq!(rate(&results, "checks"), (8, 0));
    assert_eq!((counter(&results, "http_reqs"), counter(&results, "iterations")), (8, 2));
    let asked = served.asked();
    assert_eq!(asked[0].body, r#"{"vu":"1","iteration":"0"}"#);
    assert_eq!(asked[0].header("content-type"), Some("application/json"));
    assert_eq!(asked[1].line, "PUT /items/42?n=%3Cx%3E");
    assert_eq!((asked[1].body.as_str(), asked[1].header("x-token")), ("name=%3Cx%3E", Some("a b")));
    assert_eq!(asked[1].header("authorization"), Some("Bearer a b"));
    assert_eq!(asked[2].header("authorization"), Some("Basic dTQyOnA="));
    assert_eq!(asked[3].header("authorization"), Some("Basic dTpw"));
    assert_eq!(asked[4].body, r#"{"vu":"1","iteration":"1"}"#);
    assert!(asked.iter().all(|asked| asked.connection == 0 && asked.header("host").is_some()));
    let agents: Vec<_> = asked.iter().map(|asked| asked.header("user-agent").unwrap()).collect();
    assert!(agents.iter().all(|agent| agent.starts_with("podometer/")), "{agents:?}");
}

#[test]
fn rows_of_data_go_round_or_belong_to_a_user() {
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows.csv");
    std::fs::write(&rows, "name,word\na,1\nb,2\nc,3\n").unwrap();
    let served = Served::saying("");
    let data = |order: &str| format!("data: {{rows: {{file: {}, order: {order}}}}}", rows.display());
    let step = "    - get: '${H}/${rows.name}/${rows.word}/${__VU}'";
    run(file(&text(&served, &format!("iterations: 4\n{}", data("sequential")), step)));
    assert_eq!(served.lines(), ["GET /a/1/1", "GET /b/2/1", "GET /c/3/1", "GET /a/1/1"]);
    let top = "scenarios: {s: {executor: per-vu-iterations, vus: 3, iterations: 2}}";
    run(file(&text(&served, &format!("{top}\n{}", data("unique-per-vu")), step)));
    let mut lines = served.lines();
    lines.sort();
    let each = ["GET /a/1/1", "GET /b/2/2", "GET /c/3/3"];
    assert_eq!(lines, each.iter().flat_map(|line| [*line; 2]).collect::<Vec<_>>());
}

#[test]
fn a_request_is_never_sent_with_a_hole() {
    let served = Served::saying("{}");
    let plan = file(&text(
        &served,
        "iterations: 3",
        "
    - get: '${H}/first'
      extract: {id: $.id}
    - post: '${H}/second'
      body: 'the id is ${id}'
    - get: '${H}/third'",
    ));
    let (results, said) = heard_run(plan);
    assert_eq!(served.lines(), ["GET /first"; 3]);
    assert_eq!((counter(&results, "iterations"), results.interrupted), (0, 3));
    assert_eq!(said.len(), 1, "once: {said:?}");
    assert!(said[0].contains("/second: the variable id has no value"), "{said:?}");
}

#[test]
fn steps_are_chosen_repeated_and_set() {
    let served = Served::saying("");
    let plan = file(&text(
        &served,
        "iterations: 200",
        "
    - set: {n: '${__ITER}', m: '<${n:-none}>'}
    - repeat: 2
      steps: [{get: '${H}/twice/${n}'}, {repeat: 2, steps: [{get: '${H}/four'}]}]
    - mix:
        - {weight: 3, steps: [{get: '${H}/often'}]}
        - {weight: 1, steps: [{get: '${H}/seldom'}, {set: {m: x}}]}
        - {weight: 0, steps: [{get: '${H}/never'}]}
    - get: '${H}/last'",
    ));
    let results = run(plan);
    let lines = served.lines();
    let count = |line: &str| lines.iter().filter(|asked| *asked == line).count();
    assert_eq!((count("GET /four"), count("GET /twice/7"), count("GET /last")), (800, 2, 200));
    let (often, seldom) = (count("GET /often"), count("GET /seldom"));
    assert_eq!((often + seldom, count("GET /never")), (200, 0));
    assert!((100..200).contains(&often), "{often}");
    assert_eq!(counter(&results, "http_reqs"), 1600);
}

#[test]
fn options_change_what_is_sent() {
    let served = Served::saying("x");
    let top = "iterations: 3
options: {userAgent: me, noVUConnectionReuse: true, discardResponseBodies: true}";
    let step = "    - get: '${H}/'
      check: [{name: none, body contains: x}]
    - get: '${H}/'
      headers: {User-Agent: other}";
    let results = run(file(&text(&served, top, step)));
    let asked = served.asked();
    let agents: Vec<_> = asked.iter().map(|asked| asked.header("user-agent").unwrap()).collect();
    assert_eq!(agents, ["me", "other", "me", "other", "me", "other"]);
    let connections: Vec<usize> = asked.iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 0, 1, 1, 2, 2], "a new one for each iteration");
    assert_eq!(rate(&results, "checks"), (0, 3), "a body that is thrown away has no words");
}

#[test]
fn a_url_may_be_known_only_when_it_is_rendered() {
    let served = Served::saying("");
    let plan = file(&text(
        &served,
        "iterations: 2",
        "
    - set: {where: '${H}', nowhere: 'ftp:/'}
    - get: '${where}/a?b'
    - get: 'http://${nowhere}/x'",
    ));
    let results = run(plan);
    let asked = served.asked();
    assert_eq!(asked.iter().map(|asked| asked.line.as_str()).collect::<Vec<_>>(), ["GET /a?b"; 2]);
    assert_eq!(asked[0].header("host"), Some(served.address.to_string().as_str()));
    assert_eq!(asked[1].connection, 0);
    assert_eq!(rate(&results, "http_req_failed"), (2, 2), "what is no URL is a failed request");
}
