//! The demo from its start to its exit code.

use std::time::Duration;

use anyhow::Context;

use super::arguments::Demo;
use super::board::Board;
use super::child::Target;
use super::process::Process;
use super::shape::Shape;
use super::verdict;
use super::watch::Watch;
use crate::cli::load::by_hand;
use crate::cli::{ChildCgroup, Failure, SnapshotSource, Wiring, output};
use crate::config::Config;
use crate::load::engine;
use crate::load::exit::Exit;

/// What each request costs the target.
const REQUEST: &str = "static?burn=2ms";
/// Users that wait for answers at most.
const USERS: u32 = 500;
/// Requests under way have so long at the end.
const GRACE: &str = "15s";

/// The target in its cgroup. In this order: a cgroup with a process in it cannot be taken away.
struct Stage {
    target: Target,
    cgroup: Option<Box<dyn ChildCgroup>>,
}

pub(in crate::cli) fn run(demo: &Demo, wiring: &dyn Wiring) -> Result<(), Failure> {
    let mut target = None;
    let cgroup = wiring.child_cgroup(demo.cpu_limit).and_then(|cgroup| {
        let born = cgroup.within(&mut || target = Some(Target::start()));
        born.with_context(|| format!("going to {} and back", cgroup.path()))?;
        Ok(cgroup)
    });
    let target = target.unwrap_or_else(Target::start);
    // In this order: see `Stage`.
    let (cgroup, mut remarks) = match cgroup {
        Ok(cgroup) => (Some(cgroup), Vec::new()),
        Err(error) => (None, vec![format!("the target has no cgroup of its own ({error:#})")]),
    };
    let Stage { target, cgroup } = &Stage { target: target?, cgroup };
    let sampled = cgroup.as_ref().and_then(|cgroup| match wiring.local(&settings()) {
        Ok(source) => Some((source, cgroup.path().to_owned())),
        Err(error) => {
            remarks.push(format!("the cgroups cannot be read ({error:#})"));
            None
        }
    });
    let limit = cgroup.as_ref().and_then(|cgroup| cgroup.cores());
    let shape = Shape::new(demo.duration, demo.rate);
    let typed = load(target, &shape);
    output::print(&introduction(target, cgroup.as_deref(), sampled.as_ref(), &remarks, &typed))?;
    let watch = Watch::start(Process::new(target.pid()), sampled);
    watch.settle();
    let cores = limit.unwrap_or_else(|| std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64));
    let mut board = Board::new(shape, &watch, cores);
    let results = engine::run(by_hand(&typed)?, &mut board).context("demo")?;
    board.end();
    let printed = output::print(&verdict::text(&board.story, shape, limit, &results));
    match results.exit {
        None | Some(Exit::Passed) => printed,
        Some(exit) => Err(Failure::LoadEnded(exit)),
    }
}

/// The agent's, with a window of the second that is shown.
fn settings() -> Config {
    let mut config = Config::default();
    config.sampler.windows = vec![Duration::from_secs(1)];
    config
}

/// The load as anybody could type it.
fn load(target: &Target, shape: &Shape) -> Vec<String> {
    let mut typed: Vec<String> = ["load", "run"].map(str::to_owned).into();
    typed.push(format!("http://{}/{REQUEST}", target.address));
    typed.extend(["--rate".to_owned(), format!("{}/s", shape.calm())]);
    for (length, rate) in shape.stages() {
        typed.extend(["--stage".to_owned(), format!("{length}:{rate}")]);
    }
    typed.extend(["--vus", &USERS.to_string(), "--graceful-stop", GRACE].map(str::to_owned));
    typed
}

fn introduction(
    target: &Target,
    cgroup: Option<&dyn ChildCgroup>,
    sampled: Option<&(Box<dyn SnapshotSource>, String)>,
    remarks: &[String],
    typed: &[String],
) -> String {
    let mut lines =
        vec![format!("target   podometer target, process {}, at http://{}/", target.pid(), target.address)];
    lines.push(match (sampled, cgroup.and_then(ChildCgroup::cores)) {
        (Some((_, path)), Some(cores)) => format!("agent    reads its cgroup {path} ten times a second; limit {cores} cores"),
        (Some((_, path)), None) => format!(
            "agent    reads its cgroup {path} ten times a second; no CPU controller there: no limit, no throttling"
        ),
        (None, Some(cores)) => {
            format!("agent    reads its process ten times a second; limit {cores} cores, no throttling to be seen")
        }
        (None, None) => "agent    reads its process ten times a second: no limit, no throttling to be seen".to_owned(),
    });
    lines.extend(remarks.iter().map(|remark| format!("         {remark}")));
    lines.push(format!("load     podometer {}", typed.join(" ")));
    lines.join("\n") + "\n\n"
}
