//! What the settings of targets must be like, one by one and together.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use super::{Config, Metric, Target};
use crate::model::bounds::OutOfRange;
use crate::model::scraped::{Kind, Schema};
use crate::source::http;

/// More belong to an agent of the node, not beside an application.
const MAX_TARGETS: usize = 64;
/// One question holds them all.
const MAX_METRICS: usize = 256;
const MAX_NAME: usize = 64;
const ADDRESS: &str = "http://HOST[:PORT][/PATH] or https://... without user and password";

impl Config {
    /// Every setting that no target can be read with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let count = OutOfRange::check("targets", self.targets.len(), (0, MAX_TARGETS), |n| n.to_string());
        let mut problems: Vec<OutOfRange> = count.into_iter().collect();
        let mut names = BTreeSet::new();
        for (place, target) in self.targets.iter().enumerate() {
            let mut found = target.validate();
            if !target.name.is_empty() && !names.insert(&target.name) {
                let reason = "is the name of another target, too";
                found.push(OutOfRange::new("name", &target.name, reason, "a name of its own for each"));
            }
            problems.extend(found.into_iter().map(|mut problem| {
                problem.key = format!("targets[{place}].{}", problem.key);
                problem
            }));
        }
        problems
    }
}

impl Target {
    fn validate(&self) -> Vec<OutOfRange> {
        let show = |value| humantime::format_duration(value).to_string();
        let number = |value: usize| value.to_string();
        let interval = (Duration::from_secs(1), Duration::from_hours(1));
        let timeout = (Duration::from_millis(100), Duration::from_mins(5));
        let mut problems: Vec<OutOfRange> = [
            self.name_problem(),
            self.url_problem(),
            OutOfRange::check("interval", self.interval, interval, show),
            OutOfRange::check("timeout", self.timeout, timeout, show),
            OutOfRange::check("max_body_bytes", self.max_body_bytes, (1 << 10, 256 << 20), number),
            OutOfRange::check("max_series", self.max_series, (1, 1_000_000), number),
            self.trust_problem(),
            self.login_problem(),
            self.foreign_problem(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let is_unusable = |key: &&String| key.is_empty() || *key == "time" || key.contains(char::is_control);
        problems.extend(self.tags.keys().filter(is_unusable).map(|key| {
            let reason = "is no name for a tag";
            OutOfRange::new("tags", key, reason, "names that are neither empty nor \"time\"")
        }));
        let count = self.metrics.len();
        problems.extend(OutOfRange::check("metrics", count, (0, MAX_METRICS), number));
        for (place, metric) in self.metrics.iter().enumerate() {
            problems.extend(metric.problem().map(|(key, value, reason, allowed)| {
                OutOfRange::new(format!("metrics[{place}].{key}"), value, reason, allowed)
            }));
        }
        problems
    }

    fn name_problem(&self) -> Option<OutOfRange> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let reason = match &self.name {
            name if name.is_empty() => "is empty",
            name if name.len() > MAX_NAME => "is longer than 64 letters",
            name if !name.chars().all(is_plain) => "holds other letters than A-Z, a-z, 0-9, -, _ and .",
            _ => return None,
        };
        Some(OutOfRange::new("name", &self.name, reason, "a short name of plain letters, such as app"))
    }

    fn url_problem(&self) -> Option<OutOfRange> {
        if let Some((reason, shown)) = http::url_problem(&self.url) {
            return Some(OutOfRange::new("url", shown, reason, ADDRESS));
        }
        if self.url.contains(['$', '{', '}']) {
            return Some(OutOfRange::new(
                "url",
                &self.url,
                "holds a variable that nothing replaces here",
                ADDRESS,
            ));
        }
        // A question to Jolokia is a path of its own below this one.
        if self.url.contains('#') || (self.kind == Kind::Jolokia && self.url.contains('?')) {
            return Some(OutOfRange::new("url", &self.url, "has a query or fragment", ADDRESS));
        }
        let target = http::Target::parse(&self.url).ok()?;
        // Whoever listens on the way would have the secret; on loopback nobody does.
        let is_in_clear = !target.is_https && !is_loopback(&target.host);
        (is_in_clear && self.login().is_some()).then(|| {
            let allowed = "https://, a loopback address, or neither token nor password";
            OutOfRange::new("url", &self.url, "would send the token or password unencrypted", allowed)
        })
    }

    fn trust_problem(&self) -> Option<OutOfRange> {
        let file = self.ca_file.as_ref().filter(|_| self.insecure_skip_verify)?;
        let reason = format!("stands beside ca_file \"{}\", which then has no effect", file.display());
        let allowed = "ca_file, or insecure_skip_verify: true without it";
        Some(OutOfRange::new("insecure_skip_verify", "true", reason, allowed))
    }

    fn login_problem(&self) -> Option<OutOfRange> {
        let passwords = usize::from(self.password_file.is_some()) + usize::from(self.password_env.is_some());
        let tokens = usize::from(self.token_file.is_some()) + usize::from(self.token_env.is_some());
        let user = self.username.as_deref();
        let problem = |key, reason| {
            let allowed = "token_file, or token_env, or username with one of password_file and password_env";
            Some(OutOfRange::new(key, user.unwrap_or_default(), reason, allowed))
        };
        match (user, passwords, tokens) {
            (Some(user), 1, 0) if user.contains(':') || user.contains(char::is_control) => {
                problem("username", "holds a colon or a control character")
            }
            (None, 0, 0 | 1) | (Some(_), 1, 0) => None,
            (Some(_), 0, _) => problem("username", "has no password"),
            (None, 1.., _) => problem("username", "is not set, but a password is"),
            (_, 2.., _) => problem("password_file", "stands beside password_env"),
            (None, _, _) => problem("token_file", "stands beside token_env"),
            (Some(_), _, _) => problem("username", "stands beside a token"),
        }
    }

    /// A key that the target's kind has no use for would promise what does not happen.
    fn foreign_problem(&self) -> Option<OutOfRange> {
        if self.kind != Kind::Jolokia && !self.metrics.is_empty() {
            return Some(OutOfRange::new(
                "metrics",
                "",
                "is of another kind",
                "kind: jolokia, or no metrics",
            ));
        }
        if self.kind != Kind::Prometheus && self.schema != Schema::default() {
            let allowed = "kind: prometheus, or no schema";
            return Some(OutOfRange::new("schema", "telegraf_v2", "is of another kind", allowed));
        }
        None
    }
}

impl Metric {
    /// Key, value, reason and what is allowed.
    fn problem(&self) -> Option<(&'static str, &str, &'static str, &'static str)> {
        let is_bad = |text: &&String| text.is_empty() || text.contains(char::is_control);
        if is_bad(&&self.name) {
            return Some(("name", &self.name, "is no measurement", "such as java_memory"));
        }
        let has_properties = self.mbean.split_once(':').is_some_and(|(_, properties)| !properties.is_empty());
        if is_bad(&&self.mbean) || !has_properties {
            let allowed = "DOMAIN:PROPERTY=VALUE,..., such as java.lang:type=Memory";
            return Some(("mbean", &self.mbean, "is no MBean's name", allowed));
        }
        if let Some(path) = self.paths.iter().find(|path| is_bad(path) || path.starts_with('/')) {
            return Some((
                "paths",
                path,
                "is no attribute",
                "such as HeapMemoryUsage or HeapMemoryUsage/used",
            ));
        }
        let key = self.tag_keys.iter().find(|key| is_bad(key))?;
        Some(("tag_keys", key, "is no property of a name", "such as name"))
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            name: "app".to_owned(),
            url: "http://127.0.0.1:8080/metrics".to_owned(),
            ..Target::default()
        }
    }

