//! Interfaces, protocol counters and sockets.

/// One row of /proc/net/dev with what /sys/class/net adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetInterface {
    pub name: Box<str>,
    pub rx_bytes: u64,
    pub rx_packets: u64,
    pub rx_errors: u64,
    pub rx_dropped: u64,
    pub rx_fifo: u64,
    pub rx_frame: u64,
    pub rx_compressed: u64,
    pub rx_multicast: u64,
    pub tx_bytes: u64,
    pub tx_packets: u64,
    pub tx_errors: u64,
    pub tx_dropped: u64,
    pub tx_fifo: u64,
    pub tx_collisions: u64,
    pub tx_carrier: u64,
    pub tx_compressed: u64,
    /// Absent where the driver does not know it (virtual devices, links that are down).
    pub speed_mbit: Option<u64>,
    /// `up`, `down`, `unknown`, ...: absent where /sys was not readable.
    pub operstate: Option<Box<str>>,
}

impl NetInterface {
    pub fn is_loopback(&self) -> bool {
        &*self.name == "lo"
    }

    pub fn is_down(&self) -> bool {
        matches!(self.operstate.as_deref(), Some("down" | "lowerlayerdown" | "notpresent"))
    }
}

/// One number of /proc/net/snmp, netstat or snmp6. Some are limits and negative (`TcpMaxConn`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolCounter {
    /// Protocol and key in one word, such as `TcpExtTCPAbortOnData`.
    pub name: Box<str>,
    /// How many bytes of the name are the protocol; 0 in snmp6, whose names have no seam.
    pub protocol_len: u8,
    pub value: i64,
}

impl ProtocolCounter {
    /// `TcpExt` and `TCPAbortOnData`.
    pub fn parts(&self) -> (&str, &str) {
        self.name.split_at_checked(usize::from(self.protocol_len)).unwrap_or(("", &self.name))
    }
}

/// The three files of protocol counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Netstat,
    Snmp,
    Snmp6,
}

/// The counters of each file, sorted by name; empty where the file could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protocols {
    pub netstat: Vec<ProtocolCounter>,
    pub snmp: Vec<ProtocolCounter>,
    pub snmp6: Vec<ProtocolCounter>,
}

impl Protocols {
    pub fn file(&self, protocol: Protocol) -> &[ProtocolCounter] {
        match protocol {
            Protocol::Netstat => &self.netstat,
            Protocol::Snmp => &self.snmp,
            Protocol::Snmp6 => &self.snmp6,
        }
    }

    pub fn get(&self, protocol: Protocol, name: &str) -> Option<i64> {
        let file = self.file(protocol);
        let at = file.binary_search_by(|counter| (*counter.name).cmp(name)).ok()?;
        Some(file[at].value)
    }
}

/// The states of a TCP socket, numbered as in /proc/net/tcp. Source: Linux `include/net/tcp_states.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TcpState {
    Established = 1,
    SynSent,
    SynRecv,
    FinWait1,
    FinWait2,
    TimeWait,
    Close,
    CloseWait,
    LastAck,
    Listen,
    Closing,
    /// A request socket that is not yet a full one; tools count it as SYN_RECV.
    NewSynRecv,
}

/// Sockets counted by state, both address families together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sockets {
    /// By state number; index 0 holds states that the table above does not know.
    pub tcp: Option<[u64; Sockets::TCP_STATES]>,
    pub udp: Option<u64>,
}

impl Sockets {
    pub const TCP_STATES: usize = TcpState::NewSynRecv as usize + 1;

    pub fn tcp(&self, state: TcpState) -> Option<u64> {
        self.tcp.map(|counts| counts[state as usize])
    }
}

kernel_table! {
    /// /proc/net/sockstat and sockstat6, keyed by protocol and word. `mem` is in pages.
    SockStat {
        "sockets_used" => sockets_used,
        "TCP_inuse" => tcp_inuse,
        "TCP_orphan" => tcp_orphan,
        "TCP_tw" => tcp_tw,
        "TCP_alloc" => tcp_alloc,
        "TCP_mem" => tcp_mem,
        "UDP_inuse" => udp_inuse,
        "UDP_mem" => udp_mem,
        "RAW_inuse" => raw_inuse,
        "FRAG_inuse" => frag_inuse,
        "FRAG_memory" => frag_memory,
        "TCP6_inuse" => tcp6_inuse,
        "UDP6_inuse" => udp6_inuse,
        "RAW6_inuse" => raw6_inuse,
    }
}
