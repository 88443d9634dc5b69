//! What can be typed after `podometer load`.

#[cfg(feature = "import")]
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::outputs::OutputFlags;
use super::reports::Reports;
use super::transport::Transport;

/// Puts load on an HTTP server and says how it took it, in k6's words.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  podometer load run http://127.0.0.1:9759/ --vus 10 --duration 30s
  podometer load profiles
  podometer load check shop.yaml
  podometer load run shop.yaml -e ENDPOINT=http://shop.example:8080
  podometer load import script.js -o script.yaml
  podometer load run --help")]
pub(in crate::cli) struct LoadCommand {
    #[command(subcommand)]
    pub(in crate::cli) action: LoadAction,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LoadAction {
    Run(Box<Run>),
    Check(Check),
    Profiles(Profiles),
    #[cfg(feature = "import")]
    Import(Import),
}

/// Reads a load test and says what it would do, without sending anything.
///
/// Everything that is wrong with it is told at once, each thing with its line and column. Exit code: 0 it can run,
/// 104 it cannot.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  podometer load check shop.yaml
  podometer load check stress -e ENDPOINT=http://shop.example:8080")]
pub(in crate::cli) struct Check {
    /// A file in YAML, or the name of a built-in load test.
    #[arg(value_name = "FILE|NAME")]
    pub(super) target: String,
    /// A word of the environment for the file; may be repeated.
    #[arg(short = 'e', long, value_name = "NAME=VALUE")]
    pub(super) env: Vec<String>,
}

/// Lists the built-in load tests, or prints one of them as the file that it is.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  podometer load profiles
  podometer load profiles stress > mine.yaml
  podometer load run stress -e ENDPOINT=http://127.0.0.1:9759 --vus 5 --duration 10s")]
pub(in crate::cli) struct Profiles {
    /// Which one to print.
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
}

/// Runs a load test and prints what came of it: of a file, a built-in one, or of a single URL.
///
/// A file says what is asked and how much of it; `podometer load profiles NAME` prints one to begin with. Flags that
/// say how much go above the file.
///
/// How much load there is is said as k6 has it: users that go round (--vus with --duration), a number of iterations
/// (--iterations), users that come and go (--stage), or starts at a rate (--rate with --duration or --stage), whose
/// latency counts from when each request should have started. Without any of these one request is sent.
/// K6_VUS, K6_DURATION, K6_ITERATIONS, K6_STAGES and K6_RATE say the same from the environment; flags stand above.
#[derive(Args, Debug)]
#[command(after_help = "\
Ctrl-C ends the run: iterations under way may end, and the summary is of all that was done. A second one cuts them off.

Exit code: 0 every threshold held, 99 one did not, 100 and 101 setup or teardown took too long, 104 the test or an
option cannot be used, 105 a signal ended the run, 107 setup or teardown failed, 108 a step `abort` ended the run,
120 the generator itself was the bottleneck.

Examples:
  podometer load run shop.yaml
  podometer load run shop.yaml -e ENDPOINT=http://shop.example:8080 --vus 5 --duration 30s
  podometer load run crocodile-test1
  podometer load run http://127.0.0.1:9759/
  podometer load run http://127.0.0.1:9759/static --vus 50 --duration 1m
  podometer load run http://127.0.0.1:9759/ --iterations 100000 --vus 64
  podometer load run http://127.0.0.1:9759/ --stage 30s:100 --stage 1m:100 --stage 10s:0
  podometer load run http://127.0.0.1:9759/ --rate 200/s --duration 10s --vus 20
  podometer load run http://127.0.0.1:9759/ --rate 10/s --stage 1m:500 --threshold 'http_req_duration=p(95)<500'
  podometer load run http://127.0.0.1:9759/ --vus 8 --duration 1m --summary-trend-stats 'med,p(99),p(99.9)' --junit out.xml
  podometer load run http://127.0.0.1:9759/crocodiles --method POST -H 'content-type: application/json' --body @new.json
  podometer load run https://crocodiles.example/ --vus 50 --duration 1m
  podometer load run https://10.0.0.7:8443/ --tls-ca ca.pem --tls-min 1.3
  podometer load run http://127.0.0.1:50051/ --http2-prior-knowledge --iterations 1000
  podometer load run http://127.0.0.1:9759/ --vus 8 --duration 1m -o influxdb=http://influxdb:8086/k6 -o prometheus=:9102
  K6_PROMETHEUS_RW_TREND_STATS='p(95),p(99)' podometer load run http://127.0.0.1:9759/ --rate 50/s --duration 1m \\
    --tag type=service -o experimental-prometheus-rw=http://prometheus:9090/api/v1/write -o pushgateway=http://pushgateway:9091
  podometer load run http://127.0.0.1:9759/ --vus 8 --duration 1m -o 'jmeter=http://influxdb:8086/telegraf?application=shop'")]
pub(in crate::cli) struct Run {
    /// A file in YAML, the name of a built-in load test, or a URL: http[s]://host[:port][/path][?query].
    #[arg(value_name = "FILE|NAME|URL")]
    pub(super) target: String,
    /// A word of the environment for the file, above those that are set; may be repeated.
    #[arg(short = 'e', long, value_name = "NAME=VALUE")]
    pub(super) env: Vec<String>,
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
    /// The method of a URL's requests (default GET, or POST with --body).
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(super) method: Option<String>,
    /// A header of a URL's requests; may be repeated.
    #[arg(short = 'H', long, value_name = "NAME: VALUE")]
    pub(super) header: Vec<String>,
    /// The body of a URL's requests, or with @ in front the file that holds it.
    #[arg(long, value_name = "TEXT|@FILE")]
    pub(super) body: Option<String>,
    /// When a URL's request is given up (default 60s).
    #[arg(long, value_name = "DURATION")]
    pub(super) timeout: Option<String>,
    /// Checks that the status of each response of a URL is this one.
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
    pub(super) transport: Transport,
    #[command(flatten)]
    pub(super) reports: Reports,
    #[command(flatten)]
    pub(super) outputs: OutputFlags,
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
