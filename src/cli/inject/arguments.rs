//! What can be typed after `inject`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::inject;

/// Adds the agent as a sidecar to the pods of manifests, or takes it out again; or does so as a webhook.
///
/// Prints what it reads: Pods, Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers, Jobs,
/// CronJobs and Lists with a sidecar, all else to the letter. YAML stays YAML and JSON stays JSON, in its order; a
/// document that changes keeps the comments at its head alone. What is done is told on standard error. Done twice it changes nothing.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true,
    after_help = "\
Annotations of the pod, or of a workload's pod template:
  podometer.io/inject: \"false\"          no sidecar
  podometer.io/class: app               settings of this class: app.yaml of --classes
  podometer.io/port, ports, path, scheme, interval, metric-version, inputs
                                        what stands beside the application
  podometer.io/image, requests-cpu, requests-memory, limits-cpu, limits-memory, env-literal-NAME,
      env-fieldref-NAME, env-secretkeyref-NAME, env-configmapkeyref-NAME, secret-env
  podometer.io/listen-port, view, share-process-namespace
                                        as the flags
  telegraf.influxdata.com/...           the same, as telegraf-operator knows them

Exit code: 0 whatever was left as it is, 64 when a document cannot be read; then nothing is printed.

Examples:
  podometer inject -f app.yaml | kubectl apply -f -
  kubectl get deployment cart -o yaml | podometer inject -f - | kubectl apply -f -
  podometer inject -f app.yaml --container --view host
  podometer inject -f app.yaml --remove
  podometer inject serve --classes /etc/podometer/classes"
)]
pub(in crate::cli) struct InjectCommand {
    #[command(subcommand)]
    pub(super) action: Option<InjectAction>,
    /// Manifests, YAML or JSON; - is standard input.
    #[arg(short, long, value_name = "FILE|-", required = true)]
    pub(super) file: Option<String>,
    /// Take out what was added.
    #[arg(long)]
    pub(super) remove: bool,
    #[command(flatten)]
    pub(super) sidecar: Sidecar,
    /// Directory of classes: NAME.yaml is a configuration of the agent.
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) classes: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum InjectAction {
    Serve(Serve),
}

/// What all sidecars have in common.
#[derive(Args, Clone, Debug)]
pub(super) struct Sidecar {
    /// The agent's image.
    #[arg(long, value_name = "IMAGE", default_value = concat!("podometer:", env!("CARGO_PKG_VERSION")))]
    pub(super) image: String,
    /// An ordinary container, for clusters before Kubernetes 1.29; Jobs never end beside one, and get none.
    #[arg(long)]
    pub(super) container: bool,
    /// How the sidecar sees its pod: not at all, by the node's agent, or by the host's cgroups (hostPath).
    #[arg(long, value_enum, default_value_t = View::NodeAgent)]
    pub(super) view: View,
    /// Let the containers see each other's processes, which shows each that runs as the application's user. Say why.
    #[arg(long, value_name = "REASON")]
    pub(super) share_process_namespace: Option<String>,
    /// Port of the sidecar; without it 9758, or the next that no container of the pod names.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) port: Option<u16>,
    /// Class of pods that name none.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(super) class: String,
    /// CPU that the sidecar asks for, up to the limit; a pod whose requests are its limits gets the limit.
    #[arg(long, value_name = "QUANTITY", default_value = "10m", value_parser = quantity)]
    pub(super) requests_cpu: String,
    /// Memory that the sidecar asks for.
    #[arg(long, value_name = "QUANTITY", default_value = "32Mi", value_parser = quantity)]
    pub(super) requests_memory: String,
    /// CPU that the sidecar may use; "" for no limit.
    #[arg(long, value_name = "QUANTITY", default_value = "100m", value_parser = quantity)]
    pub(super) limits_cpu: String,
    /// Memory that the sidecar may use.
    #[arg(long, value_name = "QUANTITY", default_value = "64Mi", value_parser = quantity)]
    pub(super) limits_memory: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum View {
    Own,
    NodeAgent,
    Host,
}

impl View {
    pub(super) const fn meant(self) -> inject::View {
        match self {
            View::Own => inject::View::Own,
            View::NodeAgent => inject::View::NodeAgent,
            View::Host => inject::View::Host,
        }
    }
}

/// Serves the mutating webhook: a sidecar for pods that ask for one, when they are made.
///
/// It makes its certificate itself and renews it in its last third, keeps it in a Secret that its replicas share, and
/// has its MutatingWebhookConfiguration trust it. Pods of kube-system are never touched, nor those of its own namespace
/// with the label app.kubernetes.io/part-of: podometer; that others of its namespace are not asked about is for the
/// webhook configuration's namespaceSelector to say. No pod is ever refused: what cannot be done is a warning to
/// whoever made the pod, and a line of the log.
#[derive(Args, Debug)]
#[command(after_help = "\
Paths:
  /mutate              pods that ask for a sidecar (podometer.io/inject: \"true\", or annotations of telegraf-operator),
                       and those of namespaces with the label podometer.io/inject=enabled
  /mutate/namespace    for webhooks that select namespaces themselves: all pods but those with podometer.io/inject: \"false\"
  /metrics, /-/healthy, /-/ready

Rights:
  secrets get, create, update in the own namespace
  mutatingwebhookconfigurations get, patch
  namespaces get, for the label
  /version, which all accounts may read: clusters before 1.29 get no native sidecars

Examples:
  podometer inject serve
  podometer inject serve --classes /etc/podometer/classes --class app --metrics-listen 0.0.0.0:9090
  podometer inject serve --kubeconfig ~/.kube/config --namespace monitoring")]
pub(super) struct Serve {
    /// Address and port for the API server, over TLS.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:9443")]
    pub(super) listen: SocketAddr,
    /// Address and port for metrics and probes alone, without TLS.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) metrics_listen: Option<SocketAddr>,
    /// Namespace of Service and Secret; without it the environment's POD_NAMESPACE, without that podometer.
    #[arg(long)]
    pub(super) namespace: Option<String>,
    /// The Service that the API server calls.
    #[arg(long, value_name = "NAME", default_value = "podometer-injector")]
    pub(super) service: String,
    /// The Secret that holds the certificate.
    #[arg(long, value_name = "NAME", default_value = "podometer-injector")]
    pub(super) secret: String,
    /// The MutatingWebhookConfiguration.
    #[arg(long, value_name = "NAME", default_value = "podometer-injector")]
    pub(super) webhook: String,
    /// A kubeconfig; without it the service account of the pod.
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// How long a certificate is good for.
    #[arg(long, value_name = "DURATION", default_value = "90days", value_parser = humantime::parse_duration)]
    pub(super) certificate_lifetime: Duration,
    /// Time between two looks at Secret, webhook configuration and classes.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = humantime::parse_duration)]
    pub(super) interval: Duration,
    /// Largest number of connections at one time.
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub(super) max_connections: usize,
    /// Directory of classes: NAME.yaml is a configuration of the agent; read again when one changes.
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) classes: Option<PathBuf>,
    #[command(flatten)]
    pub(super) sidecar: Sidecar,
    /// One JSON object a line of the log.
    #[arg(long)]
    pub(super) log_json: bool,
}

fn quantity(text: &str) -> Result<String, String> {
    let is_one =
        text.is_empty() || !text.starts_with('-') && crate::model::quantity::Quantity::parse(text).is_some();
    if is_one { Ok(text.to_owned()) } else { Err("allowed: a quantity such as 100m or 64Mi".to_owned()) }
}
