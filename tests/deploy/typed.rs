//! Every object of Kubernetes' own kinds through its Rust type and back: a key that is lost on the way is one that the
//! API does not know.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::build::{self, called, text};
use crate::custom;

type Through = fn(&Value) -> Result<Value, String>;

fn through<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, String> {
    let typed = T::deserialize(object).map_err(|error| error.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

/// Sorted by kind.
const KINDS: [(&str, &str, Through); 19] = [
    ("APIService", "apiregistration.k8s.io/v1", through::<APIService>),
    ("ClusterRole", "rbac.authorization.k8s.io/v1", through::<ClusterRole>),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", through::<ClusterRoleBinding>),
    ("ConfigMap", "v1", through::<ConfigMap>),
    ("CronJob", "batch/v1", through::<CronJob>),
    ("DaemonSet", "apps/v1", through::<DaemonSet>),
    ("Deployment", "apps/v1", through::<Deployment>),
    ("HorizontalPodAutoscaler", "autoscaling/v2", through::<HorizontalPodAutoscaler>),
    ("Job", "batch/v1", through::<Job>),
    (
        "MutatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1",
        through::<MutatingWebhookConfiguration>,
    ),
    ("Namespace", "v1", through::<Namespace>),
    ("NetworkPolicy", "networking.k8s.io/v1", through::<NetworkPolicy>),
    ("PersistentVolumeClaim", "v1", through::<PersistentVolumeClaim>),
    ("PodDisruptionBudget", "policy/v1", through::<PodDisruptionBudget>),
    ("PriorityClass", "scheduling.k8s.io/v1", through::<PriorityClass>),
    ("Role", "rbac.authorization.k8s.io/v1", through::<Role>),
    ("RoleBinding", "rbac.authorization.k8s.io/v1", through::<RoleBinding>),
    ("Service", "v1", through::<Service>),
    ("ServiceAccount", "v1", through::<ServiceAccount>),
];

/// Pointers of what the first has and the second has not, or has otherwise.
fn lost(given: &Value, kept: &Value, at: &str, found: &mut Vec<String>) {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (key, value) in given {
                let at = format!("{at}/{key}");
                match kept.get(key) {
                    Some(kept) => lost(value, kept, &at, found),
                    None => found.push(at),
                }
            }
        }
        (Value::Array(given), Value::Array(kept)) if given.len() == kept.len() => {
            for (index, (given, kept)) in given.iter().zip(kept).enumerate() {
                lost(given, kept, &format!("{at}/{index}"), found);
            }
        }
        _ if given == kept => {}
        _ => found.push(format!("{at}: {given} became {kept}")),
    }
}

fn checked(object: &Value) -> Result<Vec<String>, String> {
    let (kind, version) = (text(object, "/kind"), text(object, "/apiVersion"));
    let row = KINDS.iter().find(|(known, of, _)| *known == kind && *of == version);
    let kept = row.ok_or_else(|| format!("{version} {kind} is not in the table"))?.2(object)?;
    let mut found = Vec::new();
    lost(object, &kept, "", &mut found);
    Ok(found)
}

#[test]
fn nothing_is_lost_on_the_way_through_the_types() {
    let mut count = 0;
    for build in build::all() {
        for object in build.objects.iter().filter(|object| !custom::is_known(object)) {
            count += 1;
            assert_eq!(checked(object), Ok(Vec::new()), "deploy/{}: {}", build.directory, called(object));
        }
    }
    println!("{count} objects of {} kinds", KINDS.len());
}

#[test]
fn a_misspelt_key_is_lost_and_a_wrong_type_is_refused() {
    let Some(agent) = build::all().iter().find(|build| build.directory == "agent") else { return };
    let mut broken = agent.find("DaemonSet", None, "podometer").unwrap().clone();
    broken["spec"]["template"]["spec"]["tolerationz"] = Value::Array(Vec::new());
    assert_eq!(checked(&broken), Ok(vec!["/spec/template/spec/tolerationz".to_owned()]));
    broken["spec"]["template"]["spec"]["hostNetwork"] = "yes".into();
    assert!(checked(&broken).is_err());
}
