//! stop-test: the last words of a test are kept, and nothing of it stays.

use std::fs;

use crate::fake_kubectl::Fake;

const CLUSTER: &str = "'get namespace '*) ;;\n\
    'get jobs '*) echo job.batch/load-a; echo job.batch/load-b ;;\n\
    'get job load-none '*) echo 'not found' >&2; exit 1 ;;\n\
    'get job '*) ;;\n\
    'logs '*) echo '[pod/load-a-0/load] http_req_duration' ;;\n\
    'delete '*) ;;";

#[test]
fn its_words_are_followed_while_it_ends() {
    let fake = Fake::answering(CLUSTER);
    let ended = fake.script("stop-test", &["-j", "some/a.yaml", "-n", "shop", "-o", "words"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let words = fs::read_to_string(fake.path("words/load-a.log")).unwrap();
    assert_eq!(words, "[pod/load-a-0/load] http_req_duration\n");
    let mut calls = fake.words();
    // The log is followed beside the deletion: which of the two is first is not said.
    calls[2..4].sort();
    assert_eq!(
        calls,
        [
            "get namespace shop -o name",
            "get job load-a -n shop -o name",
            "delete job load-a -n shop --wait --cascade=foreground",
            "logs -n shop -l job-name=load-a --prefix --tail=-1 --max-log-requests=1000 -f",
            "delete configmap load-a -n shop --ignore-not-found",
        ]
    );
}

#[test]
fn all_of_a_namespace_end() {
    let fake = Fake::answering(CLUSTER);
    let ended = fake.script("stop-test", &["--all"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let one = fake.script("stop-test", &["-j", "job/stress"]);
    assert!(one.code == 0 && fake.words().iter().any(|words| words.starts_with("delete job stress ")));
    let deleted = fake.words().into_iter().filter(|words| words.starts_with("delete job "));
    assert_eq!(deleted.count(), 3);
}

#[test]
fn what_is_not_there_is_said() {
    let fake = Fake::answering(CLUSTER);
    let ended = fake.script("stop-test", &["-j", "none"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    assert!(ended.stderr.contains("no load test load-none in podometer"), "{}", ended.stderr);
    assert!(!fake.words().iter().any(|words| words.starts_with("delete")));
    for arguments in [&[][..], &["--all", "-j", "a"]] {
        assert_eq!(fake.script("stop-test", arguments).code, 64, "{arguments:?}");
    }
}

#[test]
fn a_deletion_that_is_refused_fails_and_leaves_no_follower() {
    let cases = "'get namespace '*) ;;\n'get job '*) ;;\n'logs '*) exec sleep 600 ;;\n'delete '*) exit 1 ;;";
    let fake = Fake::answering(cases);
    // Ends at all: a follower that stayed would hold standard output open.
    let ended = fake.script("stop-test", &["-j", "a"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (1, "stop-test: load-a is not deleted\n"));
}
