//! get-report: what each pod said, and the reports out of its log.

use std::fs;
use std::process::Command;

use crate::fake_kubectl::Fake;

/// The log of a run as start-test's -r has it, by podometer itself: nothing answers at its address.
fn log() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_podometer"))
        .args(["load", "run", "http://127.0.0.1:1/", "--iterations", "3", "--quiet"])
        .args(["--summary-json", "/dev/stdout", "--junit", "/dev/stdout"])
        .args(["--threshold", "http_req_failed=rate<1.1"])
        .output()
        .unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.contains("TOTAL RESULTS"), "{words}");
    words
}

fn cluster(pods: &str) -> Fake {
    let cases = format!(
        "'get namespace '*) ;;\n'get job '*jsonpath*) echo Complete ;;\n'get job '*) ;;\n'get pods '*) printf '{pods}' ;;\n\
         *' young-0') echo 'starting' ;;\n*' gone-0') exit 1 ;;\n'logs '*) cat log ;;"
    );
    let fake = Fake::answering(&cases);
    fs::write(fake.path("log"), log()).unwrap();
    fake
}

#[test]
fn reports_are_taken_out_of_the_log() {
    let fake = cluster("pod/load-a-0\\npod/load-a-1\\n");
    let ended = fake.script("get-report", &["-j", "a.yaml", "-o", "into/here", "--wait", "10m"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    for pod in ["load-a-0", "load-a-1"] {
        let read =
            |form: &str| fs::read_to_string(fake.path("into/here").join(format!("{pod}.{form}"))).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&read("json")).unwrap();
        assert_eq!(summary["metrics"]["iterations"]["values"]["count"], 3, "{summary}");
        let suite = read("xml");
        assert!(suite.starts_with("<?xml ") && suite.ends_with("</testsuites>\n"), "{suite}");
        assert!(read("log").contains("http_req_failed"));
        assert!(ended.stdout.contains(&format!("into/here/{pod}.json\n")), "{}", ended.stdout);
    }
    assert!(
        fake.words().iter().any(|words| words.starts_with("get job load-a ") && words.contains("jsonpath"))
    );
}

/// A fake whose Job has one word of conditions after the other, and the last for ever.
fn with_conditions(conditions: &[&str]) -> Fake {
    let cases = "'get namespace '*) ;;\n\
         'get job '*jsonpath*) head -n 1 conditions; [ \"$(wc -l <conditions)\" -eq 1 ] || sed -i 1d conditions ;;\n\
         'get job '*) ;;\n'get pods '*) echo pod/load-a-0 ;;\n'logs '*) cat log ;;";
    let fake = Fake::answering(cases);
    // Time does not pass for the script, but for what it waits.
    fake.install("date", "#!/bin/sh\ncat now\n");
    fake.install("sleep", "#!/bin/sh\necho $(($(cat now) + $1)) >now.new\nmv now.new now\n");
    fs::write(fake.path("now"), "1000\n").unwrap();
    fs::write(fake.path("conditions"), conditions.join("\n") + "\n").unwrap();
    fs::write(fake.path("log"), "TOTAL RESULTS\n").unwrap();
    fake
}

#[test]
fn an_end_is_complete_or_failed_and_nothing_else() {
    for end in ["SuccessCriteriaMet Complete", "FailureTarget Failed"] {
        let fake = with_conditions(&["", "Suspended", "SuccessCriteriaMet", "FailureTarget", end]);
        let ended = fake.script("get-report", &["-j", "a", "--wait", "1h"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{end}");
        let asked = fake.words().iter().filter(|words| words.contains("jsonpath")).count();
        assert_eq!(asked, 5, "{end}");
    }
}

#[test]
fn it_waits_as_long_as_it_was_told_to() {
    for (patience, asked) in [("10s", 6), ("1m", 31)] {
        let fake = with_conditions(&["FailureTarget"]);
        let ended = fake.script("get-report", &["-j", "a", "--wait", patience]);
        let words = format!("get-report: load-a has not ended within {patience}\n");
        assert_eq!((ended.code, ended.stderr), (1, words));
        assert_eq!(fake.words().iter().filter(|words| words.contains("jsonpath")).count(), asked);
    }
}

#[test]
fn a_pod_that_did_not_report_is_named_and_fails() {
    for (pod, words) in
        [("young-0", "young-0: has not reported yet"), ("gone-0", "gone-0: its log cannot be read")]
    {
        let fake = cluster(&format!("pod/load-a-0\\npod/{pod}\\n"));
        let ended = fake.script("get-report", &["-j", "job/load-a"]);
        assert_eq!(ended.code, 1, "{pod}");
        assert!(
            ended.stderr.contains(words) && ended.stderr.contains("1 pod(s) of load-a"),
            "{}",
            ended.stderr
        );
        assert!(ended.stdout.contains("reports/load-a-0.log"), "the other is there: {}", ended.stdout);
    }
    let ended = cluster("").script("get-report", &["-j", "a"]);
    assert_eq!((ended.code, ended.stderr.contains("load-a has no pods")), (1, true), "{ended:?}");
    for patience in ["long", "10", "0s", "1m30s", "s"] {
        let ended = cluster("").script("get-report", &["-j", "a", "--wait", patience]);
        assert_eq!(ended.code, 64, "{patience}");
    }
}
