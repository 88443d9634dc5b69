//! What must be true after a round: nothing unaccounted, nothing acknowledged lost, nothing sent again without need.

use std::collections::{BTreeMap, BTreeSet};

use podometer::sink::spool::Totals;

use crate::evidence::Evidence;
use crate::journal::Life;
use crate::points::Form;
use crate::proxy::Exchange;
use crate::worker::Settings;

/// What the one who did the harm knows of it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Of accounts that were destroyed.
    pub(crate) carried: Totals,
    /// Points that were queued by an account that was destroyed: nobody can tell which of them a kill lost.
    pub(crate) blind: u64,
    /// Points of lives to which the disk gave no account: no later life knows of them.
    pub(crate) unknown: u64,
    pub(crate) unopened: BTreeSet<u64>,
    /// The lives after which an account was destroyed.
    pub(crate) destroyed: Vec<u64>,
    /// How often a file was damaged.
    pub(crate) harms: u64,
    /// A disk lost what was not forced to it, the account among it.
    pub(crate) is_stale: bool,
    /// The most points of which the account was lost so.
    pub(crate) broken: u64,
    pub(crate) wrong: Vec<String>,
}

/// What a round came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) wrong: Vec<String>,
    pub(crate) lives: u64,
    pub(crate) requests: u64,
    pub(crate) pushed: u64,
    pub(crate) acknowledged: u64,
    pub(crate) rejected: u64,
    pub(crate) dropped: u64,
    /// Pushed by lives to which the disk gave no account.
    pub(crate) unknown: u64,
    /// The most points whose account a broken disk lost.
    pub(crate) broken: u64,
    /// Pushed, and neither acknowledged nor refused on the wire: all of them must be among those dropped, unknown or
    /// lost with a disk.
    pub(crate) missing: u64,
    /// Points that came in two requests that the server took, because the first answer did not arrive.
    pub(crate) doubled: u64,
    pub(crate) reasons: BTreeMap<String, u64>,
}

