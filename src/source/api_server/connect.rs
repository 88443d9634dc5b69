//! From the configuration to a client. The kube crate reads the files and reads them again when they are
//! replaced; it does the TLS as well. Retries are the callers' own.

use std::path::Path;
use std::time::Duration;

use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::config::{Config, Enabled};
use super::error::{ApiError, Kind, configuration};

/// Where Kubernetes mounts a service account's token.
const TOKEN_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/// What Kubernetes sets in every container.
const HOST_VARIABLE: &str = "KUBERNETES_SERVICE_HOST";

/// One API server, asked as one account.
#[derive(Clone)]
pub struct ApiServer {
    pub client: Client,
    /// Base address, for messages.
    pub url: Box<str>,
    /// Longest time until an answer has come whole.
    pub timeout: Duration,
}

impl std::fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiServer").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Whether there is a server to ask: what `auto` means is decided here.
pub fn is_offered(config: &Config) -> bool {
    match config.enabled {
        Enabled::Never => false,
        Enabled::Always => true,
        Enabled::Auto => {
            let is_in_cluster = std::env::var_os(HOST_VARIABLE).is_some() && Path::new(TOKEN_FILE).exists();
            config.kubeconfig.is_some() || is_in_cluster
        }
    }
}

/// A client of the server that the configuration or the pod names. Nothing is asked yet.
pub async fn connect(config: &Config) -> Result<Client, ApiError> {
    Ok(ApiServer::connect(config).await?.client)
}

impl ApiServer {
    /// Reads the kubeconfig or the service account. Nothing is asked yet. A client made anew has read the token
    /// anew: after a 401 that is worth a try.
    pub async fn connect(config: &Config) -> Result<ApiServer, ApiError> {
        let mut found = found(config).await?;
        found.connect_timeout = Some(config.connect_timeout);
        found.write_timeout = Some(config.read_timeout);
        // Each request has a deadline of its own; watches stand still for minutes.
        found.read_timeout = None;
        found.default_retry = false;
        found.disable_compression = true;
        let url = found.cluster_url.to_string().trim_end_matches('/').to_owned();
        let client = Client::try_from(found)
            .map_err(|error| ApiError::new(&*url, Kind::Configuration { problem: error.to_string() }))?;
        Ok(ApiServer { client, url: url.into(), timeout: config.read_timeout })
    }

    pub(super) fn error(&self, path: &str, kind: Kind) -> ApiError {
        ApiError::new(format!("{}{}", self.url, path.split('?').next().unwrap_or_default()), kind)
    }
}

async fn found(config: &Config) -> Result<kube::Config, ApiError> {
    let place = config.kubeconfig.as_ref();
    let Some(path) = place else {
        return kube::Config::incluster().map_err(|error| configuration(None, &error));
    };
    let file = Kubeconfig::read_from(path).map_err(|error| configuration(place, &error))?;
    let options = KubeConfigOptions { context: config.context.clone(), ..KubeConfigOptions::default() };
    let authority = authority_file(&file, config.context.as_deref());
    let mut found = kube::Config::from_custom_kubeconfig(file, &options)
        .await
        .map_err(|error| configuration(place, &error))?;
    // So that an authority that is replaced counts as soon as one of a service account does.
    found.root_cert_file = authority.map(Into::into);
    Ok(found)
}

/// The file with the authority of the context's cluster, where it is not given in the kubeconfig itself.
fn authority_file(file: &Kubeconfig, context: Option<&str>) -> Option<String> {
    let wanted = context.or(file.current_context.as_deref())?;
    let context = file.contexts.iter().find(|context| context.name == wanted)?.context.as_ref()?;
    let cluster = file.clusters.iter().find(|cluster| cluster.name == context.cluster)?.cluster.as_ref()?;
    let is_given = cluster.certificate_authority_data.is_some();
    cluster.certificate_authority.clone().filter(|_| !is_given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_cannot_be_used_is_named() {
        let missing = Config { kubeconfig: Some("/nowhere/config".into()), ..Config::default() };
        assert!(is_offered(&missing));
        let said = ApiServer::connect(&missing).await.unwrap_err();
        assert_eq!(said.reason(), "configuration");
        assert!(said.to_string().starts_with("/nowhere/config: "), "{said}");
        assert!(!is_offered(&Config { enabled: Enabled::Never, ..missing }));
    }

    #[tokio::test]
    async fn a_context_is_chosen_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config");
        let text = r#"{"clusters":[{"name":"a","cluster":{"server":"http://127.0.0.1:1"}},
            {"name":"b","cluster":{"server":"http://127.0.0.1:2/base/"}}],
            "contexts":[{"name":"a","context":{"cluster":"a"}},{"name":"b","context":{"cluster":"b"}}],
            "current-context":"a"}"#;
        std::fs::write(&path, text).unwrap();
        let of = |context: Option<&str>| Config {
            kubeconfig: Some(path.clone()),
            context: context.map(str::to_owned),
            ..Config::default()
        };
        assert_eq!(&*ApiServer::connect(&of(None)).await.unwrap().url, "http://127.0.0.1:1");
        assert_eq!(&*ApiServer::connect(&of(Some("b"))).await.unwrap().url, "http://127.0.0.1:2/base");
        let said = ApiServer::connect(&of(Some("c"))).await.unwrap_err().to_string();
        assert!(said.contains('c'), "{said}");
    }
}
