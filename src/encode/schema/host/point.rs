//! What all host points share: the host, the global tags and the time.

use crate::encode::influx::{LineWriter, append_tag};

/// Name of an integer field and where its value comes from.
pub(in crate::encode::schema) type Integer<T> = (&'static str, fn(&T) -> Option<u64>);

/// Writes points of one reading.
#[derive(Debug)]
pub(in crate::encode::schema) struct Points<'a, 'w> {
    out: &'a mut LineWriter<'w>,
    host: &'a str,
    tags: &'a [(String, String)],
    /// Host and tags, escaped once for all points that have no tag of such a name.
    common: Vec<u8>,
    wall_ns: i64,
}

impl<'a, 'w> Points<'a, 'w> {
    pub(in crate::encode::schema) fn new(
        out: &'a mut LineWriter<'w>,
        host: &'a str,
        tags: &'a [(String, String)],
        wall_ns: i64,
    ) -> Points<'a, 'w> {
        let mut common = Vec::new();
        append_tag(&mut common, "host", host);
        for (key, value) in tags.iter().filter(|(key, _)| key != "host") {
            append_tag(&mut common, key, value);
        }
        Points { out, host, tags, common, wall_ns }
    }

    /// The time of the points that follow.
    pub(in crate::encode::schema) fn time(&self) -> i64 {
        self.wall_ns
    }

    pub(in crate::encode::schema) fn set_time(&mut self, wall_ns: i64) {
        self.wall_ns = wall_ns;
    }

    /// Writes one point; without a field it leaves nothing behind.
    /// Line protocol forbids a tag twice: the host comes first, the point's own tags win over it and global ones.
    pub(in crate::encode::schema) fn point(
        &mut self,
        measurement: &str,
        own: &[(&str, &str)],
        fields: impl FnOnce(&mut LineWriter<'w>),
    ) {
        self.out.measurement(measurement);
        let is_own = |key: &str| own.iter().any(|(own, _)| *own == key);
        if is_own("host") || self.tags.iter().any(|(key, _)| is_own(key)) {
            if !is_own("host") {
                self.out.tag("host", self.host);
            }
            for (key, value) in self.tags.iter().filter(|(key, _)| key != "host" && !is_own(key)) {
                self.out.tag(key, value);
            }
        } else {
            self.out.framed_tags(&self.common);
        }
        for (key, value) in own {
            self.out.tag(key, value);
        }
        fields(self.out);
        self.out.end(self.wall_ns);
    }
}

/// Writes the rows of a table whose values exist.
pub(in crate::encode::schema) fn integers<T>(out: &mut LineWriter<'_>, rows: &[Integer<T>], value: &T) {
    for (name, get) in rows {
        integer(out, name, get(value));
    }
}

pub(in crate::encode::schema) fn integer(out: &mut LineWriter<'_>, name: &str, value: Option<u64>) {
    if let Some(value) = value {
        out.integer(name, value);
    }
}

pub(in crate::encode::schema) fn float(out: &mut LineWriter<'_>, name: &str, value: Option<f64>) {
    if let Some(value) = value {
        out.float(name, value);
    }
}

/// `part` of `whole` in percent; 0 of nothing is 0, as Telegraf has it for swap and inodes.
pub(in crate::encode::schema) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}
