//! The configuration under construction, section by section.

use std::collections::{BTreeMap, BTreeSet};

use super::yaml::Block;

/// What the plugins have put together so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) agent: Block,
    pub(super) identity: Block,
    pub(super) kubelet: Block,
    pub(super) inventory: Block,
    pub(super) procfs: Block,
    pub(super) server: Block,
    pub(super) targets: Vec<Block>,
    pub(super) sinks: Vec<Block>,
    /// `inputs.net` asks for the counters of protocols, which Telegraf writes as a row of `net`.
    pub(super) protocol_row: bool,
    /// Plugins that can be there once only.
    once: BTreeSet<&'static str>,
    names: BTreeSet<String>,
    /// The next number for a name that is taken.
    numbers: BTreeMap<String, usize>,
}

impl Draft {
    /// True the first time that it is asked for this plugin.
    pub(super) fn is_first(&mut self, plugin: &'static str) -> bool {
        self.once.insert(plugin)
    }

    /// `base`, or with a number where that is taken already.
    pub(super) fn fresh_name(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let next = self.numbers.entry(name.clone()).or_insert(2);
        while !self.names.insert(name.clone()) {
            name = format!("{base}-{next}");
            *next += 1;
        }
        name
    }

    pub(super) fn into_yaml(self, file: &str) -> String {
        let mut out = Block::default();
        out.comment(&format!("Made from {file} by: podometer config import"));
        out.comment("Check it with: podometer config check FILE");
        out.block("agent", &self.agent);
        out.block("identity", &self.identity);
        out.block("kubelet", &self.kubelet);
        out.block("inventory", &self.inventory);
        out.block("procfs", &self.procfs);
        out.block("server", &self.server);
        let mut scrape = Block::default();
        scrape.items("targets", &self.targets);
        out.block("scrape", &scrape);
        let mut sinks = Block::default();
        sinks.items("influxdb", &self.sinks);
        out.block("sinks", &sinks);
        out.into_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In no time: looking from the beginning each time would take minutes.
    #[test]
    fn names_get_numbers_where_they_are_taken() {
        let mut draft = Draft::default();
        let names = ["a", "a-2", "a", "a"].map(|base| draft.fresh_name(base));
        assert_eq!(names, ["a", "a-2", "a-3", "a-4"]);
        let last = (0..50_000).map(|_| draft.fresh_name("b")).last();
        assert_eq!(last.as_deref(), Some("b-50000"));
    }
}
