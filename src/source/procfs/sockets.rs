//! Sockets by state, counted from /proc/net/{tcp,tcp6,udp,udp6}.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::fault::Fault;
use super::files::Files;
use crate::model::node::Sockets;

/// About 400,000 sockets a file.
const MAX_TABLE_BYTES: u64 = 64 << 20;

/// Counts both address families. A family that the kernel lacks counts as none; none at all is absent.
pub(super) fn read_sockets(net: &Path, files: &mut Files) -> Sockets {
    let tcp = [count_table(&net.join("tcp"), files), count_table(&net.join("tcp6"), files)];
    let udp = [count_table(&net.join("udp"), files), count_table(&net.join("udp6"), files)];
    let sum = |tables: [Option<[u64; Sockets::TCP_STATES]>; 2]| match tables {
        [Some(first), Some(second)] => Some(std::array::from_fn(|state| first[state] + second[state])),
        [first, second] => first.or(second),
    };
    Sockets { tcp: sum(tcp), udp: sum(udp).map(|counts| counts.iter().sum()) }
}

fn count_table(path: &Path, files: &mut Files) -> Option<[u64; Sockets::TCP_STATES]> {
    let counted =
        File::open(path).and_then(|file| count_states(BufReader::new(file.take(MAX_TABLE_BYTES + 1))));
    match counted {
        Ok((_, bytes)) if bytes > MAX_TABLE_BYTES => {
            files.fault(Fault::TooLarge { path: path.to_owned(), limit: MAX_TABLE_BYTES });
            None
        }
        Ok((counts, _)) => Some(counts),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => {
            files.fault(Fault::Unreadable { path: path.to_owned(), source });
            None
        }
    }
}

/// Counts the fourth column (two hexadecimal digits) of every row behind the header, and the bytes read.
pub fn count_states(mut table: impl BufRead) -> io::Result<([u64; Sockets::TCP_STATES], u64)> {
    let mut counts = [0; Sockets::TCP_STATES];
    let mut line = Vec::new();
    let mut bytes = table.read_until(b'\n', &mut line)? as u64;
    loop {
        line.clear();
        let read = table.read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok((counts, bytes));
        }
        bytes += read as u64;
        let mut columns = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let Some(word) = columns.nth(3) else { continue };
        let state = std::str::from_utf8(word).ok().and_then(|word| usize::from_str_radix(word, 16).ok());
        counts[state.filter(|state| *state < counts.len()).unwrap_or(0)] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::node::TcpState;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue\n\
         0: 00000000:07E8 00000000:0000 0A 00000000:00000000\n\
         1: 020200C0:D83E 507100CB:0050 01 00000000:00000000\n\
         2: 020200C0:D83E 507100CB:0051 01 00000000:00000000\n\
         3: 020200C0:D83E 507100CB:0052 0C 00000000:00000000\n\
         4: 020200C0:D83E 507100CB:0053 7F 00000000:00000000\n\
         torn line\n";

    #[test]
    fn states_are_counted_and_unknown_ones_kept_apart() {
        let (counts, bytes) = count_states(TABLE.as_bytes()).unwrap();
        assert_eq!(bytes, TABLE.len() as u64);
        assert_eq!(counts[TcpState::Listen as usize], 1);
        assert_eq!(counts[TcpState::Established as usize], 2);
        assert_eq!(counts[TcpState::NewSynRecv as usize], 1);
        assert_eq!(counts[0], 1);
        assert_eq!(counts.iter().sum::<u64>(), 5);
    }

    #[test]
    fn one_family_is_enough_and_none_is_absent() {
        let net = tempfile::tempdir().unwrap();
        let mut files = Files::default();
        assert_eq!(read_sockets(net.path(), &mut files), Sockets::default());
        std::fs::write(net.path().join("tcp6"), TABLE).unwrap();
        std::fs::write(net.path().join("udp"), TABLE).unwrap();
        let sockets = read_sockets(net.path(), &mut files);
        assert_eq!(sockets.tcp(TcpState::Established), Some(2));
        assert_eq!(sockets.udp, Some(5));
        assert!(files.take_faults().is_empty());
    }
}
