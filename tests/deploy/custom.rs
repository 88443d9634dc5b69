//! Kinds that operators define, as far as `deploy/` uses them: a field that is not here is refused.
//!
//! Field names, types and what is required are those of the custom resource definitions of prometheus-operator
//! (`monitoring.coreos.com/v1`), the Grafana Operator (`grafana.integreatly.org/v1beta1`) and KEDA (`keda.sh/v1alpha1`),
//! all Apache-2.0; only the fields in use are kept.

#![allow(dead_code, reason = "that a field can be read is what is tested")]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::build::{self, called, text};

type Labels = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selector {
    /// Without it any will do, which only the API of the Prometheus Operator allows.
    #[serde(default)]
    match_labels: Labels,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NamespaceSelector {
    any: Option<bool>,
    #[serde(default)]
    match_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Relabeling {
    #[serde(default)]
    source_labels: Vec<String>,
    target_label: Option<String>,
    replacement: Option<String>,
    regex: Option<String>,
    action: Action,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Replace,
    Keep,
    Drop,
    LabelMap,
}

/// Of a ServiceMonitor or a PodMonitor.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Endpoint {
    port: String,
    path: Option<String>,
    interval: Option<String>,
    scrape_timeout: Option<String>,
    honor_labels: Option<bool>,
    tls_config: Option<TlsConfig>,
    authorization: Option<Authorization>,
    #[serde(default)]
    relabelings: Vec<Relabeling>,
    #[serde(default)]
    metric_relabelings: Vec<Relabeling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TlsConfig {
    insecure_skip_verify: bool,
}

/// Of the type `Bearer`, where none is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorization {
    credentials: KeyOf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ServiceMonitor {
    job_label: Option<String>,
    selector: Selector,
    namespace_selector: Option<NamespaceSelector>,
    scrape_native_histograms: Option<bool>,
    scrape_classic_histograms: Option<bool>,
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PodMonitor {
    job_label: Option<String>,
    selector: Selector,
    namespace_selector: Option<NamespaceSelector>,
    scrape_native_histograms: Option<bool>,
    scrape_classic_histograms: Option<bool>,
    pod_metrics_endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrometheusRule {
    groups: Vec<RuleGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleGroup {
    name: String,
    interval: Option<String>,
    rules: Vec<Rule>,
}

/// An alert or a record; exactly one of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    alert: Option<String>,
    record: Option<String>,
    expr: Value,
    #[serde(rename = "for")]
    lasts: Option<String>,
    keep_firing_for: Option<String>,
    #[serde(default)]
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyOf {
    name: String,
    key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GrafanaDashboard {
    instance_selector: Selector,
    allow_cross_namespace_import: Option<bool>,
    folder: Option<String>,
    config_map_ref: KeyOf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GrafanaDatasource {
    instance_selector: Selector,
    allow_cross_namespace_import: Option<bool>,
    #[serde(default)]
    values_from: Vec<ValueFrom>,
    datasource: Datasource,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ValueFrom {
    target_path: String,
    value_from: SecretKey,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretKey {
    secret_key_ref: KeyOf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Datasource {
    name: String,
    uid: String,
    #[serde(rename = "type")]
    kind: String,
    access: String,
    url: String,
    user: Option<String>,
    is_default: Option<bool>,
    #[serde(default)]
    json_data: Map<String, Value>,
    #[serde(default)]
    secure_json_data: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScaledObject {
    scale_target_ref: ScaleTarget,
    polling_interval: Option<u32>,
    cooldown_period: Option<u32>,
    min_replica_count: Option<u32>,
    max_replica_count: Option<u32>,
    fallback: Option<Fallback>,
    triggers: Vec<Trigger>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScaleTarget {
    api_version: Option<String>,
    kind: Option<String>,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fallback {
    failure_threshold: u32,
    replicas: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Trigger {
    #[serde(rename = "type")]
    kind: String,
    metric_type: Option<String>,
    /// Texts alone: a number without quotes is refused.
    metadata: Labels,
}

type Check = fn(&Value) -> Result<(), String>;

/// Each kind with its version and its type.
const KINDS: [(&str, &str, Check); 6] = [
    ("GrafanaDashboard", "grafana.integreatly.org/v1beta1", read::<GrafanaDashboard>),
    ("GrafanaDatasource", "grafana.integreatly.org/v1beta1", read::<GrafanaDatasource>),
    ("PodMonitor", "monitoring.coreos.com/v1", read::<PodMonitor>),
    ("PrometheusRule", "monitoring.coreos.com/v1", read::<PrometheusRule>),
    ("ScaledObject", "keda.sh/v1alpha1", read::<ScaledObject>),
    ("ServiceMonitor", "monitoring.coreos.com/v1", read::<ServiceMonitor>),
];

fn read<T: DeserializeOwned>(spec: &Value) -> Result<(), String> {
    T::deserialize(spec).map(drop).map_err(|error| error.to_string())
}

fn row(object: &Value) -> Option<&'static (&'static str, &'static str, Check)> {
    let is = |(kind, version, _): &&(&str, &str, Check)| {
        *kind == text(object, "/kind") && *version == text(object, "/apiVersion")
    };
    KINDS.iter().find(is)
}

pub(crate) fn is_known(object: &Value) -> bool {
    row(object).is_some()
}

fn check(object: &Value) -> Result<(), String> {
    let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
    if keys != ["apiVersion", "kind", "metadata", "spec"] {
        return Err(format!("has the keys {keys:?}"));
    }
    row(object).unwrap().2(&object["spec"])
}

#[test]
fn each_object_of_another_kind_has_its_form() {
    let mut seen = BTreeMap::new();
    for build in build::all() {
        for object in build.objects.iter().filter(|object| is_known(object)) {
            let checked = check(object);
            assert_eq!(checked, Ok(()), "deploy/{}: {}", build.directory, called(object));
            *seen.entry(text(object, "/kind")).or_insert(0) += 1;
        }
    }
    println!("{seen:?}");
    assert!(build::all().is_empty() || seen.len() == KINDS.len(), "a kind without an object: {seen:?}");
}

#[test]
fn a_key_that_is_not_there_and_a_number_without_quotes_are_refused() {
    let of_keda = |spec: Value| read::<ScaledObject>(&spec);
    let good = serde_json::json!({"scaleTargetRef": {"name": "a"}, "triggers": [{"type": "prometheus", "metadata": {"threshold": "5"}}]});
    assert_eq!(of_keda(good.clone()), Ok(()));
    // As KEDA 1 had it, and what newer ones have dropped.
    let mut old = good.clone();
    old["scaleTargetRef"] = serde_json::json!({"deploymentName": "a"});
    assert!(of_keda(old).unwrap_err().contains("deploymentName"));
    let mut bare = good;
    bare["triggers"][0]["metadata"]["threshold"] = 5.into();
    assert!(of_keda(bare).is_err());
}

#[test]
fn each_rule_is_an_alert_or_a_record() {
    for object in build::all().iter().flat_map(|build| &build.objects) {
        if text(object, "/kind") == "PrometheusRule" {
            let rules = PrometheusRule::deserialize(&object["spec"]).unwrap();
            for rule in rules.groups.iter().flat_map(|group| &group.rules) {
                assert!(
                    rule.alert.is_some() != rule.record.is_some(),
                    "{}: {:?}",
                    called(object),
                    rule.alert
                );
            }
        }
    }
}
