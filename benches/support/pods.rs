//! Pod lists as an API server writes them: about 9 kB a pod, most of which nobody here needs.

use serde_json::{Value, json};

/// A list of `count` pods of a Deployment, with two containers each.
pub(crate) fn pod_list(count: usize) -> Vec<u8> {
    let items: Vec<Value> = (0..count).map(pod).collect();
    let metadata = json!({"resourceVersion": "123456", "continue": ""});
    json!({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items})
        .to_string()
        .into_bytes()
}

fn pod(number: usize) -> Value {
    let (name, uid) =
        (format!("checkout-service-7d4b9c8f6d-{number:05}"), format!("63f8f95c-2cab-4e91-8271-{number:012}"));
    let time = "2026-11-21T00:52:16Z";
    json!({
        "metadata": {
            "name": name, "generateName": "checkout-service-7d4b9c8f6d-", "namespace": "production-shop",
            "uid": uid, "resourceVersion": (90_000 + number).to_string(), "creationTimestamp": time,
            "labels": {"app": "checkout", "app.kubernetes.io/name": "checkout-service",
                "app.kubernetes.io/version": "1.42.0", "pod-template-hash": "7d4b9c8f6d", "team": "payments"},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080",
                "kubectl.kubernetes.io/restartedAt": time, "checksum/config": "a".repeat(64)},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
                "name": "checkout-service-7d4b9c8f6d", "uid": uid, "blockOwnerDeletion": true}],
            "managedFields": managed_fields(time),
        },
        "spec": {
            "nodeName": "worker-eu-west-1a-0042.example", "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "checkout", "schedulerName": "default-scheduler", "priority": 0,
            "terminationGracePeriodSeconds": 30, "enableServiceLinks": true,
            "containers": [container("checkout", 0), container("envoy", 1)],
            "volumes": [{"name": "config", "configMap": {"name": "checkout-config", "defaultMode": 420}},
                {"name": "kube-api-access-g9sm4", "projected": {"defaultMode": 420, "sources": [
                    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]}}],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}],
        },
        "status": {
            "phase": "Running", "qosClass": "Burstable", "startTime": time, "hostIP": "10.0.2.15",
            "podIP": "10.88.0.15", "podIPs": [{"ip": "10.88.0.15"}],
            "conditions": (["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"])
                .map(|kind| json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": time})),
            "containerStatuses": [status("checkout", number), status("envoy", number + 7)],
        }
    })
}

fn managed_fields(time: &str) -> Value {
    let variables: serde_json::Map<String, Value> = (0..12)
        .map(|number| {
            (format!("k:{{\"name\":\"SETTING_{number}\"}}"), json!({".": {}, "f:name": {}, "f:value": {}}))
        })
        .collect();
    json!([{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": time,
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:containers": {
            "k:{\"name\":\"checkout\"}": {".": {}, "f:env": variables.clone(), "f:image": {}, "f:resources": {}},
            "k:{\"name\":\"envoy\"}": {".": {}, "f:env": variables, "f:image": {}, "f:resources": {}}}}}},
        {"manager": "kubelet", "operation": "Update", "subresource": "status", "time": time, "apiVersion": "v1",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {"f:conditions": {}, "f:containerStatuses": {}}}}])
}

fn container(name: &str, offset: usize) -> Value {
    let environment: Vec<Value> = (0..12)
        .map(|number| json!({"name": format!("SETTING_{number}"), "value": format!("value-of-{number}-{name}")}))
        .collect();
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080 + offset, "scheme": "HTTP"}, "periodSeconds": 10,
        "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3});
    json!({"name": name, "image": format!("registry.example/shop/{name}:1.42.0"), "env": environment,
        "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log",
        "ports": [{"containerPort": 8080 + offset, "name": "http", "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "livenessProbe": probe, "readinessProbe": probe,
        "volumeMounts": [{"name": "config", "mountPath": "/etc/config", "readOnly": true},
            {"name": "kube-api-access-g9sm4", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true}]})
}

fn status(name: &str, number: usize) -> Value {
    let id = |salt: usize| format!("containerd://{:064x}", number * 1000 + salt + name.len());
    json!({"name": name, "image": format!("registry.example/shop/{name}:1.42.0"),
        "imageID": format!("registry.example/shop/{name}@sha256:{:064x}", name.len()),
        "containerID": id(1), "ready": true, "started": true, "restartCount": 1,
        "state": {"running": {"startedAt": "2026-11-21T00:54:41Z"}},
        "lastState": {"terminated": {"containerID": id(0), "exitCode": 137, "reason": "OOMKilled",
            "startedAt": "2026-11-21T00:52:20Z", "finishedAt": "2026-11-21T00:54:40Z"}},
        "allocatedResources": {"cpu": "250m", "memory": "256Mi"},
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}}})
}
