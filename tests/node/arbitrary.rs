//! No parser panics, whatever stands in a file.

use podometer::model::node::{SockStat, SysctlFs};
use podometer::source::procfs::*;
use proptest::prelude::*;

/// Garbage, and pieces of real files put together wrongly.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "cpu",
        "cpu0",
        " ",
        "\n",
        ":",
        "0",
        "1",
        "-1",
        "18446744073709551615",
        "99999999999999999999",
        "kB",
        "Tcp:",
        "some",
        "full ",
        "avg10=",
        "total=",
        "CPU0",
        "eth0:",
        "processor",
        "physical id",
        "0::",
        "/..",
        "/",
        "\\040",
        "\\",
        "\t",
        "nan",
        "inf",
        "1e999",
        "(",
        ")",
        "S",
        "MemTotal:",
        "\u{0}",
        "\u{fffd}",
        "ß",
        "ctxt",
        "intr",
    ]);
    prop_oneof![
        any::<Vec<u8>>().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat()),
    ]
}

proptest! {
    #[test]
    fn no_parser_panics(text in text()) {
        let mut unread = Unread::default();
        stat::parse_stat(&text, &mut unread);
        stat::parse_loadavg(&text, &mut unread);
        stat::parse_uptime(&text, &mut unread);
        meminfo::parse_meminfo(&text, &mut unread);
        meminfo::parse_vmstat(&text, &mut unread);
        disks::parse_diskstats(&text, &mut unread);
        mounts::parse_mounts(&text, &mut unread);
        net_dev::parse_net_dev(&text, &mut unread);
        snmp::parse_pairs(&text, &mut unread);
        snmp::parse_snmp6(&text, &mut unread);
        snmp::parse_sockstat(&text, &mut SockStat::default(), &mut unread);
        interrupts::parse_interrupts(&text, &mut unread);
        pressure::parse_pressure(&text, &mut unread);
        sysctl::parse_columns(&text, &["file-nr", "", "file-max"], &mut SysctlFs::default(), &mut unread);
        cpuinfo::parse_cpuinfo(&text);
        processes::parse_process_stat(text.as_bytes());
        sockets::count_states(text.as_bytes()).unwrap();
        utmp::parse_utmp(text.as_bytes());
        let path = pods::parse_cgroup_path(&text);
        prop_assert!(path.is_none_or(|path| path != "/.." && !path.starts_with("/../")));
        // The first line is shown in a bounded length, so that a log line stays one.
        prop_assert!(unread.first.is_none_or(|(line, text)| line >= 1 && text.chars().count() <= 80));
    }
}
