//! The C library's heap, told to give back what is free.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

const VARIABLE: &str = "GLIBC_TUNABLES";
/// Says that we were here. From a program that runs with the rights of its file's owner, or with its capabilities, the
/// C library takes the other variable away; without this one it would start for ever.
const MARK: &str = "PODOMETER_HEAP";
/// glibc maps a large piece of memory by itself and gives it back at once. But with each one that is freed it raises
/// the size from which it does so, and keeps up to twice that of what is free: after the first snapshot of a node that
/// was freed, a megabyte and more in each of its heaps. Given by number, both stay what they are when a program starts.
///
/// Source: mallopt(3), `M_MMAP_THRESHOLD`; the glibc manual, "Memory Allocation Tunables".
const TUNABLES: &str = "glibc.malloc.mmap_threshold=131072:glibc.malloc.trim_threshold=131072";

/// Starts this program once more in its own place, since the C library reads its tunables at the start alone.
///
/// Whoever set the variable is left alone. Where the system refuses, things stay as they were: it is memory that is
/// saved, nothing else.
pub(super) fn give_back_what_is_free(arguments: impl IntoIterator<Item = OsString>) {
    let is_set = |name| std::env::var_os(name).is_some();
    if !cfg!(target_env = "gnu") || is_set(VARIABLE) || is_set(MARK) {
        return;
    }
    let mut arguments = arguments.into_iter();
    let (Some(name), Ok(program)) = (arguments.next(), std::env::current_exe()) else { return };
    let _refused =
        Command::new(program).arg0(name).args(arguments).env(VARIABLE, TUNABLES).env(MARK, "set").exec();
}
