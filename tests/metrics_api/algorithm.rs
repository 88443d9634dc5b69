//! The model of metrics-server itself: its rules one by one, and the recorded pages of a real kubelet.

use std::fmt::Write as _;
use std::time::Duration;

use crate::metrics_server::{MetricsServer, go_duration};
use crate::truth;

const RESOLUTION: Duration = Duration::from_secs(15);

/// A page with one container's three lines for each row: name, CPU seconds, bytes, start and time in seconds.
fn page(rows: &[(&str, f64, u64, f64, f64)]) -> String {
    let mut text = String::new();
    for (name, cpu, bytes, start, at) in rows {
        let (pod, container) = name.split_once('/').unwrap();
        let labels = format!("{{container=\"{container}\",namespace=\"shop\",pod=\"{pod}\"}}");
        let at = (at * 1000.0) as i64;
        _ = writeln!(text, "container_cpu_usage_seconds_total{labels} {cpu} {at}");
        _ = writeln!(text, "container_memory_working_set_bytes{labels} {bytes} {at}");
        _ = writeln!(text, "container_start_time_seconds{labels} {start}");
    }
    text
}

fn served(scrapes: &[&str]) -> Vec<(String, Vec<u64>, i64, u64)> {
    let mut server = MetricsServer::new(RESOLUTION);
    for scrape in scrapes {
        server.scrape("n1", scrape);
    }
    let row = |pod: crate::metrics_server::Served| {
        let cpu = pod.usage.containers.iter().map(|container| container.cpu_nanocores).collect();
        (pod.usage.name.to_string(), cpu, pod.usage.at_ms, pod.usage.window_ns)
    };
    server.pods().into_iter().map(row).collect()
}

#[test]
fn a_rate_is_truncated_and_its_time_cut_to_the_second() {
    let first = page(&[("web/a", 1.0, 10, 1.0, 100.25)]);
    let second = page(&[("web/a", 2.0, 10, 1.0, 115.75)]);
    assert_eq!(served(&[&first]), []);
    // One second in 15.5.
    let row = ("web".to_owned(), vec![64_516_129], 115_000, 15_500_000_000);
    assert_eq!(served(&[&first, &second]), std::slice::from_ref(&row));
    assert_eq!(served(&[&first, &second, &second]), [row], "a page without news keeps the pair");
}

#[test]
fn one_container_without_a_pair_hides_its_pod() {
    let first = page(&[("web/a", 1.0, 10, 1.0, 100.0)]);
    let second = page(&[("web/a", 2.0, 10, 1.0, 115.0), ("web/b", 1.0, 10, 1.0, 115.0)]);
    assert_eq!(served(&[&first, &second]), []);
}

#[test]
fn a_pod_with_a_zero_is_left_out_whole() {
    let first = page(&[("web/a", 1.0, 10, 1.0, 100.0), ("web/b", 1.0, 10, 1.0, 100.0)]);
    let second = page(&[("web/a", 2.0, 10, 1.0, 115.0), ("web/b", 2.0, 0, 1.0, 115.0)]);
    assert_eq!(served(&[&first, &second]), []);
}

#[test]
fn a_fresh_container_is_measured_from_its_start() {
    let rows = |age: f64| page(&[("web/a", 3.0, 10, 100.0, 100.0 + age)]);
    assert_eq!(served(&[&rows(9.9)]), []);
    assert_eq!(served(&[&rows(12.0)]), [("web".to_owned(), vec![250_000_000], 112_000, 12_000_000_000)]);
    assert_eq!(served(&[&rows(15.0)]), []);
}

#[test]
fn a_restart_has_no_value_until_it_has_a_pair() {
    let first = page(&[("web/a", 50.0, 10, 1.0, 100.0)]);
    let restarted = page(&[("web/a", 0.5, 10, 110.0, 115.0)]);
    assert_eq!(served(&[&first, &restarted]), [], "it started behind the sample that is stored");
    let later = page(&[("web/a", 2.0, 10, 110.0, 130.0)]);
    assert_eq!(served(&[&first, &restarted, &later]).len(), 1);
    // The same start time, yet the counter fell.
    let fell = page(&[("web/a", 40.0, 10, 1.0, 115.0)]);
    assert_eq!(served(&[&first, &fell]), [("web".to_owned(), vec![], 0, 0)]);
}

#[test]
fn the_earliest_container_gives_time_and_window() {
    let first = page(&[("web/a", 1.0, 10, 1.0, 100.0), ("web/b", 1.0, 10, 1.0, 105.0)]);
    let second = page(&[("web/a", 2.0, 10, 1.0, 119.0), ("web/b", 2.0, 10, 1.0, 116.0)]);
    let expected = vec![52_631_578, 90_909_090];
    assert_eq!(served(&[&first, &second]), [("web".to_owned(), expected, 116_000, 11_000_000_000)]);
}

#[test]
fn windows_are_written_as_go_writes_them() {
    for (ns, text) in [
        (15_023_000_000, "15.023s"),
        (60_500_000_000, "1m0.5s"),
        (800_000_000, "800ms"),
        (3_600_000_000_000, "1h0m0s"),
        (20_000_000_000, "20s"),
    ] {
        assert_eq!(go_duration(ns), text);
    }
}

#[test]
fn recorded_pages_give_every_running_pod() {
    let Some(folder) = truth::recording("systemd") else { return };
    let packed = std::fs::File::open(folder.join("quiet-series-summary.jsonl.gz")).unwrap();
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(packed)).unwrap();
    let mut server = MetricsServer::new(RESOLUTION);
    let mut scraped_ns = 0;
    for line in text.lines() {
        let poll: serde_json::Value = serde_json::from_str(line).unwrap();
        let at = poll["t0_ns"].as_i64().unwrap();
        if poll["path"] == "/metrics/resource" && at >= scraped_ns + 15_000_000_000 {
            server.scrape("vm", poll["body"].as_str().unwrap());
            scraped_ns = at;
        }
    }
    let pods = server.pods();
    assert_eq!(pods.len(), 4, "{pods:?}");
    for pod in &pods {
        assert!((9_000_000_000..31_000_000_000).contains(&pod.usage.window_ns), "{pod:?}");
    }
    assert_eq!(server.nodes().len(), 1);
}
