//! Every name that one object has of another, followed.
//!
//! An overlay stands for itself: what it names is in it, but for what `elsewhere` says. Any other directory may name
//! what another one brings.

use serde_json::Value;

use crate::build::{self, Build, called, containers, items, namespace_of, template, text};
use crate::elsewhere::{is_apart, is_outside};
use crate::secrets;
use crate::selectors::{has_port, labels, pods, serves, takes};

/// What does not resolve, a line each.
pub(crate) fn complaints(build: &Build, all: &[Build]) -> Vec<String> {
    let mut search = Search { build, all, faults: Vec::new() };
    for object in &build.objects {
        search.follow(object);
    }
    search.faults
}

/// Follows one object after the other.
struct Search<'a> {
    build: &'a Build,
    all: &'a [Build],
    faults: Vec<String>,
}

impl<'a> Search<'a> {
    fn fault(&mut self, object: &Value, what: &str) {
        self.faults.push(format!("deploy/{}: {}: {what}", self.build.directory, called(object)));
    }

    /// Where things may be, as the object that names them is.
    fn places(&self, object: &Value) -> Vec<&'a Build> {
        let own = std::iter::once(self.build);
        if is_apart(self.build, text(object, "/kind"), text(object, "/metadata/name")) {
            own.chain(self.all).collect()
        } else {
            own.collect()
        }
    }

    fn find(&self, object: &Value, kind: &str, namespace: Option<&str>, name: &str) -> Option<&'a Value> {
        self.places(object).into_iter().find_map(|place| place.find(kind, namespace, name))
    }

    /// The object of that name in the namespace of the one that names it.
    fn beside(&mut self, object: &Value, kind: &str, name: &str) -> Option<&'a Value> {
        let found = self.find(object, kind, Some(namespace_of(object)), name);
        if found.is_none() && !is_outside(kind, name) {
            self.fault(object, &format!("{kind} {name:?} is not there"));
        }
        found
    }

    fn pods(&self, object: &Value, namespace: Option<&str>, selector: &Value) -> Vec<&'a Value> {
        self.places(object).into_iter().flat_map(|place| pods(place, namespace, selector)).collect()
    }

    fn follow(&mut self, object: &Value) {
        if let Some(pod) = template(object) {
            self.workload(object, pod);
        }
        let spec = |name: &str| object.pointer(&format!("/spec/{name}")).unwrap_or(&Value::Null);
        match text(object, "/kind") {
            "Service" => self.service(object, spec("selector")),
            "PodDisruptionBudget"
                if self.pods(object, Some(namespace_of(object)), spec("selector")).is_empty() =>
            {
                self.fault(object, "its selector takes no pod");
            }
            "NetworkPolicy" => self.policy(object, spec("podSelector")),
            "RoleBinding" | "ClusterRoleBinding" => self.binding(object),
            "HorizontalPodAutoscaler" | "ScaledObject" => {
                let (kind, name) =
                    (text(object, "/spec/scaleTargetRef/kind"), text(object, "/spec/scaleTargetRef/name"));
                self.beside(object, kind, name);
            }
            "MutatingWebhookConfiguration" => {
                for webhook in items(object, "/webhooks") {
                    self.by_service(object, &webhook["clientConfig"]["service"]);
                }
            }
            "APIService" => self.by_service(object, spec("service")),
            "ServiceMonitor" => self.service_monitor(object),
            "PodMonitor" => self.pod_monitor(object),
            "GrafanaDashboard" => {
                let map = self.beside(object, "ConfigMap", text(object, "/spec/configMapRef/name"));
                let key = text(object, "/spec/configMapRef/key");
                if map.is_some_and(|map| map["data"].get(key).is_none()) {
                    self.fault(object, &format!("its ConfigMap has no key {key:?}"));
                }
            }
            "GrafanaDatasource" => {
                for from in items(object, "/spec/valuesFrom") {
                    self.key(object, &from["valueFrom"]);
                }
            }
            "Role" | "ClusterRole" => self.named_in_rules(object),
            _ => {}
        }
    }

    fn workload(&mut self, object: &Value, pod: &Value) {
        let selector = object.pointer("/spec/selector");
        if selector.is_some_and(|selector| !takes(selector, labels(pod))) {
            self.fault(object, "its selector does not take its own pods");
        }
        let account = text(pod, "/spec/serviceAccountName");
        if !account.is_empty() {
            self.beside(object, "ServiceAccount", account);
        }
        let class = text(pod, "/spec/priorityClassName");
        if !class.is_empty()
            && self.find(object, "PriorityClass", None, class).is_none()
            && !is_outside("PriorityClass", class)
        {
            self.fault(object, &format!("PriorityClass {class:?} is not there"));
        }
        let subdomain = text(pod, "/spec/subdomain");
        if !subdomain.is_empty() {
            self.beside(object, "Service", subdomain);
        }
        for spread in items(pod, "/spec/topologySpreadConstraints") {
            if !takes(&spread["labelSelector"], labels(pod)) {
                self.fault(object, "its spread does not count its own pods");
            }
        }
        for volume in items(pod, "/spec/volumes") {
            self.volume(object, volume);
            for source in items(volume, "/projected/sources") {
                self.volume(object, source);
            }
        }
        self.mounts(object, pod);
        for container in containers(pod) {
            for variable in items(container, "/env") {
                self.key(object, &variable["valueFrom"]);
            }
            for from in items(container, "/envFrom") {
                self.key(object, from);
            }
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                for port in ["httpGet", "tcpSocket"].map(|how| &container[probe][how]["port"]) {
                    if !port.is_null() && !has_port(pod, port) {
                        self.fault(object, &format!("{probe} asks for the port {port}, which is not there"));
                    }
                }
            }
        }
    }

    fn volume(&mut self, object: &Value, volume: &Value) {
        let map = text(volume, "/configMap/name");
        if !map.is_empty() {
            let found = self.beside(object, "ConfigMap", map);
            for item in items(volume, "/configMap/items") {
                if found.is_some_and(|found| found["data"].get(text(item, "/key")).is_none()) {
                    self.fault(object, &format!("ConfigMap {map} has no key {}", item["key"]));
                }
            }
        }
        let claim = text(volume, "/persistentVolumeClaim/claimName");
        if !claim.is_empty() {
            self.beside(object, "PersistentVolumeClaim", claim);
        }
        let secret = text(volume, "/secret/secretName");
        if !secret.is_empty() {
            let items = items(volume, "/secret/items");
            if items.is_empty() {
                self.secret(object, secret, None);
            }
            for item in items {
                self.secret(object, secret, Some(text(item, "/key")));
            }
        }
    }

    /// Each mount has its volume, and each volume a mount.
    fn mounts(&mut self, object: &Value, pod: &Value) {
        let volumes: Vec<&str> =
            items(pod, "/spec/volumes").iter().map(|volume| text(volume, "/name")).collect();
        let mounts = containers(pod).flat_map(|container| items(container, "/volumeMounts"));
        let mounted: Vec<&str> = mounts.map(|mount| text(mount, "/name")).collect();
        for name in mounted.iter().filter(|name| !volumes.contains(name)) {
            self.fault(object, &format!("mounts {name:?}, which is no volume"));
        }
        for name in volumes.iter().filter(|name| !mounted.contains(name)) {
            self.fault(object, &format!("the volume {name:?} is mounted nowhere"));
        }
    }

    /// A variable, or all of an object, from a ConfigMap or a Secret.
    fn key(&mut self, object: &Value, from: &Value) {
        for how in ["secretKeyRef", "secretRef"] {
            let name = text(&from[how], "/name");
            if !name.is_empty() {
                self.secret(object, name, from[how].get("key").and_then(Value::as_str));
            }
        }
        for how in ["configMapKeyRef", "configMapRef"] {
            let name = text(&from[how], "/name");
            if !name.is_empty() {
                let map = self.beside(object, "ConfigMap", name);
                let key = text(&from[how], "/key");
                if !key.is_empty() && map.is_some_and(|map| map["data"].get(key).is_none()) {
                    self.fault(object, &format!("ConfigMap {name} has no key {key:?}"));
                }
            }
        }
    }

    fn secret(&mut self, object: &Value, name: &str, key: Option<&str>) {
        match secrets::find(name) {
            None => {
                self.fault(object, &format!("Secret {name:?} is not in the table of those made at install"));
            }
            Some(secret) if key.is_some_and(|key| !secret.keys.contains(&key)) => {
                self.fault(object, &format!("Secret {name} is made without the key {key:?}"));
            }
            Some(_) => {}
        }
    }

    fn service(&mut self, object: &Value, selector: &Value) {
        let pods = self.pods(object, Some(namespace_of(object)), selector);
        if pods.is_empty() {
            self.fault(object, "its selector takes no pod");
        }
        for port in items(object, "/spec/ports") {
            let target = port.get("targetPort").unwrap_or(&port["port"]);
            if !pods.iter().all(|pod| has_port(pod, target)) {
                self.fault(object, &format!("its pods have no port {target}"));
            }
        }
    }

    fn policy(&mut self, object: &Value, selector: &Value) {
        let pods = self.pods(object, Some(namespace_of(object)), selector);
        if pods.is_empty() {
            self.fault(object, "its selector takes no pod");
        }
        for port in items(object, "/spec/ingress").iter().flat_map(|rule| items(rule, "/ports")) {
            if !pods.iter().all(|pod| has_port(pod, &port["port"])) {
                self.fault(object, &format!("its pods have no port {}", port["port"]));
            }
        }
    }

    fn binding(&mut self, object: &Value) {
        let (kind, name) = (text(object, "/roleRef/kind"), text(object, "/roleRef/name"));
        let namespace = (kind == "Role").then(|| namespace_of(object));
        if self.find(object, kind, namespace, name).is_none() && !is_outside(kind, name) {
            self.fault(object, &format!("{kind} {name:?} is not there"));
        }
        if items(object, "/subjects").is_empty() {
            self.fault(object, "binds nobody");
        }
        for subject in items(object, "/subjects") {
            let (namespace, name) = (text(subject, "/namespace"), text(subject, "/name"));
            if self.find(object, "ServiceAccount", Some(namespace), name).is_none() {
                self.fault(object, &format!("ServiceAccount {namespace}/{name} is not there"));
            }
        }
    }

    /// A Service by namespace, name and port, as webhooks and API services have it.
    fn by_service(&mut self, object: &Value, reference: &Value) {
        let (namespace, name) = (text(reference, "/namespace"), text(reference, "/name"));
        match self.find(object, "Service", Some(namespace), name) {
            None => self.fault(object, &format!("Service {namespace}/{name} is not there")),
            Some(service) if !serves(service, &reference["port"]) => {
                self.fault(object, &format!("Service {name} has no port {}", reference["port"]));
            }
            Some(_) => {}
        }
    }

    fn namespaces(object: &Value) -> Vec<String> {
        let others = items(object, "/spec/namespaceSelector/matchNames");
        let own = [Value::from(namespace_of(object))];
        let named = if others.is_empty() { &own[..] } else { others };
        named.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn service_monitor(&mut self, object: &Value) {
        let namespaces = Search::namespaces(object);
        let all = self.places(object).into_iter().flat_map(|place| &place.objects);
        let is_wanted = |known: &&Value| {
            text(known, "/kind") == "Service"
                && namespaces.iter().any(|namespace| namespace == namespace_of(known))
                && takes(&object["spec"]["selector"], labels(known))
        };
        let services: Vec<&Value> = all.filter(is_wanted).collect();
        if services.is_empty() {
            self.fault(object, "its selector takes no Service");
        }
        for endpoint in items(object, "/spec/endpoints") {
            // By name alone: that is what the operator looks for.
            let has = |service: &&Value| {
                items(service, "/spec/ports").iter().any(|port| port.get("name") == endpoint.get("port"))
            };
            if !services.iter().all(has) {
                self.fault(object, &format!("its Services have no port {}", endpoint["port"]));
            }
            let token = &endpoint["authorization"]["credentials"];
            if !token.is_null() {
                self.secret(object, text(token, "/name"), token.get("key").and_then(Value::as_str));
            }
        }
    }

    fn pod_monitor(&mut self, object: &Value) {
        let selector = &object["spec"]["selector"];
        let is_anywhere = object.pointer("/spec/namespaceSelector/any") == Some(&Value::Bool(true));
        // All pods of all namespaces are the applications', and none is here.
        if is_anywhere && selector.as_object().is_some_and(serde_json::Map::is_empty) {
            return;
        }
        let named = Search::namespaces(object);
        let namespaces: Vec<Option<&str>> =
            if is_anywhere { vec![None] } else { named.iter().map(|name| Some(&**name)).collect() };
        for namespace in namespaces {
            let pods = self.pods(object, namespace, selector);
            if pods.is_empty() {
                self.fault(object, "its selector takes no pod");
            }
            for endpoint in items(object, "/spec/podMetricsEndpoints") {
                if !pods.iter().all(|pod| has_port(pod, &endpoint["port"])) {
                    self.fault(object, &format!("its pods have no port {}", endpoint["port"]));
                }
            }
        }
    }

    /// Objects that a rule is bound to.
    fn named_in_rules(&mut self, object: &Value) {
        for rule in items(object, "/rules") {
            for name in items(rule, "/resourceNames").iter().filter_map(Value::as_str) {
                match items(rule, "/resources").first().and_then(Value::as_str) {
                    Some("secrets") => self.secret(object, name, None),
                    Some("mutatingwebhookconfigurations") => {
                        if self.find(object, "MutatingWebhookConfiguration", None, name).is_none() {
                            self.fault(
                                object,
                                &format!("MutatingWebhookConfiguration {name:?} is not there"),
                            );
                        }
                    }
                    other => self
                        .fault(object, &format!("a rule of {name:?} among {other:?} is not followed here")),
                }
            }
        }
    }
}

#[test]
fn every_name_leads_somewhere() {
    let all = build::all();
    let faults: Vec<String> = all.iter().flat_map(|build| complaints(build, all)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_workload_has_one_scaler() {
    for build in build::all() {
        let mut targets: Vec<&str> = build
            .objects
            .iter()
            .filter(|object| matches!(text(object, "/kind"), "HorizontalPodAutoscaler" | "ScaledObject"))
            .map(|object| text(object, "/spec/scaleTargetRef/name"))
            .collect();
        targets.sort_unstable();
        let before = targets.len();
        targets.dedup();
        assert_eq!(targets.len(), before, "deploy/{}: {targets:?}", build.directory);
    }
}
