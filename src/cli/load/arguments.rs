//! What can be typed after `podometer load`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::reports::Reports;

/// Puts load on an HTTP server and says how it took it, in k6's words.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  podometer load run http://127.0.0.1:9759/ --vus 10 --duration 30s
  podometer load import script.js -o script.yaml
  podometer load run --help")]
pub(in crate::cli) struct LoadCommand {
    #[command(subcommand)]
    pub(in crate::cli) action: LoadAction,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LoadAction {
    Run(Box<Run>),
    #[cfg(feature = "import")]
    Import(Import),
}

/// Sends requests to one URL and prints what came of them.
///
/// How much load there is is said as k6 has it: users that go round (--vus with --duration), a number of iterations
/// (--iterations), users that come and go (--stage), or starts at a rate (--rate with --duration or --stage), whose
/// latency counts from when each request should have started. Without any of these one request is sent.
/// K6_VUS, K6_DURATION, K6_ITERATIONS, K6_STAGES and K6_RATE say the same from the environment; flags stand above.
#[derive(Args, Debug)]
#[command(after_help = "\
Ctrl-C ends the run: iterations under way may end, and the summary is of all that was done. A second one cuts them off.

Exit code: 0 every threshold held, 99 one did not, 104 an option cannot be used, 105 a signal ended the run,
120 the generator itself was the bottleneck.

Examples:
  podometer load run http://127.0.0.1:9759/
  podometer load run http://127.0.0.1:9759/static --vus 50 --duration 1m
  podometer load run http://127.0.0.1:9759/ --iterations 100000 --vus 64
  podometer load run http://127.0.0.1:9759/ --stage 30s:100 --stage 1m:100 --stage 10s:0
  podometer load run http://127.0.0.1:9759/ --rate 200/s --duration 10s --vus 20
  podometer load run http://127.0.0.1:9759/ --rate 10/s --stage 1m:500 --threshold 'http_req_duration=p(95)<500'
  podometer load run http://127.0.0.1:9759/ --vus 8 --duration 1m --summary-trend-stats 'med,p(99),p(99.9)' --junit out.xml
  podometer load run http://127.0.0.1:9759/crocodiles --method POST -H 'content-type: application/json' --body @new.json")]
pub(in crate::cli) struct Run {
    /// Where the requests go: http://host[:port][/path][?query].
    #[arg(value_name = "URL")]
    pub(super) url: String,
    /// Users: so many connections at one time; for a rate how many may be busy at once.
    #[arg(short = 'u', long, value_name = "N", allow_negative_numbers = true)]
    pub(super) vus: Option<i64>,
    /// How long iterations begin, such as 30s or 1m30s.
    #[arg(short = 'd', long, value_name = "DURATION")]
    pub(super) duration: Option<String>,
    /// Iterations in all, shared by the users.
    #[arg(short = 'i', long, value_name = "N", allow_negative_numbers = true)]
    pub(super) iterations: Option<i64>,
    /// Within this time to so many users (or starts, with --rate); may be repeated.
    #[arg(short = 's', long, value_name = "DURATION:TARGET")]
    pub(super) stage: Vec<String>,
    /// Starts in a unit of time, such as 200/s or 3/1m.
    #[arg(long, value_name = "N/UNIT")]
    pub(super) rate: Option<String>,
    /// The method of the requests (default GET, or POST with --body).
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(super) method: Option<String>,
    /// A header of the requests; may be repeated.
    #[arg(short = 'H', long, value_name = "NAME: VALUE")]
    pub(super) header: Vec<String>,
    /// The body of the requests, or with @ in front the file that holds it.
    #[arg(long, value_name = "TEXT|@FILE")]
    pub(super) body: Option<String>,
    /// When a request is given up (default 60s).
    #[arg(long, value_name = "DURATION")]
    pub(super) timeout: Option<String>,
    /// Checks that the status of each response is this one.
    #[arg(long, value_name = "CODE")]
    pub(super) check_status: Option<u16>,
    /// What must hold for the run to pass; may be repeated.
    #[arg(short = 't', long, value_name = "METRIC=EXPRESSION")]
    pub(super) threshold: Vec<String>,
    /// How long iterations under way may go on at the end (default 30s).
    #[arg(long, value_name = "DURATION")]
    pub(super) graceful_stop: Option<String>,
    /// Threads that send; without it one for each core, and fewer for few users.
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// Where chance begins: the same number, the same think times and arrivals.
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,
    /// A new connection for each request.
    #[arg(long)]
    pub(super) no_connection_reuse: bool,
    /// Nothing is said while it runs.
    #[arg(short, long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) reports: Reports,
}

/// Makes a scenario file of a k6 script.
///
/// What the script sends, waits for, checks and counts becomes a file that load run takes; each step names its line of
/// the script. Nothing is guessed: what is not understood is told on standard error with its place and the way to do
/// it by hand, and leaves a comment "not translated" in the file.
#[cfg(feature = "import")]
#[derive(Args, Debug)]
#[command(after_help = "\
Exit code: 0 all of the script is in the file, 1 something was not translated, 64 there is no such script, or it is no
JavaScript.

Examples:
  podometer load import script.js
  podometer load import script.js -o script.yaml
  podometer load import --strict script.js -o script.yaml")]
pub(in crate::cli) struct Import {
    /// A k6 script.
    #[arg(value_name = "SCRIPT")]
    pub(super) script: PathBuf,
    /// Where the file goes; without it to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Writes nothing unless all of the script was translated.
    #[arg(long)]
    pub(super) strict: bool,
}
