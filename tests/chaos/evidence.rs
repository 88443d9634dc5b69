//! What the wire says of each point.

use std::collections::{BTreeMap, BTreeSet};

use crate::points::{Nature, nature};
use crate::proxy::Exchange;

#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// An answer that said so was handed to the child.
    pub(crate) acknowledged: BTreeSet<u64>,
    /// Likewise, and the child took it.
    pub(crate) sure: BTreeSet<u64>,
    /// The server refuses it for good.
    pub(crate) refused: BTreeSet<u64>,
    /// Points that came in two requests that the server took.
    pub(crate) doubled: u64,
    pub(crate) wrong: Vec<String>,
    by_life: BTreeMap<u64, BTreeSet<u64>>,
}

/// A batch that was refused as a whole and is sent in parts: it is settled once all of them are.
struct Parted {
    all: BTreeSet<u64>,
    left: BTreeSet<u64>,
    settled: BTreeSet<u64>,
}

impl Evidence {
    pub(crate) fn of(log: &[Exchange], destroyed: &[u64], harms: u64, is_mixed: bool) -> Evidence {
        let mut evidence = Evidence::default();
        let mut lives: BTreeMap<u64, Vec<&Exchange>> = BTreeMap::new();
        for exchange in log {
            lives.entry(exchange.life).or_default().push(exchange);
        }
        // Number and the life in which it was settled.
        let mut settled: BTreeMap<u64, u64> = BTreeMap::new();
        for (&life, exchanges) in &lives {
            let mut parted: Option<Parted> = None;
            for exchange in exchanges {
                for number in &exchange.numbers {
                    let Some(&before) = settled.get(number) else { continue };
                    let is_explained = before < life
                        && harms > 1
                        && destroyed.iter().any(|after| (before..life).contains(after));
                    if !is_explained {
                        evidence.wrong.push(format!(
                            "{number} was acknowledged in life {before} and sent again in life {life}"
                        ));
                    }
                }
                evidence.read(exchange, is_mixed);
                follow(&mut parted, exchange, is_mixed);
                if exchange.is_noted && is_good(exchange) {
                    settled.extend(exchange.numbers.iter().map(|&number| (number, life)));
                }
            }
            // What is left of a batch when a life ends is sent again as a whole.
            if let Some(parted) = parted.filter(|parted| !parted.left.is_empty()) {
                for number in parted.settled {
                    settled.remove(&number);
                    evidence.sure.remove(&number);
                }
            }
        }
        evidence
    }

    /// Points that were acknowledged in these lives.
    pub(crate) fn count_in(&self, lives: &BTreeSet<u64>) -> u64 {
        let all: BTreeSet<u64> =
            lives.iter().filter_map(|life| self.by_life.get(life)).flatten().copied().collect();
        all.len() as u64
    }

    fn read(&mut self, exchange: &Exchange, is_mixed: bool) {
        let is_bad = |number: &u64| nature(*number, is_mixed) != Nature::Good;
        match exchange.told {
            Some(200..=204) if !exchange.is_own => {
                if exchange.numbers.iter().any(is_bad) {
                    self.wrong.push(format!("the server took what it must refuse: {:?}", exchange.numbers));
                }
                let numbers = exchange.numbers.iter().copied();
                self.doubled +=
                    numbers.clone().filter(|number| self.acknowledged.contains(number)).count() as u64;
                self.acknowledged.extend(numbers.clone());
                self.by_life.entry(exchange.life).or_default().extend(numbers.clone());
                if exchange.is_noted {
                    self.sure.extend(numbers);
                }
            }
            Some(400) => self.refused.extend(exchange.numbers.iter().copied().filter(is_bad)),
            Some(413) if exchange.numbers.len() == 1 => self.refused.extend(&exchange.numbers),
            _ => {}
        }
    }
}

fn is_good(exchange: &Exchange) -> bool {
    matches!(exchange.told, Some(200..=204)) && !exchange.is_own
}

/// Follows a batch through its parts.
fn follow(parted: &mut Option<Parted>, exchange: &Exchange, is_mixed: bool) {
    let numbers: BTreeSet<u64> = exchange.numbers.iter().copied().collect();
    if parted.as_ref().is_some_and(|parted| parted.left.is_empty() || !numbers.is_subset(&parted.all)) {
        *parted = None;
    }
    let is_bad = numbers.iter().all(|&number| nature(number, is_mixed) != Nature::Good);
    let is_settled = match exchange.told {
        Some(200..=204) => is_good(exchange),
        Some(400) => numbers.len() == 1 || is_bad,
        Some(413) => numbers.len() == 1,
        _ => false,
    };
    match (parted, exchange.told) {
        (Some(parted), _) if is_settled && exchange.is_noted => {
            parted.left.retain(|number| !numbers.contains(number));
            parted.settled.extend(numbers);
        }
        (parted @ None, Some(400 | 413)) if !is_settled => {
            *parted = Some(Parted { all: numbers.clone(), left: numbers, settled: BTreeSet::new() });
        }
        _ => {}
    }
}
