//! The workload that a pod belongs to, found without asking for the objects between.

use super::pods::{Metadata, OwnerReference};
use crate::model::workload::Owner;

/// A Deployment rather than its ReplicaSet and a CronJob rather than its Job, told by the names that their
/// controllers give: `DEPLOYMENT-HASH` with the hash in the pod's labels, and `CRONJOB-TIME`.
/// Source: kubernetes `pkg/controller/deployment/sync.go`, `pkg/controller/cronjob/utils.go`.
pub(super) fn owner_of(metadata: &Metadata<'_>, node: &str) -> Option<Owner> {
    let owner = |kind: &str, name: &str| Some(Owner { kind: kind.into(), name: name.into() });
    let controller = metadata.owner_references.iter().find(|reference| reference.controller == Some(true));
    let Some(OwnerReference { kind, name, .. }) = controller else {
        // The kubelet's own list shows a static pod without its mirror's owner.
        let source = metadata.annotations.get("kubernetes.io/config.source").unwrap_or("api");
        return if source == "api" || node.is_empty() { None } else { owner("Node", node) };
    };
    match &**kind {
        "ReplicaSet" => {
            let hash = metadata.labels.get("pod-template-hash").filter(|hash| !hash.is_empty());
            match hash.and_then(|hash| name.strip_suffix(hash)?.strip_suffix('-')) {
                Some(deployment) if !deployment.is_empty() => owner("Deployment", deployment),
                _ => owner(kind, name),
            }
        }
        "Job" => match name.rsplit_once('-') {
            Some((cron_job, time)) if !cron_job.is_empty() && is_schedule_time(time) => {
                owner("CronJob", cron_job)
            }
            _ => owner(kind, name),
        },
        "" => None,
        _ => owner(kind, name),
    }
}

/// Minutes since the epoch, seconds before Kubernetes 1.21.
fn is_schedule_time(text: &str) -> bool {
    matches!(text.len(), 8 | 10) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workload_behind_the_controller() {
        for (kind, name, hash, expected) in [
            ("ReplicaSet", "web-7d4b9c8f6d", "7d4b9c8f6d", ("Deployment", "web")),
            ("ReplicaSet", "web-a-7d4b9c8f6d", "7d4b9c8f6d", ("Deployment", "web-a")),
            ("ReplicaSet", "lonely", "", ("ReplicaSet", "lonely")),
            ("ReplicaSet", "web-other", "7d4b9c8f6d", ("ReplicaSet", "web-other")),
            ("Job", "backup-29384756", "", ("CronJob", "backup")),
            ("Job", "backup-1602525600", "", ("CronJob", "backup")),
            ("Job", "migrate-v2", "", ("Job", "migrate-v2")),
            ("Job", "migrate-20260101x", "", ("Job", "migrate-20260101x")),
            ("StatefulSet", "db", "", ("StatefulSet", "db")),
            ("DaemonSet", "proxy", "", ("DaemonSet", "proxy")),
            ("Node", "n1", "", ("Node", "n1")),
            ("Rollout", "web", "", ("Rollout", "web")),
        ] {
            let text = format!(
                r#"{{"labels":{{"pod-template-hash":"{hash}"}},"ownerReferences":[{{"kind":"X","name":"not-the-controller"}},
                {{"kind":"{kind}","name":"{name}","controller":true}}]}}"#
            );
            let metadata: Metadata<'_> = serde_json::from_str(&text).unwrap();
            let owner = owner_of(&metadata, "n1").unwrap();
            assert_eq!((&*owner.kind, &*owner.name), expected, "{name}");
        }
        let lone: Metadata<'_> = serde_json::from_str(r#"{"ownerReferences":null}"#).unwrap();
        assert_eq!(owner_of(&lone, "n1"), None);
        let fixed: Metadata<'_> =
            serde_json::from_str(r#"{"annotations":{"kubernetes.io/config.source":"file"}}"#).unwrap();
        assert_eq!(&*owner_of(&fixed, "n1").unwrap().kind, "Node");
    }
}