/// Compares what was pushed, what went over the wire, what the server gives back and what the account says.
pub(crate) fn judge(
    lives: &BTreeMap<u64, Life>,
    log: &[Exchange],
    readable: &BTreeSet<u64>,
    last: &Totals,
    known: Known,
    settings: &Settings,
) -> Outcome {
    let mut wrong = known.wrong;
    let evidence = Evidence::of(log, &known.destroyed, known.harms, settings.knobs.is_mixed);
    wrong.extend(evidence.wrong.iter().cloned());
    let begun: BTreeSet<u64> = numbers(lives, Life::begun_ranges);
    let done: BTreeSet<u64> = numbers(lives, Life::done_ranges);
    let all = Totals {
        produced: 0,
        acknowledged: known.carried.acknowledged + last.acknowledged,
        rejected: known.carried.rejected + last.rejected,
        dropped: known.carried.dropped + last.dropped,
        settled_seq: 0,
    };
    let produced =
        known.carried.acknowledged + known.carried.rejected + known.carried.dropped + last.produced;
    let mut must = |is_true: bool, what: String| {
        if !is_true {
            wrong.push(what);
        }
    };

    if settings.form == Form::Page {
        must(is_newest(log, readable), format!("the newest push is not what is served: {readable:?}"));
    } else {
        let lost: Vec<&u64> = evidence.acknowledged.difference(readable).collect();
        must(lost.is_empty(), format!("acknowledged and not readable: {}", some(&lost)));
    }
    let foreign: Vec<&u64> = readable.difference(&begun).collect();
    must(foreign.is_empty(), format!("readable and never pushed: {}", some(&foreign)));
    must(last.queued() == 0, format!("still queued: {last:?}"));

    // What was not forced to a disk that broke is in no account, and pushes have none that outlives the child.
    let is_page = settings.form == Form::Page;
    let is_stale = known.is_stale || is_page;
    let (fewest, most) = (done.len() as u64, begun.len() as u64);
    let away = known.unknown + known.blind;
    must(
        is_stale || produced <= most && produced + away >= fewest,
        format!("the account has {produced} points, pushed were {fewest} to {most}, {away} without a spool"),
    );
    let of_unopened: BTreeSet<u64> = known
        .unopened
        .iter()
        .filter_map(|life| lives.get(life))
        .flat_map(Life::begun_ranges)
        .flatten()
        .collect();
    let sure = evidence.sure.difference(&of_unopened).count() as u64;
    // A life that never opened its spool may have sent what an earlier one left: nothing of it is in the account.
    let sure = sure.saturating_sub(evidence.count_in(&known.unopened));
    let acknowledged = evidence.acknowledged.len() as u64;
    must(
        is_stale || (sure..=acknowledged).contains(&all.acknowledged),
        format!("the account has {} acknowledged, the wire {sure} to {acknowledged}", all.acknowledged),
    );
    let refused = evidence.refused.len() as u64;
    must(
        is_stale || all.rejected <= refused,
        format!("the account has {} rejected, the wire {refused}", all.rejected),
    );
    let missing: Vec<&u64> = done
        .iter()
        .filter(|number| !evidence.acknowledged.contains(number) && !evidence.refused.contains(number))
        .collect();
    must(
        is_page || missing.len() as u64 <= all.dropped + away + known.broken,
        format!(
            "unaccounted: {} points were neither acknowledged nor refused, dropped are {}, {away} without a spool, {} lost with a disk: {}",
            missing.len(),
            all.dropped,
            known.broken,
            some(&missing)
        ),
    );
    let unsettled = begun.iter().filter(|number| !evidence.sure.contains(number)).count() as u64;
    must(
        is_stale || all.dropped <= unsettled,
        format!("the account has {} dropped, only {unsettled} can be", all.dropped),
    );
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for life in lives.values() {
        for (reason, points) in &life.reasons {
            *reasons.entry(reason.clone()).or_default() += points;
        }
    }
    must(!reasons.contains_key("dropped spool_too_old"), "spool_too_old, and nothing was old".to_owned());
    if known.harms == 0 {
        for reason in ["dropped spool_corrupt", "dropped spool_unreadable"] {
            must(!reasons.contains_key(reason), format!("{reason}, and nothing was damaged"));
        }
    }
    Outcome {
        wrong,
        lives: lives.len() as u64,
        requests: log.len() as u64,
        pushed: fewest,
        acknowledged: if is_page { acknowledged } else { all.acknowledged },
        rejected: all.rejected,
        dropped: all.dropped,
        unknown: if is_page { 0 } else { known.unknown },
        broken: known.broken,
        missing: missing.len() as u64,
        doubled: evidence.doubled,
        reasons,
    }
}

fn numbers<'a, R: Iterator<Item = std::ops::Range<u64>> + 'a>(
    lives: &'a BTreeMap<u64, Life>,
    ranges: fn(&'a Life) -> R,
) -> BTreeSet<u64> {
    lives.values().flat_map(ranges).flatten().collect()
}

/// The newest push that was acknowledged, one that came after it, or one whose answer nobody took: a server that was
/// slow with it may have stored it last, and only the next push mends that.
fn is_newest(log: &[Exchange], readable: &BTreeSet<u64>) -> bool {
    let is_taken = |exchange: &Exchange| matches!(exchange.told, Some(200..=204)) && !exchange.is_own;
    let newest = log.iter().rposition(is_taken).unwrap_or(log.len());
    let mut candidates = log
        .iter()
        .enumerate()
        .filter(|(place, exchange)| *place >= newest || !exchange.is_noted && !exchange.is_own);
    candidates.any(|(_, exchange)| exchange.numbers.iter().copied().collect::<BTreeSet<u64>>() == *readable)
}

/// How many, and the first of them.
fn some(numbers: &[&u64]) -> String {
    format!("{} ({:?} ...)", numbers.len(), &numbers[..numbers.len().min(8)])
}
