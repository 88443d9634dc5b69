//! Names, followed wherever the configuration and the rights allow.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use super::health::Health;
use super::kubelet::endpoint;
use super::own_pod::OwnPod;
use super::sampling::node_name;
use crate::config::Config;
use crate::identity::Directory;
use crate::identity::config::Place;
use crate::identity::follow::{Follow, KubeletPods, Observer, Seen, Source};
use crate::model::identity::UnitKind;
use crate::model::snapshot::Snapshot;
use crate::sampler::Feeds;
use crate::sampler::clock::{Clock, KernelClock};
use crate::source::api_server;
use crate::source::http::Http;

/// Far above the list of a full node (250 pods of 10 kB).
const MAX_DOCUMENT_BYTES: usize = 64 << 20;
/// First and longest pause between attempts at the API server.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Reads the document at `path` and publishes it as the directory of this version.
pub(super) fn load_file(path: &Path, labels: &[String], feeds: &Feeds, version: u64) -> anyhow::Result<()> {
    let place = path.display().to_string();
    let size = std::fs::metadata(path).with_context(|| format!("identity.pods_file: {place}"))?.len();
    if size > MAX_DOCUMENT_BYTES as u64 {
        bail!("identity.pods_file: {place}: has {size} bytes; allowed: up to {MAX_DOCUMENT_BYTES}");
    }
    let text = std::fs::read(path).with_context(|| format!("identity.pods_file: {place}"))?;
    let directory = Directory::parse(&place, &text, labels, version)?;
    feeds.directory.store(Arc::new(directory));
    Ok(())
}

/// A sidecar knows its own pod's name before anyone is asked.
pub(super) fn take_own(own: Option<&OwnPod>, config: &Config, feeds: &Feeds) -> anyhow::Result<()> {
    // A better one than a pod's own word may be there already.
    if !feeds.directory.load().is_empty() {
        return Ok(());
    }
    if let Some(directory) = own.map(|own| own.directory(&node_name(config))).transpose()?.flatten() {
        feeds.directory.store(Arc::new(directory));
    }
    Ok(())
}

/// What keeps the names fresh, and the health of the place that is asked first; `None` where there is none.
pub(super) fn follow(config: &Config, feeds: &Feeds) -> Option<(Follow, Health)> {
    let first = first_place(config)?;
    let health = Health::new(match first {
        Source::ApiServer => "api_server",
        Source::Kubelet => "kubelet_pods",
        Source::File => "pods_file",
        Source::Url => "pods_url",
    });
    let snapshot = feeds.snapshot.clone();
    let follow = Follow {
        config: config.identity.clone(),
        node: node_name(config).to_string(),
        api_server: api_server::is_offered(&config.api_server).then(|| config.api_server.clone()),
        kubelet: kubelet(config),
        backoff: BACKOFF,
        nameless: Box::new(move || snapshot.load().as_deref().map_or(0, nameless)),
        observer: Box::new(Told { first, health: health.clone(), others: None }),
        out: feeds.directory.clone(),
        seed: KernelClock.wall_ns() as u64,
    };
    Some((follow, health))
}

/// The place that is asked before any other.
pub(super) fn first_place(config: &Config) -> Option<Source> {
    let identity = &config.identity;
    let has_server = || api_server::is_offered(&config.api_server).then_some(Source::ApiServer);
    let has_kubelet = || endpoint::resolve(config).is_ok().then_some(Source::Kubelet);
    match identity.source {
        Place::File => Some(Source::File),
        Place::Url => Some(Source::Url),
        Place::ApiServer => has_server(),
        Place::Kubelet => has_kubelet(),
        Place::Auto if identity.pods_file.is_some() => Some(Source::File),
        Place::Auto if identity.pods_url.is_some() => Some(Source::Url),
        Place::Auto => has_server().or_else(has_kubelet),
    }
}

fn kubelet(config: &Config) -> Option<KubeletPods> {
    let endpoint = endpoint::resolve(config).ok()?;
    let http = Http::new(&endpoint.http).ok()?;
    Some(KubeletPods { http: Arc::new(http), url: format!("{}/pods", endpoint.base) })
}

