//! The recorded documents hold what an independent reader finds in them: every pod, container, volume and number.

use podometer::model::kubelet::{
    ContainerStats, CpuStats, FsStats, MemoryStats, NetworkStats, ResourcePage, Summary,
};
use podometer::model::stamp::Stamp;
use podometer::source::kubelet::{parse_resource, parse_summary};
use serde_json::Value;

use crate::truth;

const DRIVERS: [&str; 2] = ["systemd", "cgroupfs"];

/// Counts what was compared, so that a test that compares nothing fails.
#[derive(Default)]
struct Compared(usize);

impl Compared {
    fn number(&mut self, ours: Option<u64>, said: &Value, what: &str) {
        assert_eq!(ours, said.as_u64(), "{what}: {said}");
        self.0 += usize::from(ours.is_some());
    }

    fn time(&mut self, ours: Option<i64>, said: &Value, what: &str) {
        let at = said.as_str().map(|text| humantime::parse_rfc3339(text).unwrap());
        let seconds = at.map(|at| at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64);
        assert_eq!(ours, seconds, "{what}: {said}");
        self.0 += usize::from(ours.is_some());
    }

    fn cpu(&mut self, ours: CpuStats, said: &Value, what: &str) {
        self.time(ours.time_s, &said["time"], what);
        self.number(ours.usage_nano_cores, &said["usageNanoCores"], what);
        self.number(ours.usage_core_nano_seconds, &said["usageCoreNanoSeconds"], what);
    }

    fn memory(&mut self, ours: MemoryStats, said: &Value, what: &str) {
        self.time(ours.time_s, &said["time"], what);
        self.number(ours.available_bytes, &said["availableBytes"], what);
        self.number(ours.usage_bytes, &said["usageBytes"], what);
        self.number(ours.working_set_bytes, &said["workingSetBytes"], what);
        self.number(ours.rss_bytes, &said["rssBytes"], what);
        self.number(ours.page_faults, &said["pageFaults"], what);
        self.number(ours.major_page_faults, &said["majorPageFaults"], what);
    }

    fn fs(&mut self, ours: FsStats, said: &Value, what: &str) {
        self.time(ours.time_s, &said["time"], what);
        self.number(ours.available_bytes, &said["availableBytes"], what);
        self.number(ours.capacity_bytes, &said["capacityBytes"], what);
        self.number(ours.used_bytes, &said["usedBytes"], what);
        self.number(ours.inodes, &said["inodes"], what);
        self.number(ours.inodes_free, &said["inodesFree"], what);
        self.number(ours.inodes_used, &said["inodesUsed"], what);
    }

    fn network(&mut self, ours: &NetworkStats, said: &Value, what: &str) {
        self.time(ours.time_s, &said["time"], what);
        assert_eq!(*ours.name, *said["name"].as_str().unwrap_or_default(), "{what}");
        self.number(ours.rx_bytes, &said["rxBytes"], what);
        self.number(ours.rx_errors, &said["rxErrors"], what);
        self.number(ours.tx_bytes, &said["txBytes"], what);
        self.number(ours.tx_errors, &said["txErrors"], what);
    }

    fn container(&mut self, ours: &ContainerStats, said: &Value) {
        let what = said["name"].as_str().unwrap();
        assert_eq!(*ours.name, *what);
        self.time(ours.start_time_s, &said["startTime"], what);
        self.cpu(ours.cpu, &said["cpu"], what);
        self.memory(ours.memory, &said["memory"], what);
        self.number(ours.swap_usage_bytes, &said["swap"]["swapUsageBytes"], what);
        self.fs(ours.rootfs, &said["rootfs"], what);
        self.fs(ours.logs, &said["logs"], what);
    }

    fn summary(&mut self, ours: &Summary, said: &Value) {
        let (node, said_node) = (&ours.node, &said["node"]);
        assert_eq!(*node.name, *said_node["nodeName"].as_str().unwrap());
        self.cpu(node.cpu, &said_node["cpu"], "node");
        self.memory(node.memory, &said_node["memory"], "node");
        self.number(node.swap_usage_bytes, &said_node["swap"]["swapUsageBytes"], "node");
        self.network(&node.network, &said_node["network"], "node");
        self.fs(node.fs, &said_node["fs"], "node");
        self.fs(node.image_fs, &said_node["runtime"]["imageFs"], "image fs");
        self.fs(node.container_fs, &said_node["runtime"]["containerFs"], "container fs");
        self.number(node.max_pid, &said_node["rlimit"]["maxpid"], "node");
        self.number(node.running_processes, &said_node["rlimit"]["curproc"], "node");
        let system = said_node["systemContainers"].as_array().unwrap();
        assert_eq!(node.system_containers.len(), system.len());
        for (ours, said) in node.system_containers.iter().zip(system) {
            self.container(ours, said);
        }
        let pods = said["pods"].as_array().unwrap();
        assert_eq!(ours.pods.len(), pods.len());
        for (pod, said) in ours.pods.iter().zip(pods) {
            let what = said["podRef"]["name"].as_str().unwrap();
            let reference = (&*pod.uid.0, &*pod.namespace, &*pod.name);
            let text = |key: &str| said["podRef"][key].as_str().unwrap();
            assert_eq!(reference, (text("uid"), text("namespace"), what));
            self.time(pod.start_time_s, &said["startTime"], what);
            self.cpu(pod.cpu, &said["cpu"], what);
            self.memory(pod.memory, &said["memory"], what);
            self.number(pod.swap_usage_bytes, &said["swap"]["swapUsageBytes"], what);
            self.network(&pod.network, &said["network"], what);
            self.fs(pod.ephemeral_storage, &said["ephemeral-storage"], what);
            self.number(pod.process_count, &said["process_stats"]["process_count"], what);
            let empty = Vec::new();
            let containers = said["containers"].as_array().unwrap_or(&empty);
            assert_eq!(ours.containers_of(pod).len(), containers.len(), "{what}");
            for (ours, said) in ours.containers_of(pod).iter().zip(containers) {
                self.container(ours, said);
            }
            let volumes = said["volume"].as_array().unwrap_or(&empty);
            assert_eq!(ours.volumes_of(pod).len(), volumes.len(), "{what}");
            for (ours, said) in ours.volumes_of(pod).iter().zip(volumes) {
                assert_eq!(*ours.name, *said["name"].as_str().unwrap());
                self.fs(ours.fs, said, what);
            }
        }
    }
}

