//! The kinds of outputs by name.

use crate::model::nearest::nearest;

/// A kind of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    InfluxDb,
    Jmeter,
    Prometheus,
    Pushgateway,
    RemoteWrite,
}

/// By name, sorted; some have k6's name and a short one.
const KINDS: [(&str, Kind); 6] = [
    ("experimental-prometheus-rw", Kind::RemoteWrite),
    ("influxdb", Kind::InfluxDb),
    ("jmeter", Kind::Jmeter),
    ("prometheus", Kind::Prometheus),
    ("pushgateway", Kind::Pushgateway),
    ("remote-write", Kind::RemoteWrite),
];

impl Kind {
    /// `KIND=TARGET`, or `KIND` alone where the environment or a default has the target. What is wrong is said without
    /// the target: a password may stand in it.
    pub(super) fn parse(text: &str) -> Result<(Kind, Option<&str>), String> {
        let (name, target) = match text.split_once('=') {
            Some((name, target)) => (name, Some(target).filter(|target| !target.is_empty())),
            None => (text, None),
        };
        if let Some((_, kind)) = KINDS.into_iter().find(|(known, _)| *known == name) {
            return Ok((kind, target));
        }
        let names = KINDS.map(|(name, _)| name);
        let meant = nearest(name, names).map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        // Somebody may have typed a URL alone.
        let shown = if name.contains(['/', '@', ':']) { String::new() } else { format!("\"{name}\" ") };
        Err(format!("{shown}is no kind of output{meant}; allowed: {}, each with =TARGET", names.join(", ")))
    }

    /// The shortest name.
    pub(super) fn name(self) -> &'static str {
        let names = KINDS.iter().filter(|(_, kind)| *kind == self).map(|(name, _)| *name);
        names.min_by_key(|name| name.len()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_k6s_names() {
        for (text, kind, target) in [
            ("influxdb=http://h:8086/k6", Kind::InfluxDb, Some("http://h:8086/k6")),
            ("influxdb", Kind::InfluxDb, None),
            ("experimental-prometheus-rw", Kind::RemoteWrite, None),
            ("remote-write=http://h/w?a=b", Kind::RemoteWrite, Some("http://h/w?a=b")),
            ("prometheus=", Kind::Prometheus, None),
        ] {
            assert_eq!(Kind::parse(text).unwrap(), (kind, target));
        }
        assert_eq!(Kind::RemoteWrite.name(), "remote-write");
    }

    #[test]
    fn what_is_no_kind_is_told_without_its_target() {
        for (text, part) in [
            ("influx=http://u:secret@h", "\"influx\" is no kind of output; did you mean influxdb?"),
            ("http://u:secret@h/", "is no kind of output; allowed: experimental-prometheus-rw, influxdb"),
            ("statsd", "\"statsd\" is no kind of output; allowed"),
        ] {
            let told = Kind::parse(text).unwrap_err();
            assert!(told.contains(part) && !told.contains("secret"), "{told}");
        }
    }
}
