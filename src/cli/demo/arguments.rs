//! What can be typed after `podometer demo`.

use clap::Args;

use crate::load::span::Span;

/// Shows what a spike of load does to an application: both sides of it, second by second.
///
/// It starts `podometer target` on a free local port, puts a calm load, a spike and a calm load on it, and prints what
/// the requests took beside the target's CPU, memory and throttling. It needs no file, no root and no network. Where
/// this machine lets it, the target has a cgroup of its own with a CPU limit below what the spike needs; else the
/// numbers are those of its process, and there is no throttling to be seen.
#[derive(Args, Debug)]
#[command(after_help = "\
With a cgroup of its own, and without root: systemd-run --user --scope -p Delegate=yes podometer demo

Ctrl-C ends it with the summary of what was done so far.

Examples:
  podometer demo
  podometer demo --duration 30s
  podometer demo --cpu-limit 1 --rate 600")]
pub(in crate::cli) struct Demo {
    /// How long it takes, 5s to 1h.
    #[arg(short = 'd', long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub(super) duration: Span,
    /// Requests a second at the top of the spike, each of which takes 2 ms of CPU; a tenth of it before and after.
    #[arg(long, value_name = "N", default_value_t = 180, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub(super) rate: u32,
    /// Cores that the target may use, where it has a cgroup of its own.
    #[arg(long, value_name = "CORES", default_value_t = 0.3, value_parser = cores)]
    pub(super) cpu_limit: f64,
}

fn duration(text: &str) -> Result<Span, String> {
    let span = Span::parse(text).map_err(|error| error.to_string())?;
    let bounds = Span::from_secs(5)..=Span::from_secs(3600);
    if bounds.contains(&span) { Ok(span) } else { Err("allowed: 5s to 1h".to_owned()) }
}

fn cores(text: &str) -> Result<f64, String> {
    let cores = text.parse::<f64>().ok().filter(|cores| (0.01..=1024.0).contains(cores));
    cores.ok_or_else(|| "allowed: 0.01 to 1024 cores".to_owned())
}