    fn problems(targets: Vec<Target>) -> Vec<String> {
        Config { targets }.validate().iter().map(ToString::to_string).collect()
    }

    /// The only problem of a good target that was changed.
    fn problem(change: impl FnOnce(&mut Target)) -> String {
        let mut changed = target();
        change(&mut changed);
        let mut found = problems(vec![changed]);
        assert!(found.len() <= 1, "{found:?}");
        found.pop().unwrap_or_default()
    }

    #[test]
    fn each_mistake_is_one_line_that_names_its_target() {
        assert_eq!(problem(|_| {}), "");
        assert!(problem(|t| t.name.clear()).starts_with("targets[0].name: \"\" is empty"));
        assert!(problem(|t| t.name = "a b".to_owned()).contains("holds other letters"));
        assert!(problem(|t| t.url.clear()).starts_with("targets[0].url: \"\" is empty"));
        assert!(problem(|t| t.url = "http://$POD_IP/".to_owned()).contains("a variable"));
        assert!(problem(|t| t.interval = Duration::ZERO).contains("is below 1s"));
        assert!(problem(|t| t.timeout = Duration::from_hours(1)).contains("is above 5m"));
        assert!(problem(|t| t.max_body_bytes = 0).contains("is below 1024"));
        assert!(problem(|t| t.max_series = 0).contains("is below 1"));
        assert!(
            problem(|t| _ = t.tags.insert("time".to_owned(), "x".to_owned())).contains("no name for a tag")
        );
        assert!(problem(|t| t.schema = Schema::TelegrafV2).is_empty());
        let secret = problem(|t| t.url = "http://u:hunter2@127.0.0.1/".to_owned());
        assert!(secret.contains("holds a user or password") && !secret.contains("hunter2"), "{secret}");
        let mut second = target();
        second.name = "b".to_owned();
        second.timeout = Duration::ZERO;
        let both = problems(vec![target(), second.clone(), target()]);
        assert!(both[0].starts_with("targets[1].timeout: "), "{both:?}");
        assert!(both[1].starts_with("targets[2].name: \"app\" is the name of another target"), "{both:?}");
        assert!(problems(vec![second; 65])[0].starts_with("targets: \"65\" is above 64"));
    }

