//! The use of CPU that the files tell of: a thread that advances their counters and remembers each value.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::node::{CONTAINER_USEC, Node, POD_USEC, cpu_stat};

/// Time between two values, far below the agent's sampling step.
const STEP: Duration = Duration::from_millis(10);

/// One value of the container's `usage_usec`.
#[derive(Clone, Copy)]
pub(crate) struct Written {
    /// Seconds since the epoch.
    pub(crate) at: f64,
    pub(crate) usage_usec: u64,
}

/// Every value of the container's counter, oldest first; the pod's is always higher by the same amount.
#[derive(Clone, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<Written>>>);

impl Journal {
    /// When this value, which must be one of the written ones, stood in the file first.
    pub(crate) fn written(&self, usage_usec: u64) -> Written {
        let values = self.0.lock().unwrap();
        let found = values.binary_search_by_key(&usage_usec, |value| value.usage_usec);
        values[found.unwrap_or_else(|_| panic!("the file never held {usage_usec}"))]
    }

    /// What the file held at this time, in seconds since the epoch.
    pub(crate) fn at(&self, time: f64) -> u64 {
        let values = self.0.lock().unwrap();
        let after = values.partition_point(|value| value.at <= time);
        values.get(after.saturating_sub(1)).map_or(CONTAINER_USEC, |value| value.usage_usec)
    }

    pub(crate) fn newest(&self) -> Written {
        *self.0.lock().unwrap().last().unwrap()
    }

    fn push(&self, usage_usec: u64) {
        self.0.lock().unwrap().push(Written { at: now(), usage_usec });
    }
}

/// Seconds since the epoch.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// The thread. Dropping it stops it.
pub(crate) struct Workload {
    pub(crate) journal: Journal,
    millicores: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Workload {
    /// Uses this much CPU from now on.
    pub(crate) fn start(node: &Node, millicores: u64) -> Workload {
        let journal = Journal::default();
        journal.push(CONTAINER_USEC);
        let millicores = Arc::new(AtomicU64::new(millicores));
        let stopped = Arc::new(AtomicBool::new(false));
        let files = node.cpu_files().map(open);
        let run = {
            let (journal, millicores, stopped) = (journal.clone(), millicores.clone(), stopped.clone());
            move || {
                let mut then = journal.newest();
                while !stopped.load(Ordering::Relaxed) {
                    std::thread::park_timeout(STEP);
                    let elapsed_usec = ((now() - then.at) * 1e6) as u64;
                    let used_usec = elapsed_usec * millicores.load(Ordering::Relaxed) / 1000;
                    let usage_usec = then.usage_usec + used_usec.max(1);
                    // Journal first: a value that a reader sees is always in it.
                    journal.push(usage_usec);
                    then = journal.newest();
                    let pod_usec = usage_usec + POD_USEC - CONTAINER_USEC;
                    for (file, usage) in files.iter().zip([pod_usec, usage_usec]) {
                        // In place and of the same length: the agent keeps the file open and may read at any time.
                        file.write_all_at(cpu_stat(usage).as_bytes(), 0).unwrap();
                    }
                }
            }
        };
        Workload { journal, millicores, stopped, thread: Some(std::thread::spawn(run)) }
    }

    pub(crate) fn set_millicores(&self, millicores: u64) {
        self.millicores.store(millicores, Ordering::Relaxed);
    }
}

impl Drop for Workload {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the workload failed");
        }
    }
}

fn open(path: PathBuf) -> File {
    File::options().write(true).open(path).unwrap()
}
