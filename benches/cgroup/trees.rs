//! The trees that are read: real cgroups below this machine's v2 mount, or files that look like them in memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use podometer::source::cgroup::mounts;

const CPU_STAT: &str = "usage_usec 42646576\nuser_usec 30000000\nsystem_usec 12646576\nnice_usec 0\n\
core_sched.force_idle_usec 0\nnr_periods 1000\nnr_throttled 20\nthrottled_usec 90000\nnr_bursts 0\nburst_usec 0\n";

/// The keys of Linux 6.12 in the kernel's order.
const MEMORY_STAT_KEYS: &str = "anon file kernel kernel_stack pagetables sec_pagetables percpu sock vmalloc shmem \
file_mapped file_dirty file_writeback swapcached anon_thp file_thp shmem_thp inactive_anon active_anon inactive_file \
active_file unevictable slab_reclaimable slab_unreclaimable slab workingset_refault_anon workingset_refault_file \
workingset_activate_anon workingset_activate_file workingset_restore_anon workingset_restore_file \
workingset_nodereclaim pgdemote_kswapd pgdemote_direct pgdemote_khugepaged pgpromote_success pgscan pgsteal \
pgscan_kswapd pgscan_direct pgscan_khugepaged pgsteal_kswapd pgsteal_direct pgsteal_khugepaged pgfault pgmajfault \
pgrefill pgactivate pgdeactivate pglazyfree pglazyfreed swpin_zero swpout_zero thp_fault_alloc thp_collapse_alloc \
thp_swpout thp_swpout_fallback numa_pages_migrated numa_pte_updates numa_hint_faults";

const PRESSURE: &str = "some avg10=1.17 avg60=1.06 avg300=0.59 total=8796698\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=8022734\n";

/// A tree of pods, each with a sandbox and two containers; removed when dropped.
pub(crate) struct Pods {
    pub(crate) root: PathBuf,
    made: Vec<PathBuf>,
    is_real: bool,
    busy: Vec<Child>,
    _folder: Option<tempfile::TempDir>,
}

fn names(pods: usize) -> Vec<String> {
    let mut names = vec!["kubepods".to_owned()];
    for pod in 0..pods {
        let path = format!("kubepods/pod18451618-ada8-4b1c-a71e-{pod:012x}");
        let leaf = |container: usize| format!("{path}/{:064x}", pod * 3 + container + 1);
        let leaves: Vec<String> = (0..3).map(leaf).collect();
        names.push(path);
        names.extend(leaves);
    }
    names
}

impl Pods {
    /// Real cgroups, a few of them with a process that wakes ten times a second.
    pub(crate) fn real(pods: usize) -> Result<Pods, String> {
        let (mount, _) = mounts::locate(Path::new("/proc"), None).map_err(|error| error.to_string())?;
        let root = mount.join(format!("podometer-bench-{}", std::process::id()));
        fs::create_dir(&root).map_err(|error| format!("{}: {error}", root.display()))?;
        let mut made = vec![root.clone()];
        for name in names(pods) {
            let path = root.join(name);
            fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            made.push(path);
        }
        let mut tree = Pods { root, made, is_real: true, busy: Vec::new(), _folder: None };
        let leaves: Vec<PathBuf> =
            tree.made.iter().filter(|path| path.components().count() == tree.depth()).cloned().collect();
        for leaf in leaves.iter().step_by(leaves.len().div_ceil(12)) {
            let script = "while :; do sleep 0.1; done";
            let child = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).spawn();
            let child = child.map_err(|error| format!("sh: {error}"))?;
            fs::write(leaf.join("cgroup.procs"), child.id().to_string())
                .map_err(|error| error.to_string())?;
            tree.busy.push(child);
        }
        Ok(tree)
    }

    fn depth(&self) -> usize {
        self.root.components().count() + 3
    }

    /// Files in memory with all that a kernel with every controller shows.
    pub(crate) fn in_memory(pods: usize) -> Result<Pods, String> {
        let shm = Path::new("/dev/shm");
        let base = if shm.is_dir() { shm.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::tempdir_in(base).map_err(|error| error.to_string())?;
        let root = folder.path().to_owned();
        let mut memory_stat = String::new();
        for (at, key) in MEMORY_STAT_KEYS.split_whitespace().enumerate() {
            memory_stat.extend([key, " ", &(at * 4096).to_string(), "\n"]);
        }
        let mut made = Vec::new();
        for name in std::iter::once(String::new()).chain(names(pods)) {
            let path = root.join(name);
            fs::create_dir_all(&path).map_err(|error| error.to_string())?;
            for (file, text) in [
                ("cgroup.controllers", "cpu io memory pids"),
                ("cgroup.events", "populated 1\nfrozen 0\n"),
                ("cgroup.stat", "nr_descendants 0\nnr_dying_descendants 0\n"),
                ("cpu.stat", CPU_STAT),
                ("cpu.max", "20000 100000\n"),
                ("cpu.weight", "24\n"),
                ("cpu.pressure", PRESSURE),
                ("memory.pressure", PRESSURE),
                ("io.pressure", PRESSURE),
                ("io.stat", "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n"),
                ("memory.current", "66560000\n"),
                ("memory.stat", &memory_stat),
                ("memory.peak", "70000000\n"),
                ("memory.max", "134217728\n"),
                ("memory.high", "max\n"),
                ("memory.min", "0\n"),
                ("memory.low", "0\n"),
                ("memory.oom.group", "1\n"),
                ("memory.swap.current", "0\n"),
                ("memory.swap.max", "0\n"),
                ("memory.events", "low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\noom_group_kill 0\n"),
                ("pids.current", "3\n"),
                ("pids.max", "4676\n"),
            ] {
                fs::write(path.join(file), text).map_err(|error| error.to_string())?;
            }
            made.push(path);
        }
        // The root of a real hierarchy has no cgroup.events.
        fs::remove_file(root.join("cgroup.events")).map_err(|error| error.to_string())?;
        Ok(Pods { root, made, is_real: false, busy: Vec::new(), _folder: Some(folder) })
    }

    /// All directories of the tree.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.made
    }
}

impl Drop for Pods {
    fn drop(&mut self) {
        for child in &mut self.busy {
            let _ended = child.kill();
            let _reaped = child.wait();
        }
        if !self.is_real {
            return;
        }
        // The sleep of a killed shell may outlive it for its tenth of a second.
        for _ in 0..50 {
            self.made.retain(|path| path.exists());
            for path in self.made.iter().rev() {
                let _busy = fs::remove_dir(path);
            }
            if !self.root.exists() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}
