//! Any page of metrics: no panic, no value beyond the bound, and what is written of it in either shape is read back
//! by another parser, every name once.
#![no_main]

use std::collections::HashSet;
use std::sync::Arc;

use influxdb_line_protocol::parse_lines;
use libfuzzer_sys::fuzz_target;
use podometer::encode::influx::LineWriter;
use podometer::encode::schema::scraped;
use podometer::model::scraped::{Content, Reading, Schema, Target};
use podometer::model::stamp::Stamp;
use podometer::source::scrape::parse_exposition;

const MAX_SAMPLES: usize = 100;

fuzz_target!(|text: &[u8]| {
    let parsed = parse_exposition(text, MAX_SAMPLES);
    assert!(parsed.samples as usize <= MAX_SAMPLES);
    let target = Arc::new(Target { url: "http://app/metrics".into(), ..Target::default() });
    for schema in [Schema::TelegrafV1, Schema::TelegrafV2] {
        let content = Some(Content::Families(parsed.value.clone(), schema));
        let taken = Some(Stamp { boot_ns: 1, wall_ns: 1 });
        let reading = Reading { target: target.clone(), taken, content, ..Reading::default() };
        let mut out = Vec::new();
        let mut writer = LineWriter::new(&mut out);
        scraped::write(&reading, "host", &[], &mut writer);
        let points = writer.points;
        let written = str::from_utf8(&out).expect("UTF-8 in, UTF-8 out");
        assert_eq!(written.lines().count() as u64, points, "one point is one line");
        for line in parse_lines(written) {
            let line = line.unwrap_or_else(|error| panic!("{error:?} in {written:?}"));
            let mut names = HashSet::new();
            let tags = line.series.tag_set.iter().flatten().map(|(name, _)| name.to_string());
            assert!(tags.into_iter().all(|name| names.insert(name)), "a tag twice in {line}");
            let mut names = HashSet::new();
            let fields = line.field_set.iter().map(|(name, _)| name.to_string());
            assert!(fields.into_iter().all(|name| names.insert(name)), "a field twice in {line}");
        }
    }
});
