//! The account of one sink: produced = acknowledged + rejected + queued + dropped, at every instant.

/// Points, by what became of them. All but `queued` only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub produced: u64,
    pub acknowledged: u64,
    /// Refused by the server for good, by reason.
    pub rejected: Vec<(&'static str, u64)>,
    /// Waiting, in flight or between retries.
    pub queued: u64,
    /// Given up by us, by reason.
    pub dropped: Vec<(&'static str, u64)>,
}

impl Ledger {
    /// The identity that must hold at every instant.
    pub fn balances(&self) -> bool {
        let sum = |reasons: &[(&str, u64)]| reasons.iter().map(|(_, points)| points).sum::<u64>();
        self.produced == self.acknowledged + sum(&self.rejected) + self.queued + sum(&self.dropped)
    }
}
