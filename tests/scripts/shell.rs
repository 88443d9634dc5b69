//! What all of the scripts share: help, dry runs that touch nothing, words that are refused, and a clean shell.

use std::process::Command;

use crate::fake_kubectl::Fake;

const SCRIPTS: [&str; 4] = ["compare-top", "get-report", "start-test", "stop-test"];

#[test]
fn shellcheck_is_silent() {
    let scripts = SCRIPTS.map(|name| format!("deploy/scripts/{name}"));
    let mut command = Command::new("shellcheck");
    command
        .args(["--external-sources", "--source-path=deploy/scripts", "deploy/scripts/lib/run.sh"])
        .args(scripts);
    let Ok(output) = command.output() else {
        assert!(std::env::var_os("CI").is_none(), "shellcheck is not installed");
        eprintln!("SKIPPED: shellcheck is not installed");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn each_says_how_it_is_used_and_refuses_what_it_does_not_know() {
    let fake = Fake::answering("");
    for script in SCRIPTS {
        let help = fake.script(script, &["--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{script}");
        for word in ["Usage:", "--dry-run", "Example", "Exit codes:"] {
            assert!(help.stdout.contains(word), "{script}: {word}");
        }
        let wrong = fake.script(script, &["--dri-run"]);
        assert_eq!((wrong.code, wrong.stdout.as_str()), (64, ""), "{script}");
        assert_eq!(wrong.stderr, format!("{script}: unknown option --dri-run\ntry {script} --help\n"));
        let lacking = fake.script(script, &["-n"]);
        assert_eq!((lacking.code, lacking.stdout.as_str()), (64, ""), "{script}");
    }
    assert!(fake.calls().is_empty());
}

#[test]
fn a_dry_run_asks_nobody_and_writes_nothing() {
    let fake = Fake::answering("");
    for (script, arguments) in [
        ("start-test", &["-j", "stress", "-i", "3", "-r"][..]),
        ("stop-test", &["-j", "stress", "-o", "logs"]),
        ("stop-test", &["--all"]),
        ("get-report", &["-j", "stress", "--wait", "1m"]),
        ("compare-top", &["-n", "shop"]),
        ("compare-top", &["--top", "top.txt", "--document", "drift.json"]),
    ] {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--dry-run"]).collect();
        let ended = fake.script(script, &arguments);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{script} {arguments:?}");
        assert!(
            ended.stdout.contains("kubectl ") || ended.stdout.starts_with("podometer "),
            "{}",
            ended.stdout
        );
    }
    assert!(fake.calls().is_empty());
    assert!(!fake.path("logs").exists() && !fake.path("reports").exists());
}

#[test]
fn a_cluster_that_is_not_there_is_named() {
    let fake = Fake::answering("");
    for (script, arguments, words) in [
        ("start-test", &["-j", "stress", "-n", "shop"][..], "start-test: namespace shop: not there"),
        ("stop-test", &["-j", "stress"], "stop-test: namespace podometer: not there"),
        ("get-report", &["-j", "stress"], "get-report: namespace podometer: not there"),
        ("compare-top", &[], "compare-top: the agents in namespace podometer cannot be listed"),
    ] {
        let ended = fake.script(script, arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{script}");
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}
