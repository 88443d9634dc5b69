//! What can be typed. Help text is for the person at the terminal; each command shows examples.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::demo::Demo;
use super::inject::InjectCommand;
use super::load::LoadCommand;
use crate::config::Sources;
use crate::config::agent::LogLevel;
use crate::target::parse_size;

/// The CPU and memory of every pod, right, live and cheap.
#[derive(Debug, Parser)]
#[command(
    name = "podometer",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  podometer demo                     what a spike of load does to an application, both sides live
  podometer agent                    serve metrics on http://127.0.0.1:9758/metrics
  podometer top                      what runs here, one second old
  podometer top pods -A              what kubectl top pods -A prints
  podometer check                    what can be read here, and how to mend what cannot
  podometer load run URL --vus 10 --duration 30s
                                     requests at URL, and how it took them
  podometer target                   an application to put load on, on http://127.0.0.1:9759/
  podometer inject -f app.yaml       pods with the agent as a sidecar
  podometer config default           every setting with its default"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Demo(Demo),
    Agent(Agent),
    Top(Top),
    Check(Check),
    Load(LoadCommand),
    Target(Target),
    Inject(Box<InjectCommand>),
    Config(ConfigCommand),
}

/// Where settings come from, for every command that needs them.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Settings {
    /// Configuration file (YAML); without it the defaults.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// One setting, above file and environment; may be repeated.
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub(super) set: Vec<String>,
}

impl Settings {
    pub(super) fn sources(&self) -> Sources {
        Sources::new(self.config.clone(), self.set.clone())
    }
}

/// Samples the cgroups of this machine and serves and sends what it finds.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  podometer agent
  podometer agent --config podometer.yaml
  podometer agent --set sampler.fast_interval=50ms --log-level debug
  PODOMETER__AGENT__NODE_NAME=node-1 podometer agent")]
pub(super) struct Agent {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// The least grave messages that are logged; stands above the configuration.
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<LogLevel>,
}

/// Prints what kubectl top prints, or CPU and memory of the last second with peaks.
///
/// `top pods` and `top nodes` are kubectl's tables, to the letter: its columns, rounding, window and flags.
/// Without a view, with --live and for containers and units the table is one second old and shows peaks. Asks a
/// running agent, which knows the pods of its node; where none runs, reads the cgroups itself.
#[derive(Args, Debug)]
#[command(after_help = "\
Columns of kubectl's tables:
  CPU(cores)      mean over metrics-server's window (the kubelet's, or our own, where it does not answer)
  MEMORY(bytes)   working set
  CPU(%), MEMORY(%)
                  of what pods may use of the node; <unknown> without the API, try --show-capacity
  with --wide also: the last second, its peak, the pod's own cgroup, whose window it is,
  and by how much and why our number differs from the one that kubectl gets

Columns of the live tables:
  CPU(cores)      mean over the last second
  MEMORY(bytes)   working set, as kubectl top has it
  PEAK(15s)       highest CPU sample inside the first configured window
  THROTTLED%      share of the quota's periods in which it ran out
  PSI             share of the last 10 s in which a task waited for cpu/memory/io
  \"-\" means: not known here.

Examples:
  podometer top                      live: pods when there are any, else units
  podometer top pods -A              as kubectl top pods -A
  podometer top pods -n shop --containers --sort-by memory
  podometer top pods -A --wide       with the difference and its cause
  podometer top nodes                as kubectl top nodes, for this node
  podometer top pods --live --watch 5 --wide
  podometer top containers -n shop --sort-by peak
  podometer top units --watch        redraw each second
  podometer top --url http://10.0.0.7:9758
  kubectl top pods -A | podometer top pods --compare -
                                     both numbers of each pod, the difference and its cause; exit code 1
                                     where one is off by more than 10 %")]
