//! Any text in any file of /proc that is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podometer::source::procfs::{
    Unread, cpuinfo, disks, interrupts, meminfo, mounts, net_dev, pods, pressure, processes, snmp, sockets,
    stat, sysctl, utmp,
};

fuzz_target!(|bytes: &[u8]| {
    let text = &*String::from_utf8_lossy(bytes);
    let mut unread = Unread::default();
    let unread = &mut unread;
    cpuinfo::parse_cpuinfo(text);
    disks::parse_diskstats(text, unread);
    interrupts::parse_interrupts(text, unread);
    meminfo::parse_meminfo(text, unread);
    meminfo::parse_vmstat(text, unread);
    mounts::parse_mounts(text, unread);
    net_dev::parse_net_dev(text, unread);
    pods::parse_cgroup_path(text);
    pressure::parse_pressure(text, unread);
    processes::parse_process_stat(bytes);
    snmp::parse_pairs(text, unread);
    snmp::parse_snmp6(text, unread);
    snmp::parse_sockstat(text, &mut Default::default(), unread);
    let _ = sockets::count_states(bytes);
    stat::parse_loadavg(text, unread);
    stat::parse_stat(text, unread);
    stat::parse_uptime(text, unread);
    sysctl::parse_columns(
        text,
        &["dentry-nr", "dentry-unused-nr", "no such"],
        &mut Default::default(),
        unread,
    );
    utmp::parse_utmp(bytes);
});