    #[test]
    fn a_secret_has_one_place_and_never_leaves_the_machine_in_clear() {
        let file = |target: &mut Target| target.token_file = Some("/token".into());
        assert_eq!(problem(file), "", "to loopback");
        for (url, is_refused) in [
            ("http://localhost:8080/", false),
            ("http://[::1]:8080/", false),
            ("https://app:8080/", false),
            ("http://app:8080/", true),
            ("http://127.0.0.1.evil.example/", true),
        ] {
            let said = problem(|target| {
                file(target);
                target.url = url.to_owned();
            });
            assert_eq!(said.contains("unencrypted"), is_refused, "{url}: {said}");
        }
        let user = |target: &mut Target| target.username = Some("u".to_owned());
        assert!(problem(user).contains("has no password"));
        let both = problem(|target| {
            file(target);
            target.token_env = Some("TOKEN".to_owned());
        });
        assert!(both.contains("token_file") && both.contains("stands beside token_env"), "{both}");
        let lost = problem(|target| target.password_env = Some("PASSWORD".to_owned()));
        assert!(lost.contains("is not set, but a password is"), "{lost}");
        let good = problem(|target| {
            user(target);
            target.password_env = Some("PASSWORD".to_owned());
        });
        assert_eq!(good, "");
    }

    #[test]
    fn beans_are_checked_and_belong_to_jolokia() {
        let metric = Metric { name: "m".to_owned(), mbean: "d:type=X".to_owned(), ..Metric::default() };
        let with = |metric: Metric| {
            problem(|target| {
                target.kind = Kind::Jolokia;
                target.metrics = vec![metric];
            })
        };
        assert_eq!(with(metric.clone()), "");
        let bad = with(Metric { mbean: "Memory".to_owned(), ..metric.clone() });
        assert!(bad.starts_with("targets[0].metrics[0].mbean: \"Memory\" is no MBean's name"), "{bad}");
        assert!(with(Metric { paths: vec![String::new()], ..metric.clone() }).contains(".paths: "));
        assert!(problem(|target| target.metrics = vec![metric]).contains("is of another kind"));
    }
}
