//! Names of block devices: a cgroup knows their numbers alone, the node's reading of /proc both.

use std::borrow::Cow;

use crate::model::node::Node;
use crate::model::unit::IoDevice;

/// The block devices of one snapshot.
#[derive(Debug, Default)]
pub struct Devices {
    /// Sorted by number.
    names: Vec<((u32, u32), Box<str>)>,
}

impl Devices {
    /// The devices that the node has; none without a reading of it.
    pub fn of(node: Option<&Node>) -> Devices {
        let disks = node.map_or(&[][..], |node| &node.disks);
        let mut names: Vec<_> = disks
            .iter()
            .map(|disk| ((disk.major, disk.minor), format!("/dev/{}", disk.name).into_boxed_str()))
            .collect();
        names.sort_unstable();
        Devices { names }
    }

    /// The device's name as the kubelet labels it, such as `/dev/sda`; its number where the name is not known.
    pub fn label(&self, io: &IoDevice) -> Cow<'_, str> {
        match self.names.binary_search_by_key(&(io.major, io.minor), |(number, _)| *number) {
            Ok(place) => Cow::Borrowed(&*self.names[place].1),
            Err(_) => Cow::Owned(format!("{}:{}", io.major, io.minor)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::node::Disk;

    #[test]
    fn a_device_has_its_name_or_else_its_number() {
        let disk = |major, minor, name: &str| Disk { major, minor, name: name.into(), ..Disk::default() };
        let node = Node {
            disks: vec![disk(254, 0, "vda"), disk(8, 1, "sda1"), disk(8, 0, "sda")],
            ..Node::default()
        };
        let io = |major, minor| IoDevice { major, minor, ..IoDevice::default() };
        for (node, number, expected) in [
            (Some(&node), (8, 0), "/dev/sda"),
            (Some(&node), (8, 1), "/dev/sda1"),
            (Some(&node), (254, 0), "/dev/vda"),
            (Some(&node), (254, 1), "254:1"),
            (None, (8, 0), "8:0"),
        ] {
            assert_eq!(Devices::of(node).label(&io(number.0, number.1)), expected);
        }
    }
}