#[test]
fn every_number_of_every_summary_is_taken() {
    for driver in DRIVERS {
        let Some(folder) = truth::recording(driver) else { return };
        for (file, least) in [
            ("stats-summary.json", 800),
            ("stats-summary-after.json", 800),
            ("stats-summary-cpumem.json", 300),
        ] {
            let bytes = std::fs::read(folder.join(file)).unwrap();
            let parsed = parse_summary(&bytes).unwrap();
            assert_eq!(parsed.faults, 0, "{driver}/{file}");
            let mut ours = Summary::default();
            parsed.store(Stamp::default(), &mut ours);
            let mut compared = Compared::default();
            compared.summary(&ours, &serde_json::from_slice(&bytes).unwrap());
            eprintln!(
                "{driver}/{file}: {} pods, {} containers, {} volumes, {} values alike",
                ours.pods.len(),
                ours.containers.len(),
                ours.volumes.len(),
                compared.0
            );
            assert!(compared.0 >= least, "{driver}/{file}: {}", compared.0);
        }
    }
}

/// The families that become values; those of the start time have none of their own.
const TAKEN: [&str; 10] = [
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "container_start_time_seconds",
    "container_swap_usage_bytes",
    "node_cpu_usage_seconds_total",
    "node_memory_working_set_bytes",
    "node_swap_usage_bytes",
    "pod_cpu_usage_seconds_total",
    "pod_memory_working_set_bytes",
    "pod_swap_usage_bytes",
];

/// The page as lines again, as the kubelet's own: family, labels, value, time.
fn rows(page: &ResourcePage) -> Vec<(String, f64, Option<i64>)> {
    let mut rows = Vec::new();
    let mut sample = |subject: &str, labels: String, sample: podometer::model::kubelet::ResourceSample| {
        for (name, value, unit) in [
            ("cpu_usage_seconds_total", sample.cpu_usage_ns, 1e9),
            ("memory_working_set_bytes", sample.working_set_bytes, 1.0),
            ("swap_usage_bytes", sample.swap_usage_bytes, 1.0),
        ] {
            rows.extend(value.map(|value| {
                (format!("{subject}_{name}{labels}"), value.value as f64 / unit, Some(value.at_ms))
            }));
        }
    };
    sample("node", String::new(), page.node);
    for pod in &page.pods {
        sample("pod", format!("{{namespace=\"{}\",pod=\"{}\"}}", pod.namespace, pod.pod), pod.sample);
    }
    let mut starts = Vec::new();
    for container in &page.containers {
        let labels = format!(
            "{{container=\"{}\",namespace=\"{}\",pod=\"{}\"}}",
            container.container, container.namespace, container.pod
        );
        starts.extend(
            container
                .start_time_s
                .map(|start| (format!("container_start_time_seconds{labels}"), start, None)),
        );
        sample("container", labels, container.sample);
    }
    rows.extend(starts);
    rows
}

#[test]
fn every_sample_of_every_resource_page_is_taken() {
    for driver in DRIVERS {
        let Some(folder) = truth::recording(driver) else { return };
        let text = std::fs::read_to_string(folder.join("metrics-resource.txt")).unwrap();
        let parsed = parse_resource(text.as_bytes()).unwrap();
        assert_eq!(parsed.faults, 0);
        let mut page = ResourcePage::default();
        parsed.store(Stamp::default(), &mut page);
        assert!(!page.scrape_error);
        let mut ours = rows(&page);
        let mut said: Vec<(String, f64, Option<i64>)> = text
            .lines()
            .filter(|line| TAKEN.iter().any(|family| line.starts_with(family)))
            .map(|line| {
                let mut words = line.split(' ');
                let name = words.next().unwrap().to_owned();
                let value = words.next().unwrap().parse().unwrap();
                (name, value, words.next().map(|ms| ms.parse().unwrap()))
            })
            .collect();
        let by_name = |a: &(String, f64, Option<i64>), b: &(String, f64, Option<i64>)| a.0.cmp(&b.0);
        ours.sort_by(by_name);
        said.sort_by(by_name);
        eprintln!("{driver}: {} samples alike, of {} containers", said.len(), page.containers.len());
        assert!(said.len() > 80, "{}", said.len());
        // The kubelet's seconds are the shortest text of nanoseconds over 1e9, and so are ours.
        assert_eq!(ours, said);
    }
}
