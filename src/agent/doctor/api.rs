//! What `check` says of the API server: where it is, and for each thing that is asked of it the right that is
//! missing.

use super::super::names::first_place;
use super::super::sampling::node_name;
use crate::cli::check::{Finding, Group, State};
use crate::config::Config;
use crate::identity::follow::Source;
use crate::source::api_server::{ApiError, ApiServer, Enabled, Kind, is_offered};

/// A list of one, which is enough to be refused.
const MAX_ANSWER_BYTES: usize = 16 << 20;

pub(super) fn examine(config: &Config) -> Group {
    let findings = if is_offered(&config.api_server) {
        of_server(config)
    } else {
        let why = match config.api_server.enabled {
            Enabled::Never => "api_server.enabled is never",
            _ => "no service account's token is mounted and api_server.kubeconfig is not set",
        };
        vec![Finding::new("server", State::Ok, format!("not asked: {why}"))]
    };
    let mut findings = findings;
    findings.push(names(config));
    Group { source: "api server", essential: false, findings }
}

/// Who is asked for names.
fn names(config: &Config) -> Finding {
    let found = match first_place(config) {
        Some(Source::ApiServer) => {
            "from the API server; while it gives none, from the kubelet where it is asked"
        }
        Some(Source::Kubelet) => "from the kubelet's /pods",
        Some(Source::File) => "from identity.pods_file",
        Some(Source::Url) => "from identity.pods_url",
        None => {
            return Finding::new("names", State::Degraded, "nobody to ask: pods stand under their UIDs").remedy(
                "run in a pod with a service account, or set api_server.kubeconfig, kubelet.url or identity.pods_file",
            );
        }
    };
    Finding::new("names", State::Ok, found)
}

fn of_server(config: &Config) -> Vec<Finding> {
    // Where it was asked for by name, what it does not give is missing.
    let broken = if config.api_server.enabled == Enabled::Always { State::Missing } else { State::Degraded };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return vec![Finding::new("server", broken, error.to_string())],
    };
    runtime.block_on(async {
        let server = match ApiServer::connect(&config.api_server).await {
            Ok(server) => server,
            Err(error) => return vec![failed("server", &error, broken)],
        };
        let mut findings = vec![Finding::new("server", State::Ok, &*server.url)];
        let selector = format!("fieldSelector=spec.nodeName%3D{}", node_name(config));
        let watch = format!("/api/v1/pods?{selector}&watch=true&timeoutSeconds=1&resourceVersion=0");
        let steps = [
            ("list pods", format!("/api/v1/pods?{selector}&limit=1"), "names, owners, requests and limits"),
            ("watch pods", watch, "the same, as they change"),
            (
                "list pods.metrics.k8s.io",
                "/apis/metrics.k8s.io/v1beta1/pods?limit=1".to_owned(),
                "what kubectl top prints",
            ),
        ];
        for (what, path, serves) in steps {
            let mut body = Vec::new();
            let answer = if path.contains("watch=true") {
                server.lines(&path, MAX_ANSWER_BYTES).await.map(drop)
            } else {
                server.get(&path, MAX_ANSWER_BYTES, &mut body).await
            };
            let ends_here = answer.as_ref().is_err_and(|error| !is_of_document(error));
            findings.push(match answer {
                Ok(()) => Finding::new(what, State::Ok, format!("serves {serves}")),
                Err(ApiError { kind: Kind::NotFound { .. }, .. }) => {
                    Finding::new(what, broken, format!("not served, so not {serves}"))
                        .remedy("install metrics-server")
                }
                Err(error) => failed(what, &error, broken),
            });
            if ends_here {
                break;
            }
        }
        findings
    })
}

/// An answer of the server itself: the next question may fare better.
fn is_of_document(error: &ApiError) -> bool {
    matches!(
        error.kind,
        Kind::Forbidden { .. }
            | Kind::NotFound { .. }
            | Kind::Gone
            | Kind::Status { .. }
            | Kind::Truncated { .. }
            | Kind::TooLarge { .. }
    )
}

fn failed(what: &'static str, error: &ApiError, broken: State) -> Finding {
    let text = error.to_string();
    // Each message ends with what to do, after its last semicolon.
    match text.rsplit_once("; ") {
        Some((detail, remedy)) => Finding::new(what, broken, detail).remedy(remedy),
        None => Finding::new(what, broken, text),
    }
}
