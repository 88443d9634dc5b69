//! The node in node_exporter's standard names, and the machine in cAdvisor's.
//!
//! The kubelet's `node_cpu_usage_seconds_total` and `node_memory_working_set_bytes` are not here: they come
//! from the root cgroup. Counters of node_netstat and node_vmstat keep names without `_total`, as
//! dashboards ask for them, and are gauges because OpenMetrics would otherwise append it.
//! Source: node_exporter `collector/`, cAdvisor `lib/metrics/prometheus_machine.go`.

mod shape;

use super::{Kind, SmallFamily};
use crate::model::node::{Disk, Node, Protocol};

/// The modes of node_cpu_seconds_total.
const MODES: &[(&str, shape::Ticks)] = &[
    ("idle", |times| times.idle),
    ("iowait", |times| times.iowait),
    ("irq", |times| times.irq),
    ("nice", |times| times.nice),
    ("softirq", |times| times.softirq),
    ("steal", |times| times.steal),
    ("system", |times| times.system),
    ("user", |times| times.user),
];

const GUEST_MODES: &[(&str, shape::Ticks)] =
    &[("nice", |times| times.guest_nice), ("user", |times| times.guest)];

fn float(value: Option<u64>) -> Option<f64> {
    value.map(|value| value as f64)
}

fn sectors(count: u64) -> f64 {
    count as f64 * Disk::SECTOR_BYTES as f64
}

