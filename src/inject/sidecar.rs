//! The container: the agent in mode `sidecar`, with no right that its view does not need.

use super::annotations::{Source, Variable, Wishes};
use super::environment::{self, Leaf};
use super::settings::{Form, NAME, Resources, VOLUME, View};
use super::tree::Tree;

/// Nobody of the node's: the user of the image.
const USER: &str = "65532";
/// Where the host's cgroups are in the container.
const CGROUPS: &str = "/host/sys/fs/cgroup";

/// The downward API's. Names first.
const FIELDS: [(&str, &str); 6] = [
    ("POD_NAME", "metadata.name"),
    ("POD_NAMESPACE", "metadata.namespace"),
    ("POD_UID", "metadata.uid"),
    ("NODE_NAME", "spec.nodeName"),
    ("HOST_IP", "status.hostIP"),
    ("POD_IP", "status.podIP"),
];

/// What is decided about one pod's sidecar.
pub(super) struct Sidecar<'a> {
    pub(super) wishes: &'a Wishes,
    pub(super) image: &'a str,
    pub(super) form: Form,
    pub(super) view: View,
    pub(super) port: u16,
    pub(super) resources: Resources,
    /// The application's, where its processes are to be seen.
    pub(super) user: Option<String>,
    pub(super) leaves: Vec<Leaf>,
}

impl Sidecar<'_> {
    pub(super) fn container(&self) -> Tree {
        let mut entries = vec![
            ("name", Tree::text(NAME)),
            ("image", Tree::text(self.image)),
            ("args", Tree::list(vec![Tree::text("agent")])),
        ];
        if self.form == Form::Native {
            entries.push(("restartPolicy", Tree::text("Always")));
        }
        let port = Tree::map(vec![
            ("name", Tree::text("metrics")),
            ("containerPort", Tree::plain(self.port)),
            ("protocol", Tree::text("TCP")),
        ]);
        entries.push(("ports", Tree::list(vec![port])));
        entries.push(("env", Tree::list(self.variables())));
        if let Some(secret) = &self.wishes.secret {
            let secret = Tree::map(vec![("name", Tree::text(secret)), ("optional", Tree::plain(true))]);
            entries.push(("envFrom", Tree::list(vec![Tree::map(vec![("secretRef", secret)])])));
        }
        let resources = resources(&self.resources);
        if !resources.is_empty() {
            entries.push(("resources", Tree::map(resources)));
        }
        entries.push(("securityContext", self.security()));
        if self.view == View::Host {
            let mount = Tree::map(vec![
                ("name", Tree::text(VOLUME)),
                ("mountPath", Tree::text(CGROUPS)),
                ("readOnly", Tree::plain(true)),
            ]);
            entries.push(("volumeMounts", Tree::list(vec![mount])));
        }
        Tree::map(entries)
    }

    /// Ours, the class's and inputs', and what the pod asks for, which may take another's place.
    fn variables(&self) -> Vec<Tree> {
        let field = |(name, path): (&str, &str)| Variable {
            name: name.to_owned(),
            source: Source::Field(path.to_owned()),
        };
        let set = |name: &str, value: &str| Variable {
            name: format!("PODOMETER__{name}"),
            source: Source::Literal(value.to_owned()),
        };
        let mut all: Vec<Variable> = FIELDS.into_iter().map(field).collect();
        all.push(set("AGENT__MODE", "sidecar"));
        if self.view == View::Host {
            all.push(set("PATHS__CGROUP", CGROUPS));
        }
        // What the pod's account may ask is for its application; a class may say otherwise.
        for (section, name) in [("api_server", "API_SERVER__ENABLED"), ("kubelet", "KUBELET__ENABLED")] {
            if !environment::speaks_of(&self.leaves, section) {
                all.push(set(name, "never"));
            }
        }
        if self.view != View::NodeAgent {
            all.push(set("SIDECAR__NODE_AGENT__ENABLED", "never"));
        }
        // Checked when the class and the inputs were read.
        let said = environment::variables(&self.leaves).unwrap_or_default();
        let said = said
            .into_iter()
            .map(|(name, value)| Variable { name, source: Source::Literal(environment::escaped(&value)) });
        let listen = set("SERVER__LISTEN", &format!("0.0.0.0:{}", self.port));
        for variable in said.chain([listen]).chain(self.wishes.variables.iter().cloned()) {
            match all.iter_mut().find(|known| known.name == variable.name) {
                Some(known) => *known = variable,
                None => all.push(variable),
            }
        }
        all.iter().map(written).collect()
    }

    /// What the profile `restricted` of pod security asks for.
    fn security(&self) -> Tree {
        let user = self.user.as_deref().unwrap_or(USER);
        Tree::map(vec![
            ("runAsNonRoot", Tree::plain(true)),
            ("runAsUser", Tree::plain(user)),
            ("runAsGroup", Tree::plain(USER)),
            ("readOnlyRootFilesystem", Tree::plain(true)),
            ("allowPrivilegeEscalation", Tree::plain(false)),
            ("capabilities", Tree::map(vec![("drop", Tree::list(vec![Tree::text("ALL")]))])),
            ("seccompProfile", Tree::map(vec![("type", Tree::text("RuntimeDefault"))])),
        ])
    }
}

/// The volume of the view `host`.
pub(super) fn volume() -> Tree {
    let path = Tree::map(vec![("path", Tree::text("/sys/fs/cgroup")), ("type", Tree::text("Directory"))]);
    Tree::map(vec![("name", Tree::text(VOLUME)), ("hostPath", path)])
}

fn written(variable: &Variable) -> Tree {
    let key =
        |object: &str, key: &str| Tree::map(vec![("name", Tree::text(object)), ("key", Tree::text(key))]);
    let from = |kind: &str, reference: Tree| ("valueFrom", Tree::map(vec![(kind, reference)]));
    let source = match &variable.source {
        Source::Literal(value) => ("value", Tree::text(value)),
        Source::Field(path) => from("fieldRef", Tree::map(vec![("fieldPath", Tree::text(path))])),
        Source::ConfigMap(object, name) => from("configMapKeyRef", key(object, name)),
        Source::Secret(object, name) => from("secretKeyRef", key(object, name)),
    };
    Tree::map(vec![("name", Tree::text(&variable.name)), source])
}

fn resources(resources: &Resources) -> Vec<(&'static str, Tree)> {
    let part = |cpu: &String, memory: &String| {
        let both = [("cpu", cpu), ("memory", memory)];
        both.into_iter()
            .filter(|(_, quantity)| !quantity.is_empty())
            .map(|(name, quantity)| (name, Tree::text(quantity)))
            .collect::<Vec<_>>()
    };
    [
        ("requests", part(&resources.requests_cpu, &resources.requests_memory)),
        ("limits", part(&resources.limits_cpu, &resources.limits_memory)),
    ]
    .into_iter()
    .filter(|(_, part)| !part.is_empty())
    .map(|(name, part)| (name, Tree::map(part)))
    .collect()
}
