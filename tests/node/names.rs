//! Every exported name of the node against golden files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use influxdb_line_protocol::{FieldValue, parse_lines};
use podometer::encode::influx::LineWriter;
use podometer::encode::schema::host::{self, HostOptions};
use podometer::encode::schema::node::{FAMILIES, MACHINE};
use podometer::model::node::{Filesystem, Node};

use crate::{at, golden, reader, tree};

/// Two readings of the fixture, ten seconds apart.
fn readings() -> (Node, Node) {
    let root = tempfile::tempdir().unwrap();
    tree::unpack("node_before", root.path());
    // utmp is binary: one session of `ann`. See utmp(5) for the layout.
    let mut utmp = vec![0_u8; 384];
    utmp[0] = 7;
    utmp[44..47].copy_from_slice(b"ann");
    std::fs::create_dir_all(root.path().join("run")).unwrap();
    std::fs::write(root.path().join("run/utmp"), utmp).unwrap();

    let mut reader = reader(root.path());
    let (mut before, faults) = reader.read(at(100));
    assert!(faults.is_empty(), "{faults:?}");
    tree::unpack("node_after", root.path());
    let (mut after, faults) = reader.read(at(110));
    assert!(faults.is_empty(), "{faults:?}");
    fix_sizes(&mut before);
    fix_sizes(&mut after);
    (before, after)
}

/// What comes from this machine and not from the fixture: sizes of file systems, and of a page.
fn fix_sizes(node: &mut Node) {
    node.page_bytes = 4096;
    for filesystem in &mut node.filesystems {
        *filesystem = Filesystem {
            total_bytes: 1_000_000,
            free_bytes: 600_000,
            avail_bytes: 500_000,
            inodes_total: 1000,
            inodes_free: 900,
            ..filesystem.clone()
        };
    }
}

fn lines(options: &HostOptions<'_>) -> String {
    let (before, after) = readings();
    let mut out = Vec::new();
    host::write(&after, Some(&before), "node-1", options, &mut LineWriter::new(&mut out));
    String::from_utf8(out).unwrap()
}

/// Everything that can be switched on.
const ALL: HostOptions<'static> = HostOptions {
    tags: &[],
    per_cpu: true,
    cpu_time: true,
    cpu_active: true,
    protocol_row: true,
    all_interfaces: true,
    interrupts: true,
};

#[test]
fn host_points_are_as_in_the_golden_file() {
    golden::check("host_points.txt", &lines(&ALL));
}

#[test]
fn host_measurements_tags_fields_and_types_are_as_in_the_golden_file() {
    let text = lines(&ALL);
    let mut measurements: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for line in parse_lines(&text) {
        let line = line.unwrap();
        assert!(line.timestamp.is_some());
        let (tags, fields) = measurements.entry(line.series.measurement.to_string()).or_default();
        tags.extend(line.series.tag_set.into_iter().flatten().map(|(key, _)| key.to_string()));
        fields.extend(line.field_set.iter().map(|(key, value)| format!("{key} {}", type_of(value))));
    }
    let mut listing = String::new();
    for (measurement, (tags, fields)) in measurements {
        writeln!(listing, "{measurement}").unwrap();
        for tag in tags {
            writeln!(listing, "  tag {tag}").unwrap();
        }
        for field in fields {
            writeln!(listing, "  field {field}").unwrap();
        }
    }
    golden::check("host_measurements.txt", &listing);
}

fn type_of(value: &FieldValue<'_>) -> &'static str {
    match value {
        FieldValue::I64(_) => "integer",
        FieldValue::U64(_) => "unsigned",
        FieldValue::F64(_) => "float",
        FieldValue::String(_) => "string",
        FieldValue::Boolean(_) => "boolean",
    }
}

#[test]
fn no_tag_comes_twice_and_every_point_has_its_host_first() {
    let tags = [("env", "Kubernetes"), ("host", "other"), ("cpu", "mine")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let text = lines(&HostOptions { tags: &tags, ..ALL });
    assert!(text.lines().count() > 30);
    for line in parse_lines(&text) {
        let line = line.unwrap();
        let keys: Vec<String> =
            line.series.tag_set.iter().flatten().map(|(key, _)| key.to_string()).collect();
        assert_eq!(keys[0], "host");
        assert_eq!(line.tag_value("host").unwrap().as_str(), "node-1");
        assert_eq!(line.tag_value("env").unwrap().as_str(), "Kubernetes");
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "{keys:?}");
        let own = if line.series.measurement == "cpu" { "cpu" } else { "mine" };
        assert!(line.tag_value("cpu").unwrap().as_str().starts_with(own));
    }
}

#[test]
fn by_default_loopback_and_dead_links_are_left_out() {
    let text = lines(&HostOptions::default());
    let interfaces: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("net,host=node-1,interface=")?.split(' ').next())
        .collect();
    assert_eq!(interfaces, ["eth0", "all"]);
    assert!(!text.contains("time_user"));
}

#[test]
fn an_empty_reading_writes_nothing() {
    let mut out = Vec::new();
    let mut writer = LineWriter::new(&mut out);
    host::write(&Node::default(), Some(&Node::default()), "h", &ALL, &mut writer);
    assert_eq!(writer.points, 0);
    assert!(out.is_empty());
    for family in MACHINE.iter().chain(FAMILIES) {
        (family.rows)(&Node::default(), &mut |labels, value| panic!("{} {labels:?} {value}", family.name));
    }
}

#[test]
fn families_labels_and_values_are_as_in_the_golden_file() {
    let (_, after) = readings();
    let mut listing = String::new();
    for family in MACHINE.iter().chain(FAMILIES) {
        writeln!(listing, "{} {:?}", family.name, family.kind).unwrap();
        (family.rows)(&after, &mut |labels, value| writeln!(listing, "  {labels:?} {value}").unwrap());
    }
    golden::check("node_families.txt", &listing);
}

#[test]
fn families_are_sorted_named_well_and_explained() {
    assert!(FAMILIES.is_sorted_by(|a, b| a.name < b.name));
    let (_, after) = readings();
    for family in MACHINE.iter().chain(FAMILIES) {
        assert!(family.help.ends_with('.'), "{}", family.name);
        assert!(family.name.starts_with("node_") || family.name.starts_with("machine_"), "{}", family.name);
        let mut seen = BTreeSet::new();
        (family.rows)(&after, &mut |labels, value| {
            assert!(value.is_finite());
            assert!(seen.insert(format!("{labels:?}")), "{} {labels:?} twice", family.name);
        });
    }
}
