//! What was seen that names the cause of a difference: kept as numbers, and put into words only where somebody
//! reads it. All differences are concluded each second, and hardly one of them is read.

use std::fmt;
use std::sync::Arc;

use super::reconciled::{Resource, SourceKind};

/// One sentence for people. `Display` writes it; that of two who agree is empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// A sentence as it stands.
    Plain(&'static str),
    /// A sentence from elsewhere.
    Text(Arc<str>),
    /// Their newest value is old.
    Old {
        of: SourceKind,
        age_ns: u64,
    },
    EarlierPod(SourceKind),
    NoValue(SourceKind),
    /// Our counters say otherwise over their own window.
    Otherwise(SourceKind),
    /// So many containers of all can be read from here.
    Visible {
        seen: usize,
        all: usize,
    },
    /// Only one of the two has the container.
    OneHas(Arc<str>),
    /// Their counter stood at the value so long before (or after) its stamp.
    Late {
        of: SourceKind,
        late_ns: i64,
    },
    /// Their window, how long ago it ended, and how far off their clock is.
    Window {
        of: SourceKind,
        window_ns: u64,
        age_ns: u64,
        skew_ns: i64,
    },
    /// Of the pause container, in nanocores or bytes.
    Pause(Resource, f64),
    /// Of the pod's cgroup and of no container; and what its RuntimeClass declares for that.
    Overhead {
        resource: Resource,
        rest: f64,
        declared: Option<f64>,
    },
}

impl Default for Detail {
    fn default() -> Detail {
        Detail::Plain("")
    }
}

impl From<&str> for Detail {
    fn from(text: &str) -> Detail {
        if text.is_empty() { Detail::default() } else { Detail::Text(text.into()) }
    }
}

const fn who(source: SourceKind) -> &'static str {
    match source {
        SourceKind::Cgroup => "the cgroup",
        SourceKind::Kubelet => "the kubelet",
        SourceKind::MetricsApi => "metrics-server",
        SourceKind::NodeAgent => "the node's agent",
    }
}

/// An amount in what `kubectl top` prints in.
struct Shown(Resource, f64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Resource::Cpu => write!(f, "{:.1}m", self.1 / 1e6),
            Resource::Memory => write!(f, "{:.1}Mi", self.1 / 1_048_576.0),
        }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Detail::Plain(text) => f.write_str(text),
            Detail::Text(text) => f.write_str(text),
            Detail::Old { of, age_ns } => {
                write!(f, "{}'s newest value is {:.0} s old", who(*of), *age_ns as f64 / 1e9)
            }
            Detail::EarlierPod(of) => {
                write!(f, "{} still has the value of an earlier pod of this name", who(*of))
            }
            Detail::NoValue(of) => write!(f, "{} has no value", who(*of)),
            Detail::Otherwise(of) => {
                write!(f, "our counters say otherwise over {}'s own window", who(*of))
            }
            Detail::Visible { seen, all } => {
                write!(f, "{seen} of {all} containers can be read from here")
            }
            Detail::OneHas(name) => write!(f, "only one of the two has the container {name:?}"),
            Detail::Late { of, late_ns } => {
                let seconds = *late_ns as f64 / 1e9;
                write!(f, "{}'s counter stood there {seconds:.1} s from its stamp", who(*of))
            }
            Detail::Window { of, window_ns, age_ns, skew_ns } => {
                let (window, age) = (*window_ns as f64 / 1e9, *age_ns as f64 / 1e9);
                write!(f, "{}'s window of {window:.0} s ended {age:.0} s ago", who(*of))?;
                match skew_ns {
                    0 => Ok(()),
                    skew => write!(f, "; its clock is {:+.1} s off", *skew as f64 / 1e9),
                }
            }
            Detail::Pause(resource, amount) => {
                write!(f, "the pause container has {}", Shown(*resource, *amount))
            }
            Detail::Overhead { resource, rest, declared } => {
                let rest = Shown(*resource, *rest);
                write!(f, "{rest} belong to the pod's cgroup and to no container")?;
                match declared {
                    None => Ok(()),
                    Some(declared) => {
                        write!(f, "; its RuntimeClass declares {}", Shown(*resource, *declared))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_put_into_words() {
        let of = SourceKind::Kubelet;
        let second = 1_000_000_000;
        let overhead =
            |declared| Detail::Overhead { resource: Resource::Memory, rest: 3_145_728.0, declared };
        for (detail, words) in [
            (Detail::default(), ""),
            ("told".into(), "told"),
            (Detail::Old { of, age_ns: 70 * second }, "the kubelet's newest value is 70 s old"),
            (Detail::OneHas("web".into()), "only one of the two has the container \"web\""),
            (
                Detail::Window { of, window_ns: 15 * second, age_ns: 7 * second, skew_ns: 0 },
                "the kubelet's window of 15 s ended 7 s ago",
            ),
            (
                Detail::Window { of, window_ns: 15 * second, age_ns: 0, skew_ns: -2_500_000_000 },
                "the kubelet's window of 15 s ended 0 s ago; its clock is -2.5 s off",
            ),
            (Detail::Pause(Resource::Cpu, 1_250_000.0), "the pause container has 1.2m"),
            (overhead(None), "3.0Mi belong to the pod's cgroup and to no container"),
            (
                overhead(Some(134_217_728.0)),
                "3.0Mi belong to the pod's cgroup and to no container; its RuntimeClass declares 128.0Mi",
            ),
        ] {
            assert_eq!(detail.to_string(), words);
        }
    }
}
