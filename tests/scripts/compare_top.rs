//! compare-top: the tables of all agents, what nobody saw, and the exit code. podometer itself stands for the agents'
//! pods; what they have of their node is a saved document.

use std::fs;

use serde_json::{Value, json};

use crate::fake_kubectl::Fake;

/// A pod whose numbers and those of metrics-server are the same, but for what the caller says.
fn pod(name: &str, ours: f64, api: f64, cause: Option<&str>) -> Value {
    let usage = |cores: f64| {
        json!({"cpu_cores": cores, "memory_bytes": 20_u64 << 20, "at": "2026-01-02T03:04:05.000Z",
            "age_seconds": 5.0, "window_seconds": 15.0})
    };
    let difference = json!({"view": "top", "against": "metrics_api", "resource": "cpu", "cause": cause,
        "detail": "what was seen"});
    json!({"namespace": "shop", "pod": name, "source": "cgroup", "top_of": "metrics_api",
        "top": usage(ours), "metrics_api": usage(api), "differences": [difference]})
}

fn document(node: &str, pods: &[Value]) -> String {
    json!({"node": node, "taken": "2026-01-02T03:04:10.000Z", "causes": {}, "pods": pods}).to_string()
}

/// Two nodes, whose agents have `n1.json` and `n2.json`.
fn cluster(top: &str, first: &[Value], second: &[Value]) -> Fake {
    let podometer = env!("CARGO_BIN_EXE_podometer");
    let cases = format!(
        "'get pods '*) echo pod/podometer-n1; echo pod/podometer-n2 ;;\n\
         'top pods -A') cat top ;;\n\
         'exec -i '*) node=${{5#podometer-}}; shift 7; exec '{podometer}' \"$@\" --document \"$node.json\" <\"$input\" ;;"
    );
    let fake = Fake::answering(&cases);
    fs::write(fake.path("top"), top).unwrap();
    fs::write(fake.path("n1.json"), document("n1", first)).unwrap();
    fs::write(fake.path("n2.json"), document("n2", second)).unwrap();
    fake
}

const TOP: &str = "NAMESPACE   NAME     CPU(cores)   MEMORY(bytes)   \n\
    shop        cart-0   100m         20Mi            \n\
    shop        cart-1   101m         21Mi            \n";

#[test]
fn every_node_has_a_table_and_all_are_within() {
    let fake =
        cluster(TOP, &[pod("cart-0", 0.105, 0.1, Some("window"))], &[pod("cart-1", 0.1005, 0.101, None)]);
    let ended = fake.script("compare-top", &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    println!("{}", ended.stdout);
    let line = |name: &str| -> Vec<&str> {
        ended.stdout.lines().find(|line| line.contains(name)).unwrap().split_whitespace().collect()
    };
    assert_eq!(
        line("cart-0"),
        ["shop", "cart-0", "105m", "100m", "+5.0%", "window", "20Mi", "20Mi", "+0.0%", "agrees", "within"]
    );
    assert_eq!(line("cart-1")[8..], ["-4.8%", "rounding", "within"]);
    let told = "node n1: 1 pods, 1 within 10 %, 0 off, 0 not compared; 1 of kubectl's are not on this node";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    assert_eq!(fake.words().len(), 4, "one question to each: {:?}", fake.words());
}

#[test]
fn a_pod_that_is_off_is_asked_again_and_fails() {
    let fake = cluster(TOP, &[pod("cart-0", 0.2, 0.1, Some("stale"))], &[pod("cart-1", 0.1, 0.101, None)]);
    // No wait in a test.
    fake.install("sleep", "#!/bin/sh\n");
    let ended = fake.script("compare-top", &["--tries", "2"]);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert!(ended.stdout.contains("shop/cart-0 cpu: stale: what was seen"), "{}", ended.stdout);
    assert!(ended.stderr.contains("asking again in 5 s (2 of 2)"), "{}", ended.stderr);
    assert_eq!(fake.words().iter().filter(|words| *words == "top pods -A").count(), 2);
    let wider = fake.script("compare-top", &["--bound", "100"]);
    assert_eq!(wider.code, 0, "{}", wider.stdout);
}

#[test]
fn a_pod_that_no_agent_saw_fails() {
    let fake = cluster(TOP, &[pod("cart-0", 0.1, 0.1, None)], &[pod("other", 0.1, 0.1, None)]);
    let ended = fake.script("compare-top", &["--tries", "1"]);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert!(ended.stdout.contains("\nshop/cart-1: seen by no agent\n"), "{}", ended.stdout);
}

#[test]
fn what_cannot_be_compared_fails_with_its_reason() {
    let fake = cluster("", &[], &[]);
    let ended = fake.script("compare-top", &["--tries", "1"]);
    assert_eq!((ended.code, ended.stderr.contains("no pod was compared")), (1, true), "{ended:?}");
    let fake = Fake::answering("'get pods '*) ;;");
    let ended = fake.script("compare-top", &["--agents", "monitoring"]);
    assert_eq!((ended.code, ended.stderr.contains("no agent runs in namespace monitoring")), (1, true));
    let fake = Fake::answering(
        "'get pods '*) echo pod/p ;;\n'top '*) echo 'Metrics API not available' >&2; exit 1 ;;",
    );
    let ended = fake.script("compare-top", &[]);
    assert_eq!((ended.code, ended.stderr.contains("is metrics-server there?")), (1, true), "{ended:?}");
    for arguments in [&["--top", "x"][..], &["--document", "x"], &["--tries", "0"], &["--bound", "x"]] {
        assert_eq!(fake.script("compare-top", arguments).code, 64, "{arguments:?}");
    }
}
