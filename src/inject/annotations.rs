//! What a pod's annotations ask for, under our prefix and under telegraf-operator's.
//!
//! Source of the latter: influxdata/telegraf-operator `sidecar.go`. Where both say the same, ours counts.

use std::collections::BTreeMap;

use super::record::ANNOTATION as RECORD;
use super::references;
use super::settings::{Resources, View};
use super::tree::Tree;
use crate::model::quantity::Quantity;

const OURS: &str = "podometer.io/";
/// Whether a pod is to have a sidecar.
pub(super) const INJECT: &str = "podometer.io/inject: ";
const TELEGRAF: &str = "telegraf.influxdata.com/";
/// A pod has fewer that are worth a request each.
const MOST_PORTS: usize = 16;

/// What selects among the values of an input; here a sink does that. Sorted.
const FILTERS: [&str; 10] = [
    "fielddrop",
    "fieldexclude",
    "fieldinclude",
    "fieldpass",
    "namedrop",
    "namepass",
    "tagdrop",
    "tagexclude",
    "taginclude",
    "tagpass",
];

/// One variable for the sidecar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Literal(String),
    Field(String),
    /// Object and key.
    ConfigMap(String, String),
    Secret(String, String),
}

/// The input that is described by single annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scraped {
    pub(super) ports: Vec<u16>,
    pub(super) path: Option<String>,
    pub(super) scheme: Option<String>,
    pub(super) interval: Option<String>,
    pub(super) metric_version: Option<String>,
    /// Inputs of a telegraf.conf, or entries of our `scrape.targets`.
    pub(super) inputs: Option<String>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    pub(super) inject: Option<bool>,
    /// At least one annotation is telegraf-operator's.
    pub(super) has_telegraf: bool,
    pub(super) class: Option<String>,
    pub(super) image: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) view: Option<View>,
    pub(super) share_processes: Option<String>,
    pub(super) requests_cpu: Option<String>,
    pub(super) requests_memory: Option<String>,
    pub(super) limits_cpu: Option<String>,
    pub(super) limits_memory: Option<String>,
    pub(super) variables: Vec<Variable>,
    /// A Secret whose keys all become variables.
    pub(super) secret: Option<String>,
    pub(super) scraped: Scraped,
    pub(super) warnings: Vec<String>,
}

impl Wishes {
    /// Reads all of a pod's. What cannot be read is warned of and left out.
    pub(super) fn of(pod: &Tree) -> Wishes {
        let mut wishes = Wishes::default();
        let annotations = pod.at(&["metadata", "annotations"]).map(Tree::entries).unwrap_or_default();
        let mut all: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for prefix in [TELEGRAF, OURS] {
            for (key, value) in annotations {
                if let (Some(name), Some(value)) = (key.text.strip_prefix(prefix), value.as_text()) {
                    wishes.has_telegraf |= prefix == TELEGRAF;
                    all.insert(name, (&key.text, value));
                }
            }
        }
        for (name, (key, value)) in all {
            if key != RECORD
                && let Err(warning) = wishes.take(name, key.starts_with(OURS), value.trim())
            {
                wishes.warnings.push(format!("{key}: {warning}"));
            }
        }
        wishes
    }

    /// The usual resources with what was asked for instead.
    pub(super) fn resources(&self, usual: &Resources) -> Resources {
        let pick = |wish: &Option<String>, usual: &String| wish.as_ref().unwrap_or(usual).clone();
        Resources {
            requests_cpu: pick(&self.requests_cpu, &usual.requests_cpu),
            requests_memory: pick(&self.requests_memory, &usual.requests_memory),
            limits_cpu: pick(&self.limits_cpu, &usual.limits_cpu),
            limits_memory: pick(&self.limits_memory, &usual.limits_memory),
        }
    }

