//! A recorded node: its cgroup tree unpacked, and when each file of it was read.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use podometer::identity::Directory;
use podometer::model::snapshot::Snapshot;
use podometer::sampler::clock::KernelClock;
use podometer::sampler::{Config, Feeds, Sampler};
use podometer::source::cgroup::Limits;
use podometer::source::cgroup::Tree;

/// One driver's recording.
pub(crate) struct Recording {
    pub(crate) folder: PathBuf,
    tree: tempfile::TempDir,
    /// Seconds since the epoch at which a file below the tree was read.
    read_at: HashMap<PathBuf, f64>,
}

impl Recording {
    /// Unpacks the recording of a driver; `None`, loudly, where the recordings are not at hand.
    pub(crate) fn open(driver: &str) -> Option<Recording> {
        let base = std::env::var_os("PODOMETER_TRUTH")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/truth"), PathBuf::from);
        let folder = base.join(driver);
        if !folder.exists() {
            let message = format!("{}: no recordings here; set PODOMETER_TRUTH", folder.display());
            assert!(std::env::var_os("CI").is_none(), "{message}");
            eprintln!("SKIPPED: {message}");
            return None;
        }
        let tree = tempfile::tempdir().unwrap();
        let mut read_at = HashMap::new();
        let packed = File::open(folder.join("cgroup-snapshot.tar.gz")).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().into_owned();
            let mtime = entry.pax_extensions().unwrap().and_then(|extensions| {
                let mtime = extensions.flatten().find(|extension| extension.key() == Ok("mtime"));
                mtime.and_then(|extension| extension.value().ok()?.parse::<f64>().ok())
            });
            let mtime = mtime.unwrap_or(entry.header().mtime().unwrap() as f64);
            entry.unpack_in(tree.path()).unwrap();
            read_at.insert(path.strip_prefix(".").map(Path::to_owned).unwrap_or(path), mtime);
        }
        Some(Recording { folder, tree, read_at })
    }

    /// The root of the cgroup tree.
    pub(crate) fn root(&self) -> PathBuf {
        self.tree.path().join("sys/fs/cgroup")
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// What podometer makes of the recording, named by the kubelet's own pod list.
    pub(crate) fn snapshot(&self, pods: &str) -> Arc<Snapshot> {
        let tree = Tree::open(&self.root(), Limits::default()).unwrap();
        let feeds = Feeds::default();
        let directory = Directory::parse(pods, self.text(pods).as_bytes(), &[], 1).unwrap();
        feeds.directory.store(Arc::new(directory));
        let mut sampler = Sampler::new(tree, KernelClock, Config::default(), feeds.clone(), "vm".into());
        sampler.publish();
        feeds.snapshot.load_full().unwrap()
    }

    /// When a file of a cgroup was recorded.
    pub(crate) fn read_at(&self, cgroup: &str, file: &str) -> f64 {
        let path = Path::new("sys/fs/cgroup").join(cgroup.trim_start_matches('/')).join(file);
        *self.read_at.get(&path).unwrap_or_else(|| panic!("{}: not recorded", path.display()))
    }
}
