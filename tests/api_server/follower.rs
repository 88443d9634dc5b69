//! Someone who follows a server's pods, and what was seen of it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use podometer::identity::follow::{Follow, KubeletPods, Observer, Seen, Source};
use podometer::identity::{Config, Directory};
use podometer::source::{api_server, http};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::api_server::ApiServer;

pub(crate) const NODE: &str = "vm";
/// Far above what any step takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// One word of the observer: the source, and its reason and error where it failed.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) source: Source,
    pub(crate) bad: Option<(&'static str, String)>,
}

#[derive(Clone, Default)]
struct Words(Arc<Mutex<Vec<Word>>>);

impl Observer for Words {
    fn good(&mut self, source: Source, _: Seen) {
        self.0.lock().unwrap().push(Word { source, bad: None });
    }

    fn bad(&mut self, source: Source, reason: &'static str, error: &dyn fmt::Display) {
        self.0.lock().unwrap().push(Word { source, bad: Some((reason, error.to_string())) });
    }
}

pub(crate) struct Follower {
    pub(crate) out: Arc<ArcSwap<Directory>>,
    pub(crate) nameless: Arc<AtomicU64>,
    words: Words,
    task: JoinHandle<()>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn settings(server: &ApiServer) -> api_server::Config {
    api_server::Config { kubeconfig: Some(server.kubeconfig()), ..api_server::Config::default() }
}

/// The list of this server as if it were a kubelet's.
pub(crate) fn kubelet(server: &ApiServer) -> KubeletPods {
    let config = http::Config {
        ca_file: Some(server.authority_file()),
        token_file: Some(server.token_file()),
        ..http::Config::default()
    };
    let http = Arc::new(http::Http::new(&config).unwrap());
    KubeletPods { http, url: format!("https://{}/pods", server.address) }
}

impl Follower {
    pub(crate) fn of(server: &ApiServer) -> Follower {
        Follower::start(Some(settings(server)), None, Config::default())
    }

    pub(crate) fn start(
        api_server: Option<api_server::Config>,
        kubelet: Option<KubeletPods>,
        config: Config,
    ) -> Follower {
        let (out, words) = (Arc::<ArcSwap<Directory>>::default(), Words::default());
        let nameless = Arc::new(AtomicU64::new(0));
        let who = nameless.clone();
        let follow = Follow {
            config,
            node: NODE.to_owned(),
            api_server,
            kubelet,
            backoff: (Duration::from_millis(5), Duration::from_millis(50)),
            nameless: Box::new(move || who.load(Ordering::Relaxed)),
            observer: Box::new(words.clone()),
            out: out.clone(),
            seed: 1,
        };
        Follower { out, nameless, words, task: tokio::spawn(follow.run()) }
    }

    pub(crate) fn words(&self) -> Vec<Word> {
        self.words.0.lock().unwrap().clone()
    }

    /// Reasons that were told of a source.
    pub(crate) fn reasons(&self, source: Source) -> Vec<&'static str> {
        let words = self.words();
        words
            .iter()
            .filter(|word| word.source == source)
            .filter_map(|word| Some(word.bad.as_ref()?.0))
            .collect()
    }

    pub(crate) async fn until_names(&self, expected: &[&str]) {
        let mut expected: Vec<String> = expected.iter().map(|&name| name.to_owned()).collect();
        expected.sort();
        until(&format!("{expected:?}"), || self.names() == expected).await;
    }

    /// The names that are known, sorted; those of pods that are gone among them.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.out.load().pods().map(|pod| pod.name.to_string()).collect();
        names.sort();
        names
    }
}

/// Waits until it holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "never: {what}");
}

/// A pod of the node, with one running container.
pub(crate) fn pod(name: &str, uid: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "default", "uid": uid},
        "spec": {"nodeName": NODE, "containers": [{"name": "main", "image": "i:1"}]},
        "status": {"phase": "Running", "containerStatuses": [
            {"name": "main", "image": "i:1", "containerID": format!("containerd://c-{uid}"), "state": {"running": {}}}]}})
}
