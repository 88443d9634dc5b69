//! The load generator: what a load test says and means (k6's vocabulary, and the arithmetic behind it), and the engine
//! that does it. All but `engine` is pure: time comes in as nanoseconds since the start of the run, and nothing there
//! sends, waits or, but for `file::read`, reads a file. It knows nothing of the agent.

/// Threads, connections and virtual users at work.
pub mod engine;
/// Exit codes of a run.
pub mod exit;
/// The file that says all of a run.
pub mod file;
/// What an iteration does, compiled.
pub mod flow;
/// A bounded histogram of durations with three significant digits.
pub mod histogram;
/// Scripts of k6 as files of ours.
#[cfg(feature = "import")]
pub mod import;
/// What happened in a second, or in several, for outputs while a run goes on.
pub mod interval;
/// The metrics of a run and their kinds.
pub mod metric;
/// Files that a run leaves behind: CSV and JUnit XML.
pub mod output;
/// Percentiles as k6 has them.
pub mod percentile;
/// Load tests that are built in.
pub mod profiles;
/// How each protocol asks and what an answer is.
pub mod protocol;
/// Random numbers that a seed repeats.
pub mod random;
/// So many starts in a unit of time.
pub mod rate;
/// What a run came to, for every output.
pub mod results;
/// Scenarios and their executors.
pub mod scenario;
/// When iterations start and how many users there are.
pub mod schedule;
/// `vus`, `duration`, `iterations`, `stages` and `rate` as scenarios, and who overrides whom.
pub mod shortcuts;
/// Durations as k6 writes them.
pub mod span;
/// What is said at the end of a run, for people and in k6's JSON shapes.
pub mod summary;
/// What a run must hold to pass.
pub mod threshold;
