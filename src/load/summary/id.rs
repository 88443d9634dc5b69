//! Ids of groups and checks.

use std::fmt::Write as _;

use md5::{Digest, Md5};

/// k6's id: the MD5 of a path. It protects nothing; readers of old summaries join by it.
pub fn id_of(path: &str) -> String {
    let mut id = String::with_capacity(32);
    for byte in Md5::digest(path) {
        // Writing to a String never fails.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_k6() {
        // The root group's id, which every summary of k6 holds.
        assert_eq!(id_of(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(id_of("::status is 200"), "6210a8cd14cd70477eba5c5e4cb3fb5f");
    }
}
