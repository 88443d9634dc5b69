//! What may be named and is not there: objects of others, with whose they are, and what an overlay leaves to another
//! directory.

use crate::build::Build;

/// Objects that are there without us: kind, name, whose.
const OUTSIDE: [(&str, &str, &str); 6] = [
    ("ClusterRole", "system:auth-delegator", "Kubernetes'"),
    ("Deployment", "nginx-thrift", "the social network's"),
    ("PriorityClass", "system-cluster-critical", "Kubernetes'"),
    ("Role", "extension-apiserver-authentication-reader", "Kubernetes', in kube-system"),
    ("Service", "nginx-thrift", "the social network's"),
    ("Service", "prometheus-operated", "the Prometheus Operator's"),
];
/// Directories of overlays that name what is applied by itself: directory, kind, name, why.
const APART: [(&str, &str, &str, &str); 9] = [
    ("overlays/autoscaling/keda", "Service", "prometheus-service", "overlays/autoscaling brings it"),
    ("overlays/continuous-load", "PodMonitor", "podometer-injector", "it is applied in its own namespace"),
    ("overlays/continuous-load", "ServiceMonitor", "podometer", "the agent is applied in its own namespace"),
    ("overlays/continuous-load", "ServiceMonitor", "podometer-node", "likewise"),
    ("overlays/jmeter-starterkit/load", "", "", "overlays/jmeter-starterkit brings the rest"),
    ("overlays/social-network/load", "", "", "overlays/social-network brings the stores"),
    ("overlays/social-network/soak", "", "", "likewise"),
    ("overlays/social-network/spike", "", "", "likewise"),
    ("overlays/social-network/stress", "", "", "likewise"),
];

pub(crate) fn is_outside(kind: &str, name: &str) -> bool {
    OUTSIDE.iter().any(|(known, called, _)| *known == kind && *called == name)
}

/// Whether the directory may name what another one brings.
pub(crate) fn is_apart(build: &Build, kind: &str, name: &str) -> bool {
    !build.is_whole()
        || APART.iter().any(|(directory, of, called, _)| {
            *directory == build.directory && (of.is_empty() || *of == kind && *called == name)
        })
}
