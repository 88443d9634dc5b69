//! That the rules of references can fail: one thing at a time is broken in what builds, and each must be told.

use serde_json::{Value, json};

use crate::build::{self, Build};
use crate::references::complaints;

/// Directory, kind and name of an object, where it is broken, with what, and a word of the complaint.
type Break = (&'static str, &'static str, &'static str, &'static str, Value, &'static str);

fn breaks() -> Vec<Break> {
    let wrong = || json!("wrong");
    let port = "/spec/ports/0/targetPort";
    vec![
        ("agent", "Service", "podometer", "/spec/selector/app.kubernetes.io~1name", wrong(), "takes no pod"),
        ("agent", "Service", "podometer", port, wrong(), "no port"),
        (
            "agent",
            "DaemonSet",
            "podometer",
            "/spec/template/spec/serviceAccountName",
            wrong(),
            "ServiceAccount",
        ),
        (
            "agent",
            "DaemonSet",
            "podometer",
            "/spec/template/spec/priorityClassName",
            wrong(),
            "PriorityClass",
        ),
        (
            "agent",
            "DaemonSet",
            "podometer",
            "/spec/template/spec/volumes/0/configMap/name",
            wrong(),
            "ConfigMap",
        ),
        ("agent", "DaemonSet", "podometer", "/spec/template/spec/volumes/0/name", wrong(), "mounted nowhere"),
        (
            "agent",
            "DaemonSet",
            "podometer",
            "/spec/selector/matchLabels/app.kubernetes.io~1name",
            wrong(),
            "own pods",
        ),
        ("agent", "ClusterRoleBinding", "podometer", "/roleRef/name", wrong(), "ClusterRole"),
        ("agent", "ClusterRoleBinding", "podometer", "/subjects/0/namespace", wrong(), "ServiceAccount"),
        ("agent", "NetworkPolicy", "podometer", "/spec/ingress/0/ports/0/port", wrong(), "no port"),
        (
            "influxdb",
            "Deployment",
            "influxdb",
            "/spec/template/spec/volumes/0/persistentVolumeClaim/claimName",
            wrong(),
            "PersistentVolumeClaim",
        ),
        (
            "influxdb",
            "Deployment",
            "influxdb",
            "/spec/template/spec/containers/0/readinessProbe/httpGet/port",
            wrong(),
            "readinessProbe",
        ),
        (
            "inject",
            "MutatingWebhookConfiguration",
            "podometer-injector",
            "/webhooks/0/clientConfig/service/name",
            wrong(),
            "Service",
        ),
        (
            "inject",
            "MutatingWebhookConfiguration",
            "podometer-injector",
            "/webhooks/0/clientConfig/service/port",
            json!(444),
            "no port",
        ),
        (
            "inject",
            "ClusterRole",
            "podometer-injector",
            "/rules/0/resourceNames/0",
            wrong(),
            "MutatingWebhookConfiguration",
        ),
        ("inject", "Role", "podometer-injector", "/rules/0/resourceNames/0", wrong(), "Secret"),
        (
            "metrics-server",
            "APIService",
            "v1beta1.metrics.k8s.io",
            "/spec/service/namespace",
            wrong(),
            "Service",
        ),
        ("operator", "ServiceMonitor", "podometer", "/spec/endpoints/0/port", wrong(), "no port"),
        (
            "operator",
            "ServiceMonitor",
            "podometer",
            "/spec/selector/matchLabels/app.kubernetes.io~1name",
            wrong(),
            "no Service",
        ),
        ("operator", "PodMonitor", "k6", "/spec/podMetricsEndpoints/0/port", wrong(), "no port"),
        (
            "operator/components/agent-token",
            "ServiceMonitor",
            "podometer",
            "/spec/endpoints/0/authorization/credentials/key",
            wrong(),
            "Secret",
        ),
        ("keda", "ScaledObject", "target", "/spec/scaleTargetRef/name", wrong(), "Deployment"),
        ("hpa", "HorizontalPodAutoscaler", "target", "/spec/scaleTargetRef/name", wrong(), "Deployment"),
        (
            "target",
            "PodDisruptionBudget",
            "target",
            "/spec/selector/matchLabels/app.kubernetes.io~1name",
            wrong(),
            "takes no pod",
        ),
        (
            "load/load",
            "Job",
            "load-load",
            "/spec/template/spec/containers/0/env/3/valueFrom/secretKeyRef/key",
            wrong(),
            "Secret",
        ),
        ("overlays/single-node", "Service", "influxdb", "/metadata/namespace", wrong(), "takes no pod"),
    ]
}

#[test]
fn whatever_is_broken_is_told() {
    let all = build::all();
    if all.is_empty() {
        return;
    }
    for (directory, kind, name, pointer, value, word) in breaks() {
        let whole = all.iter().find(|build| build.directory == directory).unwrap();
        let mut broken: Build = whole.clone();
        let named = |object: &&mut Value| {
            build::text(object, "/kind") == kind && build::text(object, "/metadata/name") == name
        };
        let object =
            broken.objects.iter_mut().find(named).unwrap_or_else(|| panic!("{directory}: no {kind} {name}"));
        *object
            .pointer_mut(pointer)
            .unwrap_or_else(|| panic!("{directory}: {kind} {name} has no {pointer}")) = value;
        let faults = complaints(&broken, all);
        assert!(faults.iter().any(|fault| fault.contains(word)), "{kind} {name} {pointer}: {faults:?}");
        assert_eq!(complaints(whole, all), Vec::<String>::new(), "{directory}, as it is");
    }
}
