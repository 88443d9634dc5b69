//! The namespace that kubectl would list: the current context's, the service account's, else `default`.
//!
//! Source: client-go `tools/clientcmd` (DeferredLoadingClientConfig.Namespace).

use kube::config::Kubeconfig;

/// Where a pod finds its own.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
const DEFAULT: &str = "default";

/// A kubeconfig that cannot be read is none: only its namespace is wanted here.
pub(super) fn current() -> String {
    let from_context = Kubeconfig::read().ok().map(|config| of_context(&config));
    let from_account = || std::fs::read_to_string(SERVICE_ACCOUNT).ok().map(|text| text.trim().to_owned());
    from_context.or_else(from_account).filter(|name| !name.is_empty()).unwrap_or_else(|| DEFAULT.to_owned())
}

fn of_context(config: &Kubeconfig) -> String {
    let current = config.current_context.as_deref().unwrap_or_default();
    let context = config.contexts.iter().find(|context| context.name == current);
    let namespace = context.and_then(|context| context.context.as_ref()?.namespace.clone());
    namespace.unwrap_or_else(|| DEFAULT.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_contexts_namespace_is_taken() {
        let text = "current-context: b\ncontexts:\n\
            - {name: a, context: {cluster: c, user: u, namespace: other}}\n\
            - {name: b, context: {cluster: c, user: u, namespace: shop}}\n\
            - {name: d, context: {cluster: c, user: u}}\n";
        let mut config = Kubeconfig::from_yaml(text).unwrap();
        assert_eq!(of_context(&config), "shop");
        config.current_context = Some("d".to_owned());
        assert_eq!(of_context(&config), "default");
        config.current_context = None;
        assert_eq!(of_context(&config), "default");
    }
}