    fn take(&mut self, name: &str, is_ours: bool, value: &str) -> Result<(), String> {
        let text = || Some(value.to_owned());
        match (name, is_ours) {
            ("inject", true) => self.inject = Some(truth(value)?),
            ("listen-port", true) => self.port = Some(port(value)?),
            ("view", true) => self.view = Some(view(value)?),
            ("share-process-namespace", true) => self.share_processes = Some(reason(value)?),
            ("class", _) => self.class = text(),
            ("image", _) => self.image = Some(image(value)?),
            ("port" | "ports", _) => self.ports(value)?,
            ("path", _) => self.scraped.path = text(),
            ("scheme", _) => self.scraped.scheme = Some(scheme(value)?),
            ("interval", _) => self.scraped.interval = text(),
            ("metric-version", _) => self.scraped.metric_version = Some(version(value)?),
            ("inputs", _) => self.scraped.inputs = text(),
            ("requests-cpu", _) => self.requests_cpu = Some(quantity(value)?),
            ("requests-memory", _) => self.requests_memory = Some(quantity(value)?),
            ("limits-cpu", _) => self.limits_cpu = Some(quantity(value)?),
            ("limits-memory", _) => self.limits_memory = Some(quantity(value)?),
            ("secret-env", _) => self.secret = Some(references::object(value)?),
            // What the agent says of itself is always there.
            ("internal", _) => {}
            (filter, _) if FILTERS.contains(&filter) => {
                return Err("inputs are not filtered; give the sink of its class a filter".to_owned());
            }
            _ => self.variables.push(variable(name, value)?),
        }
        Ok(())
    }

    fn ports(&mut self, value: &str) -> Result<(), String> {
        for each in value.split(',').map(str::trim).filter(|each| !each.is_empty()) {
            let port = port(each)?;
            if self.scraped.ports.contains(&port) {
                continue;
            }
            if self.scraped.ports.len() == MOST_PORTS {
                return Err(format!("only the first {MOST_PORTS} ports are scraped"));
            }
            self.scraped.ports.push(port);
        }
        Ok(())
    }
}

fn truth(value: &str) -> Result<bool, String> {
    match value {
        "true" | "enabled" => Ok(true),
        "false" | "disabled" => Ok(false),
        _ => Err(format!("{value:?} is neither true nor false")),
    }
}

fn port(value: &str) -> Result<u16, String> {
    value
        .parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| format!("{value:?} is no port; allowed: 1 to 65535"))
}

fn view(value: &str) -> Result<View, String> {
    let found = View::ALL.iter().find(|(name, _)| *name == value);
    found
        .map(|(_, view)| *view)
        .ok_or_else(|| format!("{value:?} is no view; allowed: own, node-agent, host"))
}

/// Containers that see each other's processes can read each other's files and secrets: whoever reads the pod shall
/// read why.
fn reason(value: &str) -> Result<String, String> {
    let is_reason = !value.is_empty() && truth(value).is_err();
    is_reason.then(|| value.to_owned()).ok_or_else(|| format!("{value:?} is no reason; say why in words"))
}

fn image(value: &str) -> Result<String, String> {
    let is_odd = value.is_empty() || value.contains(|c: char| c.is_whitespace() || c.is_control());
    if is_odd { Err(format!("{value:?} is no image")) } else { Ok(value.to_owned()) }
}

fn scheme(value: &str) -> Result<String, String> {
    match value {
        "http" | "https" => Ok(value.to_owned()),
        _ => Err(format!("{value:?} is no scheme; allowed: http, https")),
    }
}

fn version(value: &str) -> Result<String, String> {
    match value {
        "1" | "2" => Ok(value.to_owned()),
        _ => Err(format!("{value:?} is no version; allowed: 1, 2")),
    }
}

fn quantity(value: &str) -> Result<String, String> {
    let is_one = !value.starts_with('-') && Quantity::parse(value).is_some();
    is_one.then(|| value.to_owned()).ok_or_else(|| format!("{value:?} is no quantity; such as 100m or 64Mi"))
}

