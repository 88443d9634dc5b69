//! One plugin's entries, taken one by one; what nobody took is told at the end.

use std::fmt::Display;
use std::time::Duration;

use super::document::{Entry, Value};
use super::duration;
use super::remark::{Kind, Remarks};
use super::secret::harmless;
use super::variable;
use super::yaml::Block;

/// Why a key has no counterpart.
pub(super) type Reason = (&'static str, &'static str);

const FILTER: &str =
    "rules of one plugin are not known here; write them as filter of the sink, which all points pass";
const NAMES: &str = "measurements keep their names, by which dashboards know them";

/// Keys that every plugin of Telegraf may have. Sorted by key.
const COMMON: [Reason; 21] = [
    ("alias", "nothing here bears this name"),
    ("collection_jitter", "readings are at whole multiples of their interval"),
    ("collection_offset", "readings are at whole multiples of their interval"),
    ("fielddrop", FILTER),
    ("fieldexclude", FILTER),
    ("fieldinclude", FILTER),
    ("fieldpass", FILTER),
    ("interval", "there is one interval for all that is read; set sinks.influxdb.interval"),
    ("log_level", "the log has one level; set agent.log.level"),
    ("metricpass", "expressions are not known here; write the rules as filter of the sink"),
    ("name_override", NAMES),
    ("name_prefix", NAMES),
    ("name_suffix", NAMES),
    ("namedrop", FILTER),
    ("namepass", FILTER),
    ("precision", "points have the precision of their sink; set sinks.influxdb.precision"),
    ("startup_error_behavior", "what cannot be reached is tried again, and the rest goes on"),
    ("tagdrop", FILTER),
    ("tagexclude", FILTER),
    ("taginclude", FILTER),
    ("tagpass", FILTER),
];

/// A text with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) text: String,
}

/// A plugin, or another table, under work.
#[derive(Debug)]
pub(super) struct Plugin<'r> {
    place: String,
    pub(super) line: usize,
    entries: Vec<Entry>,
    remarks: &'r mut Remarks,
}