/// Kind, shape (see [`shape`]), name, help and value: one family a line.
macro_rules! families {
    ($(#[$comment:meta])* $table:ident; $($kind:ident $shape:ident $name:literal $help:literal => $value:expr;)*) => {
        $(#[$comment])*
        pub static $table: &[SmallFamily<Node>] = &[$(SmallFamily {
            name: $name,
            help: $help,
            kind: Kind::$kind,
            rows: |node, emit| shape::$shape(node, emit, $value),
        },)*];
    };
}

families! {
    /// The machine as cAdvisor names it, sorted by name.
    MACHINE;
    Gauge machine "machine_cpu_cores" "Logical CPUs of the machine." => |node| node.machine.logical_cpus.map(u64::from);
    Gauge machine "machine_cpu_physical_cores" "Physical cores of the machine." => |node| node.machine.physical_cores.map(u64::from);
    Gauge machine "machine_cpu_sockets" "CPU sockets of the machine." => |node| node.machine.sockets.map(u64::from);
    Gauge machine "machine_memory_bytes" "Memory of the machine." => |node| node.memory.mem_total;
    Gauge machine "machine_swap_bytes" "Swap of the machine." => |node| node.memory.swap_total;
}

families! {
    /// The node as node_exporter names it, sorted by name.
    FAMILIES;
    Gauge one "node_boot_time_seconds" "When the node started, in seconds since the epoch." => |node| float(node.kernel.boot_time);
    Counter one "node_context_switches_total" "Context switches." => |node| float(node.kernel.context_switches);
    Counter cpu "node_cpu_guest_seconds_total" "Seconds that each CPU spent in guests; they are part of user and nice." => GUEST_MODES;
    Counter cpu "node_cpu_seconds_total" "Seconds that each CPU spent in each mode." => MODES;
    Counter disk "node_disk_discard_time_seconds_total" "Seconds spent by all discards." => |disk| disk.discard_ms.map(|ms| ms as f64 / 1e3);
    Counter disk "node_disk_discarded_sectors_total" "Sectors discarded." => |disk| disk.sectors_discarded.map(|count| count as f64);
    Counter disk "node_disk_discards_completed_total" "Discards completed." => |disk| disk.discards.map(|count| count as f64);
    Counter disk "node_disk_discards_merged_total" "Discards merged." => |disk| disk.merged_discards.map(|count| count as f64);
    Counter disk "node_disk_flush_requests_time_seconds_total" "Seconds spent by all flush requests." => |disk| disk.flush_ms.map(|ms| ms as f64 / 1e3);
    Counter disk "node_disk_flush_requests_total" "Flush requests completed." => |disk| disk.flushes.map(|count| count as f64);
    Gauge disk "node_disk_io_now" "Requests under way." => |disk| Some(disk.in_progress as f64);
    Counter disk "node_disk_io_time_seconds_total" "Seconds in which at least one request was under way." => |disk| Some(disk.io_ms as f64 / 1e3);
    Counter disk "node_disk_io_time_weighted_seconds_total" "Seconds spent by all requests, those under way included." => |disk| Some(disk.weighted_io_ms as f64 / 1e3);
    Counter disk "node_disk_read_bytes_total" "Bytes read." => |disk| Some(sectors(disk.sectors_read));
    Counter disk "node_disk_read_time_seconds_total" "Seconds spent by all reads." => |disk| Some(disk.read_ms as f64 / 1e3);
    Counter disk "node_disk_reads_completed_total" "Reads completed." => |disk| Some(disk.reads as f64);
    Counter disk "node_disk_reads_merged_total" "Reads merged." => |disk| Some(disk.merged_reads as f64);
    Counter disk "node_disk_write_time_seconds_total" "Seconds spent by all writes." => |disk| Some(disk.write_ms as f64 / 1e3);
    Counter disk "node_disk_writes_completed_total" "Writes completed." => |disk| Some(disk.writes as f64);
    Counter disk "node_disk_writes_merged_total" "Writes merged." => |disk| Some(disk.merged_writes as f64);
    Counter disk "node_disk_written_bytes_total" "Bytes written." => |disk| Some(sectors(disk.sectors_written));
    Gauge one "node_entropy_available_bits" "Bits of entropy available." => |node| float(node.kernel.entropy_avail);
    Gauge one "node_filefd_allocated" "Open file handles." => |node| float(node.sysctl_fs.file_nr);
    Gauge one "node_filefd_maximum" "File handles that can be open." => |node| float(node.sysctl_fs.file_max);
    Gauge fs "node_filesystem_avail_bytes" "Bytes free to users." => |filesystem| filesystem.avail_bytes;
    Gauge fs "node_filesystem_files" "Inodes in all." => |filesystem| filesystem.inodes_total;
    Gauge fs "node_filesystem_files_free" "Inodes free." => |filesystem| filesystem.inodes_free;
    Gauge fs "node_filesystem_free_bytes" "Bytes free to root." => |filesystem| filesystem.free_bytes;
    Gauge fs "node_filesystem_readonly" "1 when mounted read-only." => |filesystem| u64::from(filesystem.read_only);
    Gauge fs "node_filesystem_size_bytes" "Size of the file system." => |filesystem| filesystem.total_bytes;
    Counter one "node_forks_total" "Processes and threads created." => |node| float(node.kernel.processes_forked);
    Counter one "node_intr_total" "Interrupts serviced." => |node| float(node.kernel.interrupts);
    Gauge one "node_load1" "Load average over 1 minute." => |node| node.load.load1;
    Gauge one "node_load15" "Load average over 15 minutes." => |node| node.load.load15;
    Gauge one "node_load5" "Load average over 5 minutes." => |node| node.load.load5;
    Gauge mem "node_memory_Active_anon_bytes" "Memory information field Active_anon_bytes." => |memory| memory.active_anon;
    Gauge mem "node_memory_Active_bytes" "Memory information field Active_bytes." => |memory| memory.active;
    Gauge mem "node_memory_Active_file_bytes" "Memory information field Active_file_bytes." => |memory| memory.active_file;
    Gauge mem "node_memory_AnonHugePages_bytes" "Memory information field AnonHugePages_bytes." => |memory| memory.anon_huge_pages;
    Gauge mem "node_memory_AnonPages_bytes" "Memory information field AnonPages_bytes." => |memory| memory.anon_pages;
    Gauge mem "node_memory_Bounce_bytes" "Memory information field Bounce_bytes." => |memory| memory.bounce;
    Gauge mem "node_memory_Buffers_bytes" "Memory information field Buffers_bytes." => |memory| memory.buffers;
    Gauge mem "node_memory_Cached_bytes" "Memory information field Cached_bytes." => |memory| memory.cached;
    Gauge mem "node_memory_CmaFree_bytes" "Memory information field CmaFree_bytes." => |memory| memory.cma_free;
    Gauge mem "node_memory_CmaTotal_bytes" "Memory information field CmaTotal_bytes." => |memory| memory.cma_total;
    Gauge mem "node_memory_CommitLimit_bytes" "Memory information field CommitLimit_bytes." => |memory| memory.commit_limit;
    Gauge mem "node_memory_Committed_AS_bytes" "Memory information field Committed_AS_bytes." => |memory| memory.committed_as;
    Gauge mem "node_memory_DirectMap1G_bytes" "Memory information field DirectMap1G_bytes." => |memory| memory.direct_map_1g;
    Gauge mem "node_memory_DirectMap2M_bytes" "Memory information field DirectMap2M_bytes." => |memory| memory.direct_map_2m;
    Gauge mem "node_memory_DirectMap4k_bytes" "Memory information field DirectMap4k_bytes." => |memory| memory.direct_map_4k;
    Gauge mem "node_memory_Dirty_bytes" "Memory information field Dirty_bytes." => |memory| memory.dirty;
    Gauge mem "node_memory_FileHugePages_bytes" "Memory information field FileHugePages_bytes." => |memory| memory.file_huge_pages;
    Gauge mem "node_memory_FilePmdMapped_bytes" "Memory information field FilePmdMapped_bytes." => |memory| memory.file_pmd_mapped;
    Gauge mem "node_memory_HardwareCorrupted_bytes" "Memory information field HardwareCorrupted_bytes." => |memory| memory.hardware_corrupted;
    Gauge mem "node_memory_HighFree_bytes" "Memory information field HighFree_bytes." => |memory| memory.high_free;
    Gauge mem "node_memory_HighTotal_bytes" "Memory information field HighTotal_bytes." => |memory| memory.high_total;
    Gauge mem "node_memory_HugePages_Free" "Memory information field HugePages_Free." => |memory| memory.huge_pages_free;
    Gauge mem "node_memory_HugePages_Rsvd" "Memory information field HugePages_Rsvd." => |memory| memory.huge_pages_rsvd;
    Gauge mem "node_memory_HugePages_Surp" "Memory information field HugePages_Surp." => |memory| memory.huge_pages_surp;
    Gauge mem "node_memory_HugePages_Total" "Memory information field HugePages_Total." => |memory| memory.huge_pages_total;
    Gauge mem "node_memory_Hugepagesize_bytes" "Memory information field Hugepagesize_bytes." => |memory| memory.huge_page_size;
    Gauge mem "node_memory_Hugetlb_bytes" "Memory information field Hugetlb_bytes." => |memory| memory.hugetlb;
    Gauge mem "node_memory_Inactive_anon_bytes" "Memory information field Inactive_anon_bytes." => |memory| memory.inactive_anon;
    Gauge mem "node_memory_Inactive_bytes" "Memory information field Inactive_bytes." => |memory| memory.inactive;
    Gauge mem "node_memory_Inactive_file_bytes" "Memory information field Inactive_file_bytes." => |memory| memory.inactive_file;
    Gauge mem "node_memory_KReclaimable_bytes" "Memory information field KReclaimable_bytes." => |memory| memory.k_reclaimable;
    Gauge mem "node_memory_KernelStack_bytes" "Memory information field KernelStack_bytes." => |memory| memory.kernel_stack;
    Gauge mem "node_memory_LowFree_bytes" "Memory information field LowFree_bytes." => |memory| memory.low_free;
    Gauge mem "node_memory_LowTotal_bytes" "Memory information field LowTotal_bytes." => |memory| memory.low_total;
    Gauge mem "node_memory_Mapped_bytes" "Memory information field Mapped_bytes." => |memory| memory.mapped;
    Gauge mem "node_memory_MemAvailable_bytes" "Memory information field MemAvailable_bytes." => |memory| memory.mem_available;
    Gauge mem "node_memory_MemFree_bytes" "Memory information field MemFree_bytes." => |memory| memory.mem_free;
    Gauge mem "node_memory_MemTotal_bytes" "Memory information field MemTotal_bytes." => |memory| memory.mem_total;
    Gauge mem "node_memory_Mlocked_bytes" "Memory information field Mlocked_bytes." => |memory| memory.mlocked;
    Gauge mem "node_memory_NFS_Unstable_bytes" "Memory information field NFS_Unstable_bytes." => |memory| memory.nfs_unstable;
    Gauge mem "node_memory_PageTables_bytes" "Memory information field PageTables_bytes." => |memory| memory.page_tables;
    Gauge mem "node_memory_Percpu_bytes" "Memory information field Percpu_bytes." => |memory| memory.percpu;
    Gauge mem "node_memory_SReclaimable_bytes" "Memory information field SReclaimable_bytes." => |memory| memory.s_reclaimable;
    Gauge mem "node_memory_SUnreclaim_bytes" "Memory information field SUnreclaim_bytes." => |memory| memory.s_unreclaim;
    Gauge mem "node_memory_SecPageTables_bytes" "Memory information field SecPageTables_bytes." => |memory| memory.sec_page_tables;
    Gauge mem "node_memory_ShmemHugePages_bytes" "Memory information field ShmemHugePages_bytes." => |memory| memory.shmem_huge_pages;
    Gauge mem "node_memory_ShmemPmdMapped_bytes" "Memory information field ShmemPmdMapped_bytes." => |memory| memory.shmem_pmd_mapped;
    Gauge mem "node_memory_Shmem_bytes" "Memory information field Shmem_bytes." => |memory| memory.shmem;
    Gauge mem "node_memory_Slab_bytes" "Memory information field Slab_bytes." => |memory| memory.slab;
    Gauge mem "node_memory_SwapCached_bytes" "Memory information field SwapCached_bytes." => |memory| memory.swap_cached;
    Gauge mem "node_memory_SwapFree_bytes" "Memory information field SwapFree_bytes." => |memory| memory.swap_free;
    Gauge mem "node_memory_SwapTotal_bytes" "Memory information field SwapTotal_bytes." => |memory| memory.swap_total;
    Gauge mem "node_memory_Unevictable_bytes" "Memory information field Unevictable_bytes." => |memory| memory.unevictable;
    Gauge mem "node_memory_VmallocChunk_bytes" "Memory information field VmallocChunk_bytes." => |memory| memory.vmalloc_chunk;
    Gauge mem "node_memory_VmallocTotal_bytes" "Memory information field VmallocTotal_bytes." => |memory| memory.vmalloc_total;
    Gauge mem "node_memory_VmallocUsed_bytes" "Memory information field VmallocUsed_bytes." => |memory| memory.vmalloc_used;
    Gauge mem "node_memory_WritebackTmp_bytes" "Memory information field WritebackTmp_bytes." => |memory| memory.writeback_tmp;
    Gauge mem "node_memory_Writeback_bytes" "Memory information field Writeback_bytes." => |memory| memory.writeback;
    Gauge mem "node_memory_Zswap_bytes" "Memory information field Zswap_bytes." => |memory| memory.zswap;
    Gauge mem "node_memory_Zswapped_bytes" "Memory information field Zswapped_bytes." => |memory| memory.zswapped;
    Gauge proto "node_netstat_Icmp6_InErrors" "Protocol counter Icmp6InErrors." => (Protocol::Snmp6, "Icmp6InErrors");
    Gauge proto "node_netstat_Icmp6_InMsgs" "Protocol counter Icmp6InMsgs." => (Protocol::Snmp6, "Icmp6InMsgs");
    Gauge proto "node_netstat_Icmp6_OutMsgs" "Protocol counter Icmp6OutMsgs." => (Protocol::Snmp6, "Icmp6OutMsgs");
    Gauge proto "node_netstat_Icmp_InErrors" "Protocol counter IcmpInErrors." => (Protocol::Snmp, "IcmpInErrors");
    Gauge proto "node_netstat_Icmp_InMsgs" "Protocol counter IcmpInMsgs." => (Protocol::Snmp, "IcmpInMsgs");
    Gauge proto "node_netstat_Icmp_OutMsgs" "Protocol counter IcmpOutMsgs." => (Protocol::Snmp, "IcmpOutMsgs");
    Gauge proto "node_netstat_Ip6_InOctets" "Protocol counter Ip6InOctets." => (Protocol::Snmp6, "Ip6InOctets");
    Gauge proto "node_netstat_Ip6_OutOctets" "Protocol counter Ip6OutOctets." => (Protocol::Snmp6, "Ip6OutOctets");
    Gauge proto "node_netstat_IpExt_InOctets" "Protocol counter IpExtInOctets." => (Protocol::Netstat, "IpExtInOctets");
    Gauge proto "node_netstat_IpExt_OutOctets" "Protocol counter IpExtOutOctets." => (Protocol::Netstat, "IpExtOutOctets");
    Gauge proto "node_netstat_Ip_Forwarding" "Protocol counter IpForwarding." => (Protocol::Snmp, "IpForwarding");
    Gauge proto "node_netstat_TcpExt_ListenDrops" "Protocol counter TcpExtListenDrops." => (Protocol::Netstat, "TcpExtListenDrops");
    Gauge proto "node_netstat_TcpExt_ListenOverflows" "Protocol counter TcpExtListenOverflows." => (Protocol::Netstat, "TcpExtListenOverflows");
    Gauge proto "node_netstat_TcpExt_SyncookiesFailed" "Protocol counter TcpExtSyncookiesFailed." => (Protocol::Netstat, "TcpExtSyncookiesFailed");
    Gauge proto "node_netstat_TcpExt_SyncookiesRecv" "Protocol counter TcpExtSyncookiesRecv." => (Protocol::Netstat, "TcpExtSyncookiesRecv");
    Gauge proto "node_netstat_TcpExt_SyncookiesSent" "Protocol counter TcpExtSyncookiesSent." => (Protocol::Netstat, "TcpExtSyncookiesSent");
    Gauge proto "node_netstat_TcpExt_TCPOFOQueue" "Protocol counter TcpExtTCPOFOQueue." => (Protocol::Netstat, "TcpExtTCPOFOQueue");
    Gauge proto "node_netstat_TcpExt_TCPRcvQDrop" "Protocol counter TcpExtTCPRcvQDrop." => (Protocol::Netstat, "TcpExtTCPRcvQDrop");
    Gauge proto "node_netstat_TcpExt_TCPSynRetrans" "Protocol counter TcpExtTCPSynRetrans." => (Protocol::Netstat, "TcpExtTCPSynRetrans");
    Gauge proto "node_netstat_TcpExt_TCPTimeouts" "Protocol counter TcpExtTCPTimeouts." => (Protocol::Netstat, "TcpExtTCPTimeouts");
    Gauge proto "node_netstat_Tcp_ActiveOpens" "Protocol counter TcpActiveOpens." => (Protocol::Snmp, "TcpActiveOpens");
    Gauge proto "node_netstat_Tcp_CurrEstab" "Protocol counter TcpCurrEstab." => (Protocol::Snmp, "TcpCurrEstab");
    Gauge proto "node_netstat_Tcp_InErrs" "Protocol counter TcpInErrs." => (Protocol::Snmp, "TcpInErrs");
    Gauge proto "node_netstat_Tcp_InSegs" "Protocol counter TcpInSegs." => (Protocol::Snmp, "TcpInSegs");
    Gauge proto "node_netstat_Tcp_OutRsts" "Protocol counter TcpOutRsts." => (Protocol::Snmp, "TcpOutRsts");
    Gauge proto "node_netstat_Tcp_OutSegs" "Protocol counter TcpOutSegs." => (Protocol::Snmp, "TcpOutSegs");
    Gauge proto "node_netstat_Tcp_PassiveOpens" "Protocol counter TcpPassiveOpens." => (Protocol::Snmp, "TcpPassiveOpens");
    Gauge proto "node_netstat_Tcp_RetransSegs" "Protocol counter TcpRetransSegs." => (Protocol::Snmp, "TcpRetransSegs");
    Gauge proto "node_netstat_Udp6_InDatagrams" "Protocol counter Udp6InDatagrams." => (Protocol::Snmp6, "Udp6InDatagrams");
    Gauge proto "node_netstat_Udp6_InErrors" "Protocol counter Udp6InErrors." => (Protocol::Snmp6, "Udp6InErrors");
    Gauge proto "node_netstat_Udp6_NoPorts" "Protocol counter Udp6NoPorts." => (Protocol::Snmp6, "Udp6NoPorts");
    Gauge proto "node_netstat_Udp6_OutDatagrams" "Protocol counter Udp6OutDatagrams." => (Protocol::Snmp6, "Udp6OutDatagrams");
    Gauge proto "node_netstat_Udp6_RcvbufErrors" "Protocol counter Udp6RcvbufErrors." => (Protocol::Snmp6, "Udp6RcvbufErrors");
    Gauge proto "node_netstat_Udp6_SndbufErrors" "Protocol counter Udp6SndbufErrors." => (Protocol::Snmp6, "Udp6SndbufErrors");
    Gauge proto "node_netstat_UdpLite6_InErrors" "Protocol counter UdpLite6InErrors." => (Protocol::Snmp6, "UdpLite6InErrors");
    Gauge proto "node_netstat_UdpLite_InErrors" "Protocol counter UdpLiteInErrors." => (Protocol::Snmp, "UdpLiteInErrors");
    Gauge proto "node_netstat_Udp_InDatagrams" "Protocol counter UdpInDatagrams." => (Protocol::Snmp, "UdpInDatagrams");
    Gauge proto "node_netstat_Udp_InErrors" "Protocol counter UdpInErrors." => (Protocol::Snmp, "UdpInErrors");
    Gauge proto "node_netstat_Udp_NoPorts" "Protocol counter UdpNoPorts." => (Protocol::Snmp, "UdpNoPorts");
    Gauge proto "node_netstat_Udp_OutDatagrams" "Protocol counter UdpOutDatagrams." => (Protocol::Snmp, "UdpOutDatagrams");
    Gauge proto "node_netstat_Udp_RcvbufErrors" "Protocol counter UdpRcvbufErrors." => (Protocol::Snmp, "UdpRcvbufErrors");
    Gauge proto "node_netstat_Udp_SndbufErrors" "Protocol counter UdpSndbufErrors." => (Protocol::Snmp, "UdpSndbufErrors");
    Counter net "node_network_receive_bytes_total" "/proc/net/dev column receive bytes." => |interface| Some(interface.rx_bytes);
    Counter net "node_network_receive_compressed_total" "/proc/net/dev column receive compressed." => |interface| Some(interface.rx_compressed);
    Counter net "node_network_receive_drop_total" "/proc/net/dev column receive drop." => |interface| Some(interface.rx_dropped);
    Counter net "node_network_receive_errs_total" "/proc/net/dev column receive errs." => |interface| Some(interface.rx_errors);
    Counter net "node_network_receive_fifo_total" "/proc/net/dev column receive fifo." => |interface| Some(interface.rx_fifo);
    Counter net "node_network_receive_frame_total" "/proc/net/dev column receive frame." => |interface| Some(interface.rx_frame);
    Counter net "node_network_receive_multicast_total" "/proc/net/dev column receive multicast." => |interface| Some(interface.rx_multicast);
    Counter net "node_network_receive_packets_total" "/proc/net/dev column receive packets." => |interface| Some(interface.rx_packets);
    Gauge net "node_network_speed_bytes" "Speed of the link in bytes per second." => |interface| interface.speed_mbit.map(|speed| speed.saturating_mul(125_000));
    Counter net "node_network_transmit_bytes_total" "/proc/net/dev column transmit bytes." => |interface| Some(interface.tx_bytes);
    Counter net "node_network_transmit_carrier_total" "/proc/net/dev column transmit carrier." => |interface| Some(interface.tx_carrier);
    Counter net "node_network_transmit_colls_total" "/proc/net/dev column transmit colls." => |interface| Some(interface.tx_collisions);
    Counter net "node_network_transmit_compressed_total" "/proc/net/dev column transmit compressed." => |interface| Some(interface.tx_compressed);
    Counter net "node_network_transmit_drop_total" "/proc/net/dev column transmit drop." => |interface| Some(interface.tx_dropped);
    Counter net "node_network_transmit_errs_total" "/proc/net/dev column transmit errs." => |interface| Some(interface.tx_errors);
    Counter net "node_network_transmit_fifo_total" "/proc/net/dev column transmit fifo." => |interface| Some(interface.tx_fifo);
    Counter net "node_network_transmit_packets_total" "/proc/net/dev column transmit packets." => |interface| Some(interface.tx_packets);
    Gauge net "node_network_up" "1 when the link is up." => |interface| interface.operstate.as_deref().map(|state| u64::from(state == "up"));
    Gauge one "node_nf_conntrack_entries" "Connections that netfilter tracks." => |node| float(node.conntrack.count);
    Gauge one "node_nf_conntrack_entries_limit" "Connections that netfilter can track." => |node| float(node.conntrack.max);
    Counter psi "node_pressure_cpu_waiting_seconds_total" "Seconds in which some tasks waited for the CPU." => |node| node.pressure.cpu.some;
    Counter psi "node_pressure_io_stalled_seconds_total" "Seconds in which no task could run for waiting on IO." => |node| node.pressure.io.full;
    Counter psi "node_pressure_io_waiting_seconds_total" "Seconds in which some tasks waited for IO." => |node| node.pressure.io.some;
    Counter psi "node_pressure_memory_stalled_seconds_total" "Seconds in which no task could run for waiting on memory." => |node| node.pressure.memory.full;
    Counter psi "node_pressure_memory_waiting_seconds_total" "Seconds in which some tasks waited for memory." => |node| node.pressure.memory.some;
    Gauge one "node_processes_pids" "Processes." => |node| node.processes.map(|processes| processes.total as f64);
    Gauge states "node_processes_state" "Processes by state." => ();
    Gauge one "node_processes_threads" "Threads of all processes." => |node| node.processes.map(|processes| processes.total_threads as f64);
    Gauge one "node_procs_blocked" "Threads that wait for IO." => |node| float(node.kernel.procs_blocked);
    Gauge one "node_procs_running" "Threads that run or could." => |node| float(node.kernel.procs_running);
    Gauge sock "node_sockstat_FRAG_inuse" "Number of FRAG sockets in state inuse." => |sockstat| sockstat.frag_inuse;
    Gauge sock "node_sockstat_FRAG_memory" "Number of FRAG sockets in state memory." => |sockstat| sockstat.frag_memory;
    Gauge sock "node_sockstat_RAW6_inuse" "Number of RAW6 sockets in state inuse." => |sockstat| sockstat.raw6_inuse;
    Gauge sock "node_sockstat_RAW_inuse" "Number of RAW sockets in state inuse." => |sockstat| sockstat.raw_inuse;
    Gauge sock "node_sockstat_TCP6_inuse" "Number of TCP6 sockets in state inuse." => |sockstat| sockstat.tcp6_inuse;
    Gauge sock "node_sockstat_TCP_alloc" "Number of TCP sockets in state alloc." => |sockstat| sockstat.tcp_alloc;
    Gauge sock "node_sockstat_TCP_inuse" "Number of TCP sockets in state inuse." => |sockstat| sockstat.tcp_inuse;
    Gauge sock "node_sockstat_TCP_mem" "Number of TCP sockets in state mem." => |sockstat| sockstat.tcp_mem;
    Gauge sock "node_sockstat_TCP_orphan" "Number of TCP sockets in state orphan." => |sockstat| sockstat.tcp_orphan;
    Gauge sock "node_sockstat_TCP_tw" "Number of TCP sockets in state tw." => |sockstat| sockstat.tcp_tw;
    Gauge sock "node_sockstat_UDP6_inuse" "Number of UDP6 sockets in state inuse." => |sockstat| sockstat.udp6_inuse;
    Gauge sock "node_sockstat_UDP_inuse" "Number of UDP sockets in state inuse." => |sockstat| sockstat.udp_inuse;
    Gauge sock "node_sockstat_UDP_mem" "Number of UDP sockets in state mem." => |sockstat| sockstat.udp_mem;
    Gauge sock "node_sockstat_sockets_used" "Number of sockets sockets in state used." => |sockstat| sockstat.sockets_used;
    Gauge one "node_time_seconds" "The node's clock, in seconds since the epoch." => |node| (node.taken.wall_ns > 0).then_some(node.taken.wall_ns as f64 / 1e9);
    Gauge vm "node_vmstat_oom_kill" "/proc/vmstat information field oom_kill." => |vmstat| vmstat.oom_kill;
    Gauge vm "node_vmstat_pgfault" "/proc/vmstat information field pgfault." => |vmstat| vmstat.pgfault;
    Gauge vm "node_vmstat_pgmajfault" "/proc/vmstat information field pgmajfault." => |vmstat| vmstat.pgmajfault;
    Gauge vm "node_vmstat_pgpgin" "/proc/vmstat information field pgpgin." => |vmstat| vmstat.pgpgin;
    Gauge vm "node_vmstat_pgpgout" "/proc/vmstat information field pgpgout." => |vmstat| vmstat.pgpgout;
    Gauge vm "node_vmstat_pswpin" "/proc/vmstat information field pswpin." => |vmstat| vmstat.pswpin;
    Gauge vm "node_vmstat_pswpout" "/proc/vmstat information field pswpout." => |vmstat| vmstat.pswpout;
}
