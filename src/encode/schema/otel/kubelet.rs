//! What the kubelet alone knows, at its own times: there is no second source that it could be mixed with.

use super::attribute::FS_TYPE;
use super::read::seconds_ns;
use super::row::{Emit, Value};
use super::subject::Subject;
use crate::model::kubelet::FsStats;

/// What the kubelet alone knows, at its own time.
pub(super) fn fs(subject: &Subject<'_>, emit: &mut Emit<'_>, value: fn(&FsStats) -> Option<u64>) {
    if let Some(fs) = subject.fs
        && let Some(value) = value(fs)
    {
        emit(&[], Value::Integer(value), seconds_ns(fs.time_s, subject));
    }
}

pub(super) fn ephemeral_storage(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    let Some(files) = subject.files else { return };
    for (kind, fs) in [("rootfs", &files.rootfs), ("logs", &files.logs)] {
        if let Some(bytes) = fs.used_bytes {
            emit(&[(FS_TYPE, kind)], Value::Integer(bytes), seconds_ns(fs.time_s, subject));
        }
    }
}

pub(super) fn pids(subject: &Subject<'_>, emit: &mut Emit<'_>, limit: bool) {
    let Some(node) = subject.node else { return };
    if let Some(value) = if limit { node.max_pid } else { node.running_processes } {
        emit(&[], Value::Integer(value), subject.shared.fetched_ns);
    }
}
