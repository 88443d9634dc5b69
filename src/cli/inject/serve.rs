//! Flags into the webhook's settings.

use super::arguments::Serve;
use super::run::settings;
use crate::cli::{Failure, Wiring, log};
use crate::config::agent::{Log, LogFormat};
use crate::inject::Existing;
use crate::inject::serve::Config;

pub(super) fn run(arguments: &Serve, wiring: &dyn Wiring) -> Result<(), Failure> {
    let config = config(arguments)?;
    let format = if arguments.log_json { LogFormat::Json } else { LogFormat::Text };
    let _level_stays = log::start(&Log { format, ..Log::default() });
    Ok(wiring.run_injector(config)?)
}

fn config(arguments: &Serve) -> Result<Config, Failure> {
    let usual = Config::default();
    let told = std::env::var("POD_NAMESPACE").ok().filter(|name| !name.is_empty());
    let config = Config {
        listen: arguments.listen,
        metrics_listen: arguments.metrics_listen,
        namespace: arguments.namespace.clone().or(told).unwrap_or(usual.namespace),
        service: arguments.service.clone(),
        secret: arguments.secret.clone(),
        webhook: arguments.webhook.clone(),
        kubeconfig: arguments.kubeconfig.clone(),
        classes: arguments.classes.clone(),
        lifetime: arguments.certificate_lifetime,
        interval: arguments.interval,
        max_connections: arguments.max_connections,
        settings: settings(&arguments.sidecar, arguments.classes.as_deref(), Existing::Keep)?,
    };
    let problems: Vec<String> = config
        .validate()
        .into_iter()
        .map(|mut problem| {
            // The keys as they are typed.
            let key = if problem.key == "lifetime" { "certificate_lifetime" } else { &problem.key };
            problem.key = format!("--{}", key.replace('_', "-"));
            problem.to_string()
        })
        .collect();
    if problems.is_empty() { Ok(config) } else { Err(Failure::Usage(problems)) }
}
