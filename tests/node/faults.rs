//! What is missing or torn loses its own values only, and is named.

use std::fs;

use podometer::model::node::Node;
use podometer::source::procfs::NodeReader;

use crate::{at, config, reader, tree};

fn unpacked() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    tree::unpack("node_before", root.path());
    root
}

#[test]
fn an_empty_proc_names_every_file_that_each_kernel_has() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("proc")).unwrap();
    let (node, faults) = reader(root.path()).read(at(1));
    let expected = Node {
        taken: at(1),
        page_bytes: node.page_bytes,
        cpu: podometer::model::node::Cpu {
            ticks_per_second: node.cpu.ticks_per_second,
            ..Default::default()
        },
        ..Node::default()
    };
    assert_eq!(node, expected);
    let missing: Vec<String> = faults
        .iter()
        .map(|fault| {
            let text = fault.to_string();
            let path = text.strip_suffix(": No such file or directory (os error 2)").unwrap();
            path.strip_prefix(&format!("{}/proc/", root.path().display())).unwrap().to_owned()
        })
        .collect();
    assert_eq!(missing, ["stat", "loadavg", "uptime", "meminfo", "vmstat", "diskstats", "mounts", "net/dev"]);
}

#[test]
fn each_torn_file_gives_one_fault_with_its_line_and_keeps_the_rest() {
    let whole = unpacked();
    let (expected, _) = reader(whole.path()).read(at(1));
    for (file, torn) in [
        ("stat", "processes"),
        ("meminfo", "Percpu: many kB"),
        ("vmstat", "pgpgin \u{0}"),
        ("diskstats", " 8 0 sda 1 2"),
        ("1/net/dev", " eth1: 1 2 3"),
        ("1/net/snmp", "Sctp: A B"),
        ("1/net/snmp6", "Ip6InReceives"),
        ("pressure/io", "some"),
        ("interrupts", " 25: x"),
        ("1/mounts", "/dev/sdb /torn"),
    ] {
        let root = unpacked();
        let path = root.path().join("proc").join(file);
        let text = fs::read_to_string(&path).unwrap();
        let line = text.lines().count() + 1;
        fs::write(&path, format!("{text}{torn}\n")).unwrap();
        let (node, faults) = reader(root.path()).read(at(1));
        assert_eq!(faults.len(), 1, "{file}: {faults:?}");
        let fault = faults[0].to_string();
        assert!(fault.starts_with(&format!("{} line {line}: ", path.display())), "{fault}");
        assert_eq!(node.memory, expected.memory, "{file}");
        assert_eq!(node.disks, expected.disks, "{file}");
        assert_eq!(node.interfaces, expected.interfaces, "{file}");
        assert_eq!(node.cpu, expected.cpu, "{file}");
    }
}

#[test]
fn costly_counts_are_kept_until_they_are_due() {
    let root = unpacked();
    let mut reader = reader(root.path());
    let count = |reader: &mut NodeReader, seconds| {
        let (node, _) = reader.read(at(seconds));
        (node.processes.unwrap().total, node.sockets.udp.unwrap())
    };
    assert_eq!(count(&mut reader, 100), (6, 1));
    fs::create_dir(root.path().join("proc/44")).unwrap();
    fs::copy(root.path().join("proc/40/stat"), root.path().join("proc/44/stat")).unwrap();
    let udp = root.path().join("proc/1/net/udp");
    let rows = fs::read_to_string(&udp).unwrap();
    fs::write(&udp, format!("{rows}   1: 00000000:0036 00000000:0000 07 0\n")).unwrap();
    assert_eq!(count(&mut reader, 105), (6, 1));
    assert_eq!(count(&mut reader, 110), (6, 2));
    assert_eq!(count(&mut reader, 130), (7, 2));
}

#[test]
fn what_is_switched_off_is_absent() {
    let root = unpacked();
    let off = podometer::source::procfs::Config {
        processes: false,
        sockets: false,
        interrupts: false,
        ksm: false,
        ..config(root.path())
    };
    let (node, faults) = NodeReader::new(off).read(at(1));
    assert!(faults.is_empty());
    assert_eq!((node.processes, node.sockets.tcp, node.sockets.udp), (None, None, None));
    assert_eq!((node.interrupts, node.soft_interrupts), (None, None));
    assert!(node.ksm.is_empty());
    assert!(node.cpu.total.is_some());
}

#[test]
fn the_first_process_of_the_node_stands_for_its_network() {
    let root = unpacked();
    // The reader's own network, when it is not the node's.
    fs::create_dir_all(root.path().join("proc/net")).unwrap();
    fs::write(root.path().join("proc/net/dev"), "a\nb\n own0: 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n").unwrap();
    let names = |node: &Node| node.interfaces.iter().map(|row| row.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&reader(root.path()).read(at(1)).0), ["lo", "eth0", "ifb0"]);
    fs::remove_dir_all(root.path().join("proc/1/net")).unwrap();
    assert_eq!(names(&reader(root.path()).read(at(1)).0), ["own0"]);
}