/// `env-KIND-NAME`.
fn variable(annotation: &str, value: &str) -> Result<Variable, String> {
    let unknown = || "is not known here".to_owned();
    let (kind, name) =
        annotation.strip_prefix("env-").and_then(|rest| rest.split_once('-')).ok_or_else(unknown)?;
    let name = references::variable(name)?;
    let key_of = || {
        let pair = value.split_once('.').ok_or_else(|| format!("{value:?} is not of the form NAME.KEY"))?;
        Ok::<_, String>((references::object(pair.0)?, references::key(pair.1)?))
    };
    let source = match kind {
        "literal" => Source::Literal(value.to_owned()),
        "fieldref" => Source::Field(references::field(value)?),
        "configmapkeyref" => key_of().map(|(object, key)| Source::ConfigMap(object, key))?,
        "secretkeyref" => key_of().map(|(object, key)| Source::Secret(object, key))?,
        _ => return Err(unknown()),
    };
    Ok(Variable { name, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(annotations: &[(&str, &str)]) -> Wishes {
        let all = annotations.iter().map(|(key, value)| (*key, Tree::text(value))).collect();
        Wishes::of(&Tree::map(vec![("metadata", Tree::map(vec![("annotations", Tree::map(all))]))]))
    }

    #[test]
    fn filters_are_sorted_and_every_mistake_is_told() {
        assert!(FILTERS.is_sorted());
        for (key, value, told) in [
            ("podometer.io/inject", "maybe", "\"maybe\" is neither true nor false"),
            ("podometer.io/listen-port", "0", "\"0\" is no port; allowed: 1 to 65535"),
            ("podometer.io/view", "all", "\"all\" is no view; allowed: own, node-agent, host"),
            ("podometer.io/share-process-namespace", "true", "\"true\" is no reason; say why in words"),
            ("telegraf.influxdata.com/scheme", "ftp", "\"ftp\" is no scheme; allowed: http, https"),
            ("telegraf.influxdata.com/metric-version", "3", "\"3\" is no version; allowed: 1, 2"),
            ("telegraf.influxdata.com/limits-cpu", "-1", "\"-1\" is no quantity; such as 100m or 64Mi"),
            ("telegraf.influxdata.com/env-literal-1A", "x", "\"1A\" is no name of a variable"),
            ("telegraf.influxdata.com/env-secretkeyref-A", "x", "\"x\" is not of the form NAME.KEY"),
            ("telegraf.influxdata.com/env-secretkeyref-A", "X.y", "\"X\" is no name of an object"),
            ("telegraf.influxdata.com/env-configmapkeyref-A", "x...y", "\"..y\" is no key of an object"),
            ("podometer.io/env-fieldref-A", "spec.x", "\"spec.x\" is no field that a variable can have"),
            ("podometer.io/env-literal-..", "x", "\"..\" is no name of a variable"),
            ("podometer.io/secret-env", "A", "\"A\" is no name of an object"),
            (
                "telegraf.influxdata.com/namepass",
                "[\"a\"]",
                "inputs are not filtered; give the sink of its class a filter",
            ),
            ("telegraf.influxdata.com/istio-image", "x", "is not known here"),
            ("telegraf.influxdata.com/inject", "true", "is not known here"),
        ] {
            assert_eq!(wishes(&[(key, value)]).warnings, [format!("{key}: {told}")]);
        }
    }

    #[test]
    fn ports_are_few_and_the_rest_is_told() {
        let many: Vec<String> = (1..=19_000).map(|port| port.to_string()).collect();
        let found = wishes(&[("telegraf.influxdata.com/ports", &many.join(","))]);
        assert_eq!(found.scraped.ports.len(), MOST_PORTS);
        assert_eq!(found.warnings, ["telegraf.influxdata.com/ports: only the first 16 ports are scraped"]);
        let twice = wishes(&[("telegraf.influxdata.com/ports", &"80,81,".repeat(20))]);
        assert_eq!((twice.scraped.ports.len(), twice.warnings.len()), (2, 0));
    }

    #[test]
    fn ours_counts_where_both_say_something() {
        let both = wishes(&[
            ("podometer.io/class", "mine"),
            ("telegraf.influxdata.com/class", "theirs"),
            ("telegraf.influxdata.com/port", "8080"),
            ("telegraf.influxdata.com/ports", "8080, 9090"),
            ("telegraf.influxdata.com/requests-cpu", "5m"),
            ("telegraf.influxdata.com/env-secretkeyref-PASSWORD", "influx.pass.word"),
            ("podometer.io/injected", "{}"),
            ("other.io/class", "x"),
        ]);
        assert_eq!(both.class.as_deref(), Some("mine"));
        assert_eq!(both.scraped.ports, [8080, 9090]);
        assert_eq!(both.resources(&Resources::default()).requests_cpu, "5m");
        let secret = Source::Secret("influx".to_owned(), "pass.word".to_owned());
        assert_eq!(both.variables, [Variable { name: "PASSWORD".to_owned(), source: secret }]);
        assert!(both.has_telegraf && both.warnings.is_empty());
    }
}
