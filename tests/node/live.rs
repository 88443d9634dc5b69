//! This very machine: plausible values, with the crate `procfs` as the second opinion.

use std::collections::HashSet;

use podometer::encode::influx::LineWriter;
use podometer::encode::schema::host::{self, HostOptions};
use podometer::source::procfs::{Config, NodeReader, find_pod_processes, read_interfaces};
use procfs::{Current, CurrentSI};

use crate::at;

#[test]
fn this_machine_is_read_as_the_procfs_crate_reads_it() {
    let earlier = procfs::KernelStats::current().unwrap();
    let (node, faults) = NodeReader::new(Config::default()).read(at(1));
    let later = procfs::KernelStats::current().unwrap();
    let memory = procfs::Meminfo::current().unwrap();

    let places: HashSet<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(places.len(), faults.len(), "one fault a file: {faults:?}");
    assert_eq!(node.memory.mem_total, Some(memory.mem_total));
    assert_eq!(node.memory.commit_limit, memory.commit_limit);
    assert_eq!(node.kernel.boot_time, Some(later.btime));
    assert_eq!(node.cpu.cores.len(), later.cpu_time.len());
    assert_eq!(node.machine.logical_cpus, Some(later.cpu_time.len() as u32));
    let switches = node.kernel.context_switches.unwrap();
    assert!((earlier.ctxt..=later.ctxt).contains(&switches), "{} {switches} {}", earlier.ctxt, later.ctxt);
    let user = node.cpu.total.unwrap().user.unwrap();
    assert!((earlier.total.user..=later.total.user).contains(&user));
    let processes = node.processes.unwrap();
    assert!(processes.total >= 1 && processes.total_threads >= 1, "{processes:?}");
    assert!(node.filesystems.iter().all(|filesystem| {
        filesystem.free_bytes <= filesystem.total_bytes && filesystem.avail_bytes <= filesystem.free_bytes
    }));
}

#[test]
fn what_is_written_of_this_machine_parses() {
    let mut reader = NodeReader::new(Config { ksm: true, ..Config::default() });
    let (before, _) = reader.read(at(100));
    let (after, _) = reader.read(at(110));
    let mut out = Vec::new();
    let options = HostOptions { cpu_time: true, all_interfaces: true, ..HostOptions::default() };
    host::write(&after, Some(&before), "this, one", &options, &mut LineWriter::new(&mut out));
    let text = String::from_utf8(out).unwrap();
    let mut measurements = HashSet::new();
    for line in influxdb_line_protocol::parse_lines(&text) {
        let line = line.unwrap();
        assert_eq!(line.tag_value("host").unwrap().as_str(), "this, one");
        measurements.insert(line.series.measurement.to_string());
    }
    for measurement in ["cpu", "mem", "system", "kernel", "processes", "net"] {
        assert!(measurements.contains(measurement), "{measurement} not in {measurements:?}");
    }
}

#[test]
fn own_interfaces_can_be_read() {
    let procfs = std::path::Path::new("/proc");
    let interfaces = read_interfaces(procfs, std::process::id()).unwrap();
    assert!(interfaces.iter().all(|interface| &*interface.name != "lo"));
    // No path is a pod's here: nothing is found and nothing fails.
    assert!(find_pod_processes(procfs, &|_| None).is_empty());
}
