//! What `check` says of the kubelet: its address, whom we trust, what we show it, and each document with the right
//! that a refusal lacks.

use crate::agent::kubelet::endpoint::{Endpoint, resolve};
use crate::cli::check::{Finding, Group, State};
use crate::config::Config;
use crate::source::http::{Http, HttpError, Kind};
use crate::source::kubelet::config::Enabled;
use crate::source::kubelet::{parse_resource, parse_summary};

/// A document and what it serves.
const DOCUMENTS: [(&str, &str); 3] = [
    ("/metrics/resource", "CPU and memory as metrics-server sees them"),
    ("/stats/summary", "networks, volumes, file systems"),
    ("/pods", "names of pods and containers"),
];

pub(super) fn examine(config: &Config) -> Group {
    let findings = match resolve(config) {
        Ok(endpoint) => of_endpoint(&endpoint, config),
        // No failure: a plain host has no kubelet.
        Err(reason) => vec![Finding::new("kubelet", State::Ok, format!("not asked: {reason}"))],
    };
    Group { source: "kubelet", essential: false, findings }
}

fn of_endpoint(endpoint: &Endpoint, config: &Config) -> Vec<Finding> {
    let Endpoint { base, named_by, http } = endpoint;
    let mut findings = vec![Finding::new("address", State::Ok, format!("{base}, named by {named_by}"))];
    if base.starts_with("https:") {
        findings.push(trust(endpoint));
        findings.push(token(endpoint));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (runtime, client) = match (runtime, Http::new(http)) {
        (Ok(runtime), Ok(client)) => (runtime, client),
        (Err(error), _) => return vec![Finding::new("kubelet", State::Degraded, error.to_string())],
        (_, Err(error)) => return vec![Finding::new("kubelet", State::Degraded, error.to_string())],
    };
    // Where it was asked for by name, a document that does not come is missing.
    let broken = if config.kubelet.enabled == Enabled::Always { State::Missing } else { State::Degraded };
    let mut body = Vec::new();
    for (path, serves) in DOCUMENTS {
        let url = format!("{base}{path}");
        let answer = runtime.block_on(client.get(&url, &mut body));
        let ends_here = answer.as_ref().is_err_and(|error| !is_of_document(error));
        findings.push(match answer {
            Ok(()) => came(path, serves, &body, broken),
            Err(error) => refused(path, &error, broken),
        });
        if ends_here {
            break;
        }
    }
    findings
}

fn trust(endpoint: &Endpoint) -> Finding {
    let http = &endpoint.http;
    match &http.ca_file {
        _ if http.insecure_skip_verify => {
            Finding::new("trust", State::Degraded, "any certificate, as kubelet.insecure_skip_verify wants")
                .remedy("set kubelet.ca_file to the authority that signs the kubelet's certificate")
        }
        Some(path) => Finding::new("trust", State::Ok, format!("authorities of {}", path.display())),
        None => Finding::new("trust", State::Ok, "authorities of the system"),
    }
}

fn token(endpoint: &Endpoint) -> Finding {
    let Some(path) = &endpoint.http.token_file else {
        return Finding::new("token", State::Degraded, "none is sent")
            .remedy("run under a service account, or set kubelet.token_file");
    };
    match std::fs::File::open(path) {
        Ok(_) => Finding::new("token", State::Ok, path.display().to_string()),
        Err(error) => Finding::new("token", State::Degraded, format!("{}: {error}", path.display()))
            .remedy("mount the service account's token there, readable for this user"),
    }
}

/// An answer of the server itself: the next document may fare better.
fn is_of_document(error: &HttpError) -> bool {
    matches!(
        error.kind,
        Kind::Unauthorized { .. }
            | Kind::Forbidden { .. }
            | Kind::NotFound
            | Kind::Status { .. }
            | Kind::Truncated { .. }
            | Kind::TooLarge { .. }
    )
}

fn came(path: &str, serves: &str, body: &[u8], broken: State) -> Finding {
    let read = match path {
        "/stats/summary" => parse_summary(body)
            .map(|summary| format!("{} pods, {} containers", summary.pods.len(), summary.containers.len()))
            .map_err(|error| error.to_string()),
        "/metrics/resource" => parse_resource(body)
            .map(|page| format!("{} containers", page.containers()))
            .map_err(|error| error.to_string()),
        _ => Ok(String::new()),
    };
    let bytes = body.len();
    match read {
        Ok(content) if content.is_empty() => {
            Finding::new(path, State::Ok, format!("200, {bytes} bytes; serves {serves}"))
        }
        Ok(content) => {
            Finding::new(path, State::Ok, format!("200, {bytes} bytes, {content}; serves {serves}"))
        }
        Err(problem) => Finding::new(path, broken, format!("200, {bytes} bytes, but {problem}"))
            .remedy("point kubelet.url at a kubelet"),
    }
}

fn refused(path: &str, error: &HttpError, broken: State) -> Finding {
    let text = error.kind.to_string();
    // Each message ends with what to do, after its last semicolon.
    match text.rsplit_once("; ") {
        Some((detail, remedy)) => Finding::new(path, broken, detail).remedy(remedy),
        None => Finding::new(path, broken, text),
    }
}