impl<'r> Plugin<'r> {
    pub(super) fn new(
        place: String,
        line: usize,
        entries: Vec<Entry>,
        remarks: &'r mut Remarks,
    ) -> Plugin<'r> {
        Plugin { place, line, entries, remarks }
    }

    /// A table within this one.
    pub(super) fn below(&mut self, key: &str, line: usize, entries: Vec<Entry>) -> Plugin<'_> {
        Plugin::new(format!("{}.{key}", self.place), line, entries, self.remarks)
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at))
    }

    /// Where a key stands that was not taken yet.
    pub(super) fn line_of(&self, key: &str) -> Option<usize> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.line)
    }

    /// Says of the whole plugin that it was left out.
    pub(super) fn leave(self, reason: &str) {
        self.remarks.add(self.line, &self.place, Kind::LeftOut, reason);
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.remarks.add(self.line, &self.place, Kind::Note, text);
    }

    pub(super) fn left_out(&mut self, line: usize, key: &str, reason: impl Into<String>) {
        self.remarks.add(line, &format!("{}.{key}", self.place), Kind::LeftOut, reason);
    }

    pub(super) fn todo(&mut self, line: usize, key: &str, text: impl Into<String>) {
        self.remarks.add(line, &format!("{}.{key}", self.place), Kind::ToDo, text);
    }

    /// Tells of every entry that is left, by the plugin's own reasons first.
    pub(super) fn finish(mut self, reasons: &[Reason]) {
        for Entry { key, line, .. } in std::mem::take(&mut self.entries) {
            let mut known = reasons.iter().chain(&COMMON);
            let reason = known.find(|(name, _)| *name == key);
            self.left_out(line, &key, reason.map_or("has no counterpart here", |(_, reason)| *reason));
        }
    }

    /// A text. An empty one is Telegraf's way to say nothing.
    pub(super) fn word(&mut self, key: &str) -> Option<Word> {
        let Entry { key, line, value } = self.take(key)?;
        let Value::Text(text) = value else {
            self.left_out(line, &key, "is no text");
            return None;
        };
        (!text.is_empty()).then_some(Word { key, line, text })
    }

    /// A list of texts and its line; one text alone is taken for a list. An empty list says nothing.
    pub(super) fn words(&mut self, key: &str) -> Option<(usize, Vec<String>)> {
        let Entry { key, line, value } = self.take(key)?;
        let Some(texts) = texts_of(value) else {
            self.left_out(line, &key, "is no list of texts");
            return None;
        };
        (!texts.is_empty()).then_some((line, texts))
    }

    pub(super) fn flag(&mut self, key: &str) -> Option<(usize, bool)> {
        let Entry { key, line, value } = self.take(key)?;
        let Value::Boolean(flag) = value else {
            self.left_out(line, &key, "is neither true nor false");
            return None;
        };
        Some((line, flag))
    }

    /// A whole number that is not negative.
    pub(super) fn number(&mut self, key: &str) -> Option<(usize, u64)> {
        let Entry { key, line, value } = self.take(key)?;
        let number = if let Value::Integer(number) = value { u64::try_from(number).ok() } else { None };
        if number.is_none() {
            self.left_out(line, &key, "is no whole number from 0");
        }
        number.map(|number| (line, number))
    }

    pub(super) fn duration(&mut self, key: &str) -> Option<Duration> {
        let Entry { key, line, value } = self.take(key)?;
        let found = duration::from_value(&value);
        if found.is_none() && value != Value::Text(String::new()) {
            self.left_out(line, &key, "is no duration such as 10s");
        }
        found
    }

    /// A table of texts, key by key.
    pub(super) fn table(&mut self, key: &str) -> Vec<Word> {
        match self.take(key) {
            Some(Entry { key, value: Value::Table(line, entries), .. }) => {
                self.below(&key, line, entries).all_words()
            }
            Some(Entry { key, line, .. }) => {
                self.left_out(line, &key, "is no table");
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Every entry, each a text.
    pub(super) fn all_words(&mut self) -> Vec<Word> {
        let keys: Vec<String> = self.entries.iter().map(|entry| entry.key.clone()).collect();
        keys.iter().filter_map(|key| self.word(key)).collect()
    }

    /// A duration under our key; none is set to zero here.
    pub(super) fn copy_duration(&mut self, key: &str, ours: &str, out: &mut Block) {
        if let Some(duration) = self.duration(key).filter(|duration| !duration.is_zero()) {
            out.plain(ours, humantime::format_duration(duration));
        }
    }

    /// A truth under our key, where it is not our default.
    pub(super) fn copy_flag(&mut self, key: &str, ours: &str, default: bool, out: &mut Block) {
        if let Some((_, flag)) = self.flag(key).filter(|(_, flag)| *flag != default) {
            out.plain(ours, flag);
        }
    }

    /// A text under our key, which stands in `section`.
    pub(super) fn copy(&mut self, key: &str, section: &str, ours: &str, out: &mut Block) {
        if let Some(word) = self.word(key) {
            self.put(&word, section, ours, out);
        }
    }

    /// The texts of a list under our key, which stands in `section`.
    pub(super) fn copy_list(&mut self, key: &str, section: &str, ours: &str, out: &mut Block) {
        let Some((line, texts)) = self.words(key) else { return };
        match texts.iter().find(|text| variable::is_in(text)) {
            Some(_) => {
                let word = Word { key: key.to_owned(), line, text: texts.join(", ") };
                self.put(&word, section, ours, out);
            }
            None => out.list(ours, &texts),
        }
    }

    /// The name that somebody gave to this instance.
    pub(super) fn alias(&mut self) -> Option<String> {
        let word = self.word("alias")?;
        let is_variable = variable::is_in(&word.text);
        if is_variable {
            self.left_out(
                word.line,
                "alias",
                "variables are not read here; write a name instead of the made one",
            );
        }
        (!is_variable).then_some(word.text)
    }

    /// Writes a text under our key. One with a variable waits for its value, since none is read here.
    pub(super) fn put(&mut self, word: &Word, section: &str, ours: &str, out: &mut Block) {
        self.put_unless(word, section, ours, "", out);
    }

    /// Like [`Plugin::put`], with what makes the value unnecessary.
    pub(super) fn put_unless(
        &mut self,
        word: &Word,
        section: &str,
        ours: &str,
        unless: &str,
        out: &mut Block,
    ) {
        let text = self.harmless(word);
        if variable::is_in(&text) {
            self.await_value(word, &text, section, ours, out);
            if !unless.is_empty() {
                out.comment(&format!("It needs no value where {unless}."));
                self.note(format!("{ours} needs no value where {unless}"));
            }
        } else {
            out.text(ours, &text);
        }
    }

    /// Writes texts under our key, one alone under `single`.
    pub(super) fn put_all(
        &mut self,
        words: &[Word],
        section: &str,
        (single, list): (&str, &str),
        out: &mut Block,
    ) {
        if let [word] = words {
            return self.put(word, section, single, out);
        }
        let texts: Vec<String> = words.iter().map(|word| self.harmless(word)).collect();
        match texts.iter().zip(words).find(|(text, _)| variable::is_in(text)) {
            Some((_, word)) => self.await_value(word, &texts.join(", "), section, list, out),
            None => out.list(list, &texts),
        }
    }

    fn await_value(&mut self, word: &Word, text: &str, section: &str, ours: &str, out: &mut Block) {
        out.comment(&format!("TODO: write the value; variables are not read here (line {}).", word.line));
        out.commented(ours, text);
        let quoted = serde_json::Value::from(text);
        self.todo(
            word.line,
            &word.key,
            format!("{quoted} is not resolved; write its value to {section}.{ours}"),
        );
    }

    /// The text without a login of its address, which is told.
    fn harmless(&mut self, word: &Word) -> String {
        let (text, is_cut) = harmless(&word.text);
        if is_cut {
            self.left_out(
                word.line,
                &word.key,
                "a login in the address is not copied; set it by keys and files of its own",
            );
        }
        text
    }

    /// How a server is trusted, and by which certificate it trusts us; the keys are the same everywhere.
    pub(super) fn tls(&mut self, section: &str) -> Block {
        let mut tls = Block::default();
        let section = format!("{section}.tls");
        for (key, ours) in [("tls_cert", "cert_file"), ("tls_key", "key_file")] {
            self.copy(key, &section, ours, &mut tls);
        }
        self.trust(&section, &mut tls);
        tls
    }

    /// Whom a connection trusts, without showing who we are.
    pub(super) fn trust(&mut self, section: &str, out: &mut Block) {
        for (key, ours) in [("tls_ca", "ca_file"), ("tls_server_name", "server_name")] {
            self.copy(key, section, ours, out);
        }
        self.copy_flag("insecure_skip_verify", "insecure_skip_verify", false, out);
    }

    /// Reports a value that is outside of what is allowed.
    pub(super) fn refuse(&mut self, line: usize, key: &str, refusal: impl Display) {
        self.left_out(line, key, format!("is refused: {refusal}"));
    }
}

/// The texts of a list, or of one text.
pub(super) fn texts_of(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Text(text) => Some(Some(text).filter(|text| !text.is_empty()).into_iter().collect()),
        Value::List(items) => {
            let text = |item| if let Value::Text(text) = item { Some(text) } else { None };
            items.into_iter().map(text).collect()
        }
        _ => None,
    }
}
