//! The lease that decides which replica reads the cluster.

use std::time::Duration;

use serde::Deserialize;

use crate::model::bounds::OutOfRange;

/// The section `cluster`; used in mode cluster alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name of the Lease object.
    pub lease_name: String,
    /// Its namespace; without it the environment's POD_NAMESPACE, without that the service account's.
    pub lease_namespace: Option<String>,
    /// A leader that has not renewed for so long is replaced; whole seconds.
    #[serde(with = "humantime_serde")]
    pub lease_duration: Duration,
    /// Time between two renewals, and between two looks of those that do not lead.
    #[serde(with = "humantime_serde")]
    pub renew_interval: Duration,
    /// What this replica is called in the lease; without it POD_NAME or the host name, with a unique end.
    pub identity: Option<String>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            lease_name: "podometer".to_owned(),
            lease_namespace: None,
            lease_duration: Duration::from_secs(15),
            renew_interval: Duration::from_secs(4),
            identity: None,
        }
    }
}

impl Config {
    /// Every setting that no leader can be found with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let show = |value| humantime::format_duration(value).to_string();
        let second = Duration::from_secs(1);
        let mut problems: Vec<OutOfRange> = OutOfRange::check(
            "lease_duration",
            self.lease_duration,
            (3 * second, Duration::from_mins(10)),
            show,
        )
        .into_iter()
        .collect();
        if self.lease_duration.subsec_nanos() != 0 {
            let value = show(self.lease_duration);
            problems.push(OutOfRange::new(
                "lease_duration",
                value,
                "is no whole number of seconds",
                "such as 15s",
            ));
        }
        // One renewal may fail, and the next still comes within the two thirds that a leader leads for.
        let longest = self.lease_duration / 3;
        problems.extend(OutOfRange::check(
            "renew_interval",
            self.renew_interval,
            (second.min(longest), longest.max(Duration::from_millis(1))),
            show,
        ));
        let names =
            [("lease_name", Some(&self.lease_name)), ("lease_namespace", self.lease_namespace.as_ref())];
        for (key, name) in names {
            if let Some(name) = name.filter(|name| !is_object_name(name)) {
                let allowed = "lower-case letters, digits, - and .";
                problems.push(OutOfRange::new(key, name, "is no name of an object", allowed));
            }
        }
        problems
    }
}

fn is_object_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    !name.is_empty() && name.len() <= 253 && name.chars().all(plain) && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewals_fit_into_the_lease_and_names_into_paths() {
        assert_eq!(Config::default().validate(), []);
        let keys = |config: Config| -> Vec<String> {
            config.validate().into_iter().map(|problem| problem.key).collect()
        };
        let rare = Config { renew_interval: Duration::from_secs(6), ..Config::default() };
        assert_eq!(keys(rare), ["renew_interval"]);
        let odd = Config { lease_duration: Duration::from_millis(15_500), ..Config::default() };
        assert_eq!(keys(odd), ["lease_duration"]);
        let path = Config {
            lease_name: "../secrets/x".to_owned(),
            lease_namespace: Some(String::new()),
            ..Config::default()
        };
        assert_eq!(keys(path), ["lease_name", "lease_namespace"]);
    }
}
