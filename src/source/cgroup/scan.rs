//! Lists one cgroup directory: which files it has, which children.

use std::os::fd::BorrowedFd;

use rustix::fs::{Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::model::field::File;

/// What a cgroup directory holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Bit `File as u8` is set for each known file.
    pub(crate) files: u32,
    pub(crate) children: Vec<String>,
    /// Page sizes of `hugetlb.SIZE.current` files.
    pub(crate) page_sizes: Vec<Box<str>>,
}

pub(crate) const fn bit(file: File) -> u32 {
    1 << file as u8
}

/// Opens a directory as an anchor only (O_PATH): it costs the kernel 270 bytes and grants nothing.
pub(crate) fn open_dir(parent: BorrowedFd<'_>, name: &str) -> Result<std::os::fd::OwnedFd, Errno> {
    rustix::fs::openat(
        parent,
        name,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )
}

pub(crate) fn list(dir: BorrowedFd<'_>) -> Result<Listing, Errno> {
    let fd =
        rustix::fs::openat(dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut listing = Listing::default();
    for entry in Dir::read_from(fd)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        if name == "." || name == ".." {
            continue;
        }
        if entry.file_type() == FileType::Directory {
            listing.children.push(name.to_owned());
        } else if let Some(file) = File::ALL.iter().find(|file| file.name() == name) {
            listing.files |= bit(*file);
        } else if let Some(size) =
            name.strip_prefix("hugetlb.").and_then(|rest| rest.strip_suffix(".current"))
            && !size.ends_with(".rsvd")
        {
            listing.page_sizes.push(size.into());
        }
    }
    listing.children.sort_unstable();
    listing.page_sizes.sort_unstable();
    Ok(listing)
}