/// Who has no name: 0 for nobody, another number for every other set of pods and containers.
fn nameless(snapshot: &Snapshot) -> u64 {
    let units = snapshot.units.iter().filter(|unit| {
        let identity = unit.identity.as_deref();
        match &unit.cgroup.kind {
            UnitKind::Pod { .. } => identity.is_none_or(|identity| identity.pod.is_none()),
            UnitKind::Container { pod: Some(_), .. } => {
                identity.is_none_or(|identity| identity.container.is_none())
            }
            _ => false,
        }
    });
    // The order of units is none of their properties.
    let hash = |path: &str| {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        hasher.finish()
    };
    units.fold(0, |all, unit| all ^ hash(&unit.cgroup.path))
}

/// Says in the log what changed, once, and keeps the health of the first place.
struct Told {
    first: Source,
    health: Health,
    /// How the place that is asked instead does; `None` while it is not asked.
    others: Option<&'static str>,
}

impl Observer for Told {
    fn good(&mut self, source: Source, seen: Seen) {
        let is_news = if source == self.first {
            self.others = None;
            self.health.good(seen.took)
        } else {
            self.others.replace("") != Some("")
        };
        if is_news {
            tracing::info!(source = word(source), pods = seen.pods, "names are known");
        }
    }

    fn bad(&mut self, source: Source, reason: &'static str, error: &dyn fmt::Display) {
        let is_news = if source == self.first {
            self.health.bad(reason)
        } else {
            self.others.replace(reason) != Some(reason)
        };
        if is_news {
            tracing::warn!(source = word(source), %error, "names cannot be read here; the last ones stay");
        }
    }
}

const fn word(source: Source) -> &'static str {
    match source {
        Source::ApiServer => "api_server",
        Source::Kubelet => "kubelet",
        Source::File => "pods_file",
        Source::Url => "pods_url",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::identity::{Cgroup, ContainerInfo, Identity, PodUid, QosClass};
    use crate::model::unit::Unit;

    #[test]
    fn the_configuration_says_who_is_asked_first() {
        let of = |change: fn(&mut Config)| {
            let mut config = Config::default();
            config.api_server.enabled = api_server::Enabled::Never;
            config.kubelet.enabled = crate::source::kubelet::config::Enabled::Never;
            change(&mut config);
            first_place(&config)
        };
        assert_eq!(of(|_| {}), None);
        assert_eq!(of(|config| config.identity.pods_file = Some("x".into())), Some(Source::File));
        assert_eq!(of(|config| config.identity.pods_url = Some("http://x".into())), Some(Source::Url));
        let both = |config: &mut Config| {
            config.api_server.enabled = api_server::Enabled::Always;
            config.kubelet.enabled = crate::source::kubelet::config::Enabled::Always;
        };
        let mut config = Config::default();
        both(&mut config);
        assert_eq!(first_place(&config), Some(Source::ApiServer));
        config.identity.source = Place::Kubelet;
        assert_eq!(first_place(&config), Some(Source::Kubelet));
    }

    #[test]
    fn who_has_no_name_is_told_apart() {
        let pod = |path: &str, is_named: bool| {
            let kind = UnitKind::Pod { uid: PodUid("u".into()), qos: QosClass::Burstable };
            let mut unit = Unit::new(Cgroup { path: path.into(), kind });
            let named =
                Identity { pod: Some(Arc::default()), container: Some(Arc::new(ContainerInfo::default())) };
            unit.identity = is_named.then(|| Arc::new(named));
            unit
        };
        let of = |units: Vec<Unit>| nameless(&Snapshot { units, ..Snapshot::default() });
        assert_eq!(of(vec![pod("/a", true)]), 0);
        let one = of(vec![pod("/a", false), pod("/b", true)]);
        assert_ne!(one, 0);
        assert_ne!(one, of(vec![pod("/b", false), pod("/a", true)]));
        assert_eq!(
            of(vec![pod("/a", false), pod("/b", false)]),
            of(vec![pod("/b", false), pod("/a", false)])
        );
    }
}