#[allow(clippy::struct_excessive_bools, reason = "one for each flag that can be typed")]
pub(super) struct Top {
    /// What to list; without it live pods when there are any, else units.
    #[arg(value_enum)]
    pub(super) view: Option<View>,
    /// Only this pod, for `top pods`.
    pub(super) name: Option<String>,
    /// The last second and peaks instead of kubectl's table.
    #[arg(long)]
    pub(super) live: bool,
    /// Print one table and end (the default).
    #[arg(long, conflicts_with = "watch")]
    pub(super) once: bool,
    /// Print again every SECONDS, in place on a terminal.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1", value_parser = seconds)]
    pub(super) watch: Option<Duration>,
    /// Order of the rows: cpu or memory; in live tables also peak; without it by name.
    #[arg(long, value_enum, alias = "sort")]
    pub(super) sort_by: Option<Sort>,
    /// Address of an agent; nothing else is asked then.
    #[arg(long)]
    pub(super) url: Option<String>,
    /// File that holds the agent's bearer token.
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// More columns.
    #[arg(long)]
    pub(super) wide: bool,
    /// Only pods of this namespace; kubectl's table without it shows the namespace of the kubeconfig's context.
    #[arg(short, long)]
    pub(super) namespace: Option<String>,
    /// Pods of all namespaces, with a column for it.
    #[arg(short = 'A', long)]
    pub(super) all_namespaces: bool,
    /// Containers of each pod.
    #[arg(long)]
    pub(super) containers: bool,
    /// No line of column names.
    #[arg(long)]
    pub(super) no_headers: bool,
    /// The sum of all pods below them.
    #[arg(long)]
    pub(super) sum: bool,
    /// Percentages of what the node has, not of what pods may use of it.
    #[arg(long)]
    pub(super) show_capacity: bool,
    /// What kubectl top pods printed, to be held beside the agent's values; - is standard input.
    #[arg(long, value_name = "FILE", help_heading = "Beside kubectl",
        conflicts_with_all = ["live", "watch", "containers", "sum", "wide", "sort_by", "no_headers", "name"])]
    pub(super) compare: Option<PathBuf>,
    /// How far a pod may be off, in per cent of what kubectl printed.
    #[arg(long, value_name = "PERCENT", help_heading = "Beside kubectl", requires = "compare",
        default_value = "10", value_parser = percent)]
    pub(super) bound: f64,
    /// A saved answer of /api/v1/drift, instead of asking an agent.
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Beside kubectl",
        requires = "compare",
        conflicts_with = "url"
    )]
    pub(super) document: Option<PathBuf>,
    #[command(flatten)]
    pub(super) settings: Settings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum View {
    #[value(aliases = ["pod", "po"])]
    Pods,
    #[value(aliases = ["node", "no"])]
    Nodes,
    Containers,
    Units,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Sort {
    Cpu,
    Memory,
    Peak,
    #[default]
    Name,
}

/// Says what can be read here, what serves which value, and how to mend what is missing.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit code: 0 when the agent can do its work here, 1 when it cannot.

Examples:
  podometer check
  podometer check --config podometer.yaml
  podometer check --json")]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Serves a small application to put load on, which fails on request and counts what it does.
#[derive(Args, Debug)]
#[command(after_help = "\
Endpoints:
  /                          a tiny answer without delay
  /static, /dynamic/...      after 50 ms, after 1 s
  /crocodiles[/ID]           GET, POST, PUT, PATCH, DELETE of JSON, after 30 to 250 ms
  /status/CODE, /healthz     without delay
  /wrk2-api/...              home-timeline/read, user-timeline/read, post/compose, user/follow,
                             user/unfollow, user/register
  /metrics, /stub_status     what it counted, for Prometheus and as nginx says it

Faults, in a request's query, in its header x-podometer-fault, or for all requests by flag or POST:
  stall=2s                   nothing at all is answered for so long, once      up to 1m
  delay=300ms                answers take so much longer                       up to 1m
  burn=20ms                  requests take CPU time                            up to 5s
  error_share=0.1            share of answers that are 500                     0 to 1
  leak=1MiB                  requests keep memory                              up to 64MiB, --max-leak in all

Examples:
  podometer target
  podometer target --listen 127.0.0.1:8080 --threads 1
  podometer target --delay 300ms --error-share 0.1
  curl 'http://127.0.0.1:9759/static?burn=20ms'
  curl -d 'delay=300ms&leak=1MiB' http://127.0.0.1:9759/-/faults
  curl -X DELETE http://127.0.0.1:9759/-/faults")]
pub(super) struct Target {
    /// Address and port to listen on (default 127.0.0.1:9759).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<SocketAddr>,
    /// A second address for /metrics, /stub_status and /healthz alone, which no load reaches.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) metrics_listen: Option<SocketAddr>,
    /// Threads that answer, 1 to 256; without it one for each core.
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// Largest number of connections at one time (default 20000).
    #[arg(long, value_name = "N")]
    pub(super) max_connections: Option<usize>,
    /// Longest time from an answer to the next request of a connection (default 75s).
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(super) idle_timeout: Option<Duration>,
    /// Most memory that requests can keep in all (default 256MiB).
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) max_leak: Option<u64>,
    /// Where random delays and errors begin: the same number, the same row of them (default 1).
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,
    /// Serves until standard input is closed, so that it never outlives who started it.
    #[arg(long, hide = true)]
    pub(super) until_stdin_closes: bool,
    /// The first request holds up all others for so long.
    #[arg(long, value_name = "DURATION", help_heading = "Faults of all requests")]
    pub(super) stall: Option<String>,
    /// Answers take so much longer.
    #[arg(long, value_name = "DURATION", help_heading = "Faults of all requests")]
    pub(super) delay: Option<String>,
    /// Requests take so much CPU time.
    #[arg(long, value_name = "DURATION", help_heading = "Faults of all requests")]
    pub(super) burn: Option<String>,
    /// Share of answers that are 500.
    #[arg(long, value_name = "SHARE", help_heading = "Faults of all requests")]
    pub(super) error_share: Option<String>,
    /// Requests keep so much memory, up to --max-leak in all.
    #[arg(long, value_name = "SIZE", help_heading = "Faults of all requests")]
    pub(super) leak: Option<String>,
}

