//! A kubelet's documents of any size: every field that kubelet 1.36 writes, pressure included.

use std::fmt::Write as _;

const AT: &str = "2026-11-21T00:56:53Z";

fn pressure(text: &mut String, seed: u64) {
    let half = |name: &str, seed: u64| {
        format!(
            "\"{name}\":{{\"total\":{},\"avg10\":{},\"avg60\":{}.{:02},\"avg300\":{}.{}}}",
            seed * 977,
            seed % 3,
            seed % 50,
            seed % 97,
            seed % 40,
            seed % 9 + 1
        )
    };
    _ = write!(text, "\"psi\":{{{},{}}}", half("full", seed), half("some", seed * 3));
}

fn usage(text: &mut String, seed: u64) {
    _ = write!(
        text,
        "\"cpu\":{{\"time\":\"{AT}\",\"usageNanoCores\":{},\"usageCoreNanoSeconds\":{}000,",
        seed * 7_919 % 900_000_000,
        seed * 104_729
    );
    pressure(text, seed);
    _ = write!(
        text,
        "}},\"memory\":{{\"time\":\"{AT}\",\"availableBytes\":{},\"usageBytes\":{},\"workingSetBytes\":{},\"rssBytes\":{},\"pageFaults\":{},\"majorPageFaults\":{},",
        seed * 4096 + 1,
        seed * 8192,
        seed * 6144,
        seed * 2048,
        seed * 31,
        seed % 7
    );
    pressure(text, seed + 1);
    _ = write!(text, "}},\"io\":{{\"time\":\"{AT}\",");
    pressure(text, seed + 2);
    _ = write!(text, "}},\"swap\":{{\"time\":\"{AT}\",\"swapUsageBytes\":0}}");
}

fn disk(text: &mut String, seed: u64) {
    _ = write!(
        text,
        "\"time\":\"{AT}\",\"availableBytes\":5286723584,\"capacityBytes\":6316195840,\"usedBytes\":{},\"inodesFree\":379628,\"inodes\":393216,\"inodesUsed\":{}",
        seed * 4096,
        seed % 1000
    );
}

fn container(text: &mut String, name: &str, seed: u64) {
    _ = write!(text, "{{\"name\":\"{name}\",\"startTime\":\"{AT}\",");
    usage(text, seed);
    for name in ["rootfs", "logs"] {
        _ = write!(text, ",\"{name}\":{{");
        disk(text, seed);
        text.push('}');
    }
    text.push('}');
}

/// `/stats/summary` of a node with this many pods of two containers, two volumes and two interfaces each.
pub(crate) fn summary(pods: u64) -> String {
    let mut text = String::from("{\"node\":{\"nodeName\":\"node-1\",\"systemContainers\":[");
    container(&mut text, "kubelet", 1);
    text.push(',');
    container(&mut text, "pods", 2);
    text.push_str("],");
    usage(&mut text, 3);
    text.push_str("},\"pods\":[");
    for pod in 0..pods {
        if pod > 0 {
            text.push(',');
        }
        _ = write!(
            text,
            "{{\"podRef\":{{\"name\":\"service-{}-7d9f8b6c5-{pod:05x}\",\"namespace\":\"team-{}\",\"uid\":\"63f8f95c-2cab-4e91-8271-{pod:012x}\"}},\"startTime\":\"{AT}\",\"containers\":[",
            pod % 50,
            pod % 20
        );
        container(&mut text, "app", 10 * pod + 11);
        text.push(',');
        container(&mut text, "proxy", 10 * pod + 12);
        text.push_str("],");
        usage(&mut text, 10 * pod + 10);
        let interface =
            format!("\"rxBytes\":{},\"rxErrors\":0,\"txBytes\":{},\"txErrors\":0", pod * 5096, pod * 892);
        _ = write!(
            text,
            ",\"network\":{{\"time\":\"{AT}\",\"name\":\"eth0\",{interface},\"interfaces\":[{{\"name\":\"eth0\",{interface}}},{{\"name\":\"lo\",{interface}}}]}},\"volume\":["
        );
        for volume in ["config", "kube-api-access-qnhtj"] {
            text.push('{');
            disk(&mut text, pod + 1);
            _ = write!(text, ",\"name\":\"{volume}\"}},");
        }
        text.pop();
        text.push_str("],\"ephemeral-storage\":{");
        disk(&mut text, pod + 3);
        text.push_str("},\"process_stats\":{\"process_count\":3}}");
    }
    text.push_str("]}");
    text
}

/// `/metrics/resource` of the same node.
pub(crate) fn resource(pods: u64) -> String {
    let mut text = String::new();
    for (family, per_container) in [
        ("container_cpu_usage_seconds_total", true),
        ("container_memory_working_set_bytes", true),
        ("container_start_time_seconds", true),
        ("container_swap_usage_bytes", true),
        ("pod_cpu_usage_seconds_total", false),
        ("pod_memory_working_set_bytes", false),
        ("pod_swap_usage_bytes", false),
    ] {
        for pod in 0..pods {
            let of_pod =
                format!("namespace=\"team-{}\",pod=\"service-{}-7d9f8b6c5-{pod:05x}\"", pod % 20, pod % 50);
            for name in if per_container { &["app", "proxy"][..] } else { &[""] } {
                let own = if per_container { format!("container=\"{name}\",") } else { String::new() };
                _ = writeln!(
                    text,
                    "{family}{{{own}{of_pod}}} {}.{pod:06}e+03 1795222700{:03}",
                    pod % 9 + 1,
                    pod % 1000
                );
            }
        }
    }
    text.push_str("node_cpu_usage_seconds_total 2279.052 1795222698950\nresource_scrape_error 0\n");
    text
}
