//! The unit of each query is that of what it asks for. A row says what a query holds and what units it may then have;
//! the first row that fits counts.

use super::made::tables;

const RULES: &[(&str, &[&str])] = &[
    // Prometheus: what is made of the metric goes before the metric.
    ("histogram_quantile(", &["s"]),
    ("http_request_duration_seconds_count", &["reqps", "percentunit"]),
    ("k6_http_req_failed", &["percentunit"]),
    (
        "podometer_pod_cpu_usage_cores{namespace=~\"$namespace\",pod=~\"$pod\"}) / sum(rate(k6_http_reqs",
        &["s"],
    ),
    ("k6_http_reqs", &["reqps", "percentunit"]),
    ("node_http_requests_total", &["reqps"]),
    ("node_http_duration_seconds", &["ms"]),
    ("increase(nginx_http_requests_total", &["short"]),
    ("rate(nginx_http_requests_total", &["reqps"]),
    ("nginx_", &["short"]),
    ("podometer_server_requests_total", &["reqps"]),
    ("rate(podometer_sink_requests_total", &["reqps"]),
    ("k6_data_", &["Bps"]),
    ("ha_cpu_usage_millicores", &["suffix:m", "short"]),
    ("/ 1024 / 1024", &["mbytes"]),
    ("container_spec_memory_limit_bytes", &["bytes"]),
    ("derivative(mean(\"rx_bytes", &["Bps"]),
    ("derivative(mean(\"tx_bytes", &["Bps"]),
    ("derivative(mean(\"read_bytes", &["Bps"]),
    ("derivative(mean(\"write_bytes", &["Bps"]),
    ("count(", &["short"]),
    ("machine_cpu_cores", &["percentunit"]),
    ("throttled_periods_total", &["percentunit"]),
    ("pressure_", &["percentunit"]),
    ("rate(node_cpu_seconds_total{instance=~\"$instance\",mode=\"idle\"}", &["percentunit"]),
    ("rate(node_cpu_seconds_total", &["suffix:cores"]),
    ("rate(process_cpu_seconds_total", &["suffix:cores"]),
    ("node_disk_io_time_seconds_total", &["percentunit"]),
    ("1 - node_memory_", &["percentunit"]),
    ("1 - node_filesystem", &["percentunit"]),
    ("_ratio", &["percentunit"]),
    ("_percent", &["percent"]),
    ("_cores_bucket", &["suffix:cores"]),
    ("_cores", &["suffix:cores"]),
    ("rate(container_cpu_cfs_throttled_seconds_total", &["s"]),
    ("bytes_total", &["Bps", "bytes"]),
    ("_bytes", &["bytes"]),
    ("_seconds", &["s"]),
    ("felix_iptables_perf", &["s"]),
    ("k8sfv_test_result", &["short", "bool_yes_no"]),
    ("podometer_load_invalid", &["bool_yes_no"]),
    // InfluxDB: what is made of a field goes before the field.
    ("/ 1000000 FROM \"kubernetes_pod_container\"", &["suffix:m"]),
    ("Requests\", mean(\"avg\")", &["ms"]),
    ("sum(\"countError\") / sum(\"count\")", &["percentunit"]),
    ("sum(\"ko\") / sum(\"all\")", &["percentunit"]),
    ("(\"count\") / $send_interval", &["reqps"]),
    ("(\"sb\") / $send_interval", &["Bps"]),
    ("(\"rb\") / $send_interval", &["Bps"]),
    ("sum(\"rb\")", &["bytes"]),
    ("sum(\"sb\")", &["bytes"]),
    ("mean(\"avg\")", &["ms"]),
    ("pct", &["ms"]),
    ("max(\"max\")", &["ms"]),
    ("FROM \"http_req_duration\"", &["ms"]),
    ("/ 5 FROM \"checks\"", &["short"]),
    ("/ 5 FROM \"http_req", &["reqps"]),
    ("FROM \"http_reqs\"", &["short"]),
    ("FROM \"http_req_", &["ms"]),
    ("\"uptime\"", &["s"]),
    ("used_percent", &["percent"]),
    ("usage_", &["percent", "bytes"]),
    ("inodes", &["short"]),
    ("_page_faults", &["cps"]),
    ("_time_ns", &["ns"]),
    ("(mean(\"read_time\")", &["ms"]),
    ("(mean(\"write_time\")", &["ms"]),
    ("(mean(\"CollectionTime\")", &["ms"]),
    ("derivative(mean(\"bytes_", &["Bps"]),
    ("derivative(mean(\"in\")", &["Bps"]),
    ("derivative(mean(\"out\")", &["Bps"]),
    ("derivative(mean(\"packets_", &["pps"]),
    ("datagrams", &["pps"]),
    ("derivative(mean(\"reads", &["iops"]),
    ("derivative(mean(\"writes", &["iops"]),
    ("derivative(mean(\"Icmp", &["pps", "cps"]),
    ("derivative(", &["cps"]),
    ("FROM \"mem\"", &["bytes"]),
    ("FROM \"swap\"", &["bytes"]),
    ("FROM \"disk\"", &["bytes"]),
    ("Usage.", &["bytes"]),
    ("_bytes\"", &["bytes"]),
    // What is counted or has no unit.
    ("", &["short"]),
];

/// Units that Grafana knows, of those that stand here; `suffix:` is any text.
const KNOWN: [&str; 16] = [
    "short",
    "bytes",
    "mbytes",
    "Bps",
    "percent",
    "percentunit",
    "s",
    "ms",
    "ns",
    "reqps",
    "cps",
    "pps",
    "iops",
    "bool_yes_no",
    "suffix:cores",
    "suffix:m",
];

#[test]
fn every_query_has_the_unit_of_what_it_asks() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, table) in tables() {
        for panel in table.panels() {
            for unit in panel.units.iter().map(|(_, unit)| unit).chain([&panel.unit]) {
                assert!(KNOWN.contains(&&**unit), "{name}: {}: no unit {unit:?}", panel.title);
            }
            for (legend, query) in &panel.asks {
                count += 1;
                let own = panel.units.iter().find(|(column, _)| column == legend).map(|(_, unit)| unit);
                let unit = own.unwrap_or(&panel.unit);
                let (holds, units) = RULES.iter().find(|(part, _)| query.contains(part)).unwrap();
                if !units.contains(&&**unit) {
                    wrong.push(format!(
                        "{name}: {} / {legend}: {unit}, but of {holds:?} it is {units:?}",
                        panel.title
                    ));
                }
            }
        }
    }
    eprintln!("{count} queries have the unit of what they ask");
    assert_eq!(wrong, Vec::<String>::new());
}
