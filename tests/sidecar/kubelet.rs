//! A blind sidecar that may ask the kubelet: of all that it says, the own pod alone is served.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::blind::{NAMED, UID, claims, container, sidecar};

const STRANGER: &str = "99999999-9999-9999-9999-999999999999";

/// A kubelet of two pods, whose counters rise from one question to the next.
fn serve(listener: &TcpListener) {
    for (turn, stream) in listener.incoming().map_while(Result::ok).enumerate() {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let asked = lines.next().unwrap_or_default();
        let _head = lines.find(String::is_empty);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let body = if asked.contains("/stats/summary") {
            summary(now.as_secs())
        } else {
            resource(turn, now.as_millis())
        };
        let mut stream = stream;
        let _gone = write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
    }
}

fn resource(turn: usize, now_ms: u128) -> String {
    let rows = [("shop", "web-0"), ("other", "stranger")].map(|(namespace, pod)| {
        let labels = format!("namespace=\"{namespace}\",pod=\"{pod}\"");
        let cpu = 10 + turn;
        format!(
            "pod_cpu_usage_seconds_total{{{labels}}} {cpu} {now_ms}\n\
             pod_memory_working_set_bytes{{{labels}}} 1048576 {now_ms}\n\
             container_cpu_usage_seconds_total{{container=\"app\",{labels}}} {cpu} {now_ms}\n\
             container_memory_working_set_bytes{{container=\"app\",{labels}}} 1048576 {now_ms}\n"
        )
    });
    rows.concat() + "resource_scrape_error 0\n"
}

fn summary(now: u64) -> String {
    let time = humantime::format_rfc3339_seconds(UNIX_EPOCH + std::time::Duration::from_secs(now));
    let pod = |namespace: &str, name: &str, uid: &str| {
        format!(
            r#"{{"podRef":{{"name":"{name}","namespace":"{namespace}","uid":"{uid}"}},"startTime":"{time}",
            "containers":[{{"name":"app","startTime":"{time}"}}]}}"#
        )
    };
    let pods = [pod("shop", "web-0", UID), pod("other", "stranger", STRANGER)].join(",");
    format!(r#"{{"node":{{"nodeName":"n1"}},"pods":[{pods}]}}"#)
}

#[test]
fn of_the_kubelets_pods_its_own_alone_is_served() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("kubelet.url=http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || serve(&listener));
    let host = container();
    let settings =
        ["--set", &url, "--set", "kubelet.resource_interval=1s", "--set", "kubelet.summary_interval=1s"];
    let agent = sidecar(&host, &settings, &NAMED);
    agent.wait("the kubelet's word", |agent| {
        agent.get("/metrics").1.contains("\npod_cpu_usage_seconds_total{")
    });
    let (_, page) = agent.get("/metrics");
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("pod_cpu_usage_seconds_total{")).collect();
    assert!(rows.len() == 1 && rows[0].contains(UID) && rows[0].contains("source=\"kubelet\""), "{rows:?}");
    assert!(!page.contains(STRANGER) && !page.contains("stranger"), "{:#?}", claims(&page));
    assert_eq!(agent.metric("podometer_scope_info{scope=\"own_container\"}"), Some(1.0));
    assert_eq!(agent.end(), 0);
}