/// Prints, checks or imports the configuration.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  podometer config default > podometer.yaml
  podometer config check podometer.yaml
  podometer config import telegraf.conf > podometer.yaml")]
pub(super) struct ConfigCommand {
    #[command(subcommand)]
    pub(super) action: ConfigAction,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigAction {
    /// Prints every key with its sentence and its default.
    #[command(after_help = "Example:\n  podometer config default > podometer.yaml")]
    Default,
    /// Says what is wrong with a file, all at once.
    #[command(after_help = "\
Exit code: 0 when the file is fine, 64 when it is not.

Example:
  podometer config check podometer.yaml")]
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Prints our configuration for a telegraf.conf, and on standard error what does not come along, line by line.
    ///
    /// Secrets are never copied: the output names the file or variable that is to hold them.
    #[command(after_help = "\
Exit code: 0 whatever was left out, 64 when the file is no TOML.

Example:
  podometer config import telegraf.conf > podometer.yaml")]
    Import {
        /// The telegraf.conf.
        file: PathBuf,
    },
}

/// Bytes as a plain number or with KiB, MiB or GiB.
fn size(text: &str) -> Result<u64, String> {
    parse_size(text).ok_or_else(|| "allowed: whole bytes, or a number with KiB, MiB or GiB".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|percent| (0.0..=1000.0).contains(percent));
    number.ok_or_else(|| "allowed: 0 to 1000".to_owned())
}

/// Seconds as a plain number such as 2 or 0.5, or a duration such as 500ms.
fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let allowed = "allowed: 0.1 to 3600 seconds (name the view before --watch)";
    match number.or_else(|| humantime::parse_duration(text).ok()) {
        Some(wait) if wait >= Duration::from_millis(100) && wait <= Duration::from_hours(1) => Ok(wait),
        _ => Err(allowed.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_well_formed_and_show_examples() {
        let mut command = Arguments::command();
        command.build();
        command.clone().debug_assert();
        let mut commands = vec![command];
        while let Some(command) = commands.pop() {
            if command.get_name() == "help" {
                continue;
            }
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example") && help.contains("podometer "), "{}", command.get_name());
            commands.extend(command.get_subcommands().cloned());
        }
    }

    #[test]
    fn watch_takes_seconds_or_none() {
        let watch = |arguments: &[&str]| {
            let parsed = Arguments::try_parse_from(["podometer", "top"].iter().chain(arguments)).ok()?;
            match parsed.command {
                Command::Top(top) => top.watch,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(watch(&[]), None);
        assert_eq!(watch(&["--watch"]), Some(Duration::from_secs(1)));
        assert_eq!(watch(&["pods", "--watch", "0.5"]), Some(Duration::from_millis(500)));
        assert_eq!(watch(&["--watch=250ms", "pods"]), Some(Duration::from_millis(250)));
        for wrong in ["0", "-1", "nan", "1e9", "pods"] {
            assert!(Arguments::try_parse_from(["podometer", "top", "--watch", wrong]).is_err(), "{wrong}");
        }
        assert!(Arguments::try_parse_from(["podometer", "top", "--watch", "--once"]).is_err());
    }
}
