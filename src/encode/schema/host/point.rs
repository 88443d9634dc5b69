//! What all host points share: the host, the global tags and the time.

use crate::encode::influx::LineWriter;

/// Name of an integer field and where its value comes from.
pub(in crate::encode::schema) type Integer<T> = (&'static str, fn(&T) -> Option<u64>);

/// Writes points of one reading.
#[derive(Debug)]
pub(in crate::encode::schema) struct Points<'a, 'w> {
    out: &'a mut LineWriter<'w>,
    host: &'a str,
    tags: &'a [(String, String)],
    wall_ns: i64,
}

impl<'a, 'w> Points<'a, 'w> {
    pub(in crate::encode::schema) fn new(
        out: &'a mut LineWriter<'w>,
        host: &'a str,
        tags: &'a [(String, String)],
        wall_ns: i64,
    ) -> Points<'a, 'w> {
        Points { out, host, tags, wall_ns }
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
        if own.iter().all(|(own, _)| *own != "host") {
            self.out.tag("host", self.host);
        }
        for (key, value) in self.tags {
            if key != "host" && own.iter().all(|(own, _)| own != key) {
                self.out.tag(key, value);
            }
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
