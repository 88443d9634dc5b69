//! Who is logged in, from /run/utmp.

use std::collections::BTreeSet;
use std::path::Path;

use super::files;
use crate::model::node::Users;

/// One record of utmp on every 64-bit Linux. Source: utmp(5) and glibc's `bits/utmp.h`.
const RECORD_BYTES: usize = 384;
const USER_AT: std::ops::Range<usize> = 44..76;
/// `ut_type` of a session.
const USER_PROCESS: i16 = 7;
const MAX_FILE_BYTES: u64 = 4 << 20;

/// `None` where there is no such file: many images and containers have none.
pub(super) fn read_users(rootfs: &Path) -> Option<Users> {
    let mut buffer = Vec::new();
    let found = ["run/utmp", "var/run/utmp"]
        .iter()
        .any(|path| files::read_into(&rootfs.join(path), MAX_FILE_BYTES, &mut buffer).is_ok());
    found.then(|| parse_utmp(&buffer))
}

/// Counts sessions and the different names among them.
pub fn parse_utmp(bytes: &[u8]) -> Users {
    let sessions = bytes
        .chunks_exact(RECORD_BYTES)
        .filter(|record| i16::from_ne_bytes([record[0], record[1]]) == USER_PROCESS)
        .map(|record| record[USER_AT].split(|byte| *byte == 0).next().unwrap_or(&[]));
    let mut users = Users::default();
    let mut names = BTreeSet::new();
    for name in sessions {
        users.logged_in += 1;
        names.insert(name);
    }
    users.unique = names.len() as u64;
    users
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: i16, user: &str) -> Vec<u8> {
        let mut record = vec![0; RECORD_BYTES];
        record[..2].copy_from_slice(&kind.to_ne_bytes());
        record[USER_AT][..user.len()].copy_from_slice(user.as_bytes());
        record
    }

    #[test]
    fn sessions_and_names() {
        let file =
            [record(2, "reboot"), record(7, "ann"), record(7, "ben"), record(7, "ann"), vec![7; 10]].concat();
        assert_eq!(parse_utmp(&file), Users { logged_in: 3, unique: 2 });
        assert_eq!(parse_utmp(&[]), Users::default());
    }
}
