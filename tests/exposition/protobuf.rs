//! What protobuf says is what text says, and the native histogram is whole.

use std::collections::BTreeMap;

use podometer::encode::prometheus::{Format, Options, Page};

use super::{decode, sample};

#[test]
fn protobuf_holds_the_values_of_the_text() {
    for page in Page::ALL {
        let text = sample::text(page, Format::Text);
        let mut expected = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let end = line.rfind('}').map_or_else(|| line.find(' ').unwrap(), |brace| brace + 1);
            let value = line[end + 1..].split(' ').next().unwrap().parse::<f64>().unwrap();
            assert_eq!(expected.insert(line[..end].to_owned(), value), None, "{page:?}: twice: {line}");
        }
        let bytes = sample::document(&sample::snapshot(), page, Format::Protobuf, Options::default());
        let mut checked = 0;
        for family in decode::families(&bytes) {
            for metric in family.metrics {
                let Some(value) = metric.value else { continue };
                let labels: Vec<String> = metric
                    .labels
                    .iter()
                    .map(|(name, value)| {
                        format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
                    })
                    .collect();
                let series = if labels.is_empty() {
                    family.name.clone()
                } else {
                    format!("{}{{{}}}", family.name, labels.join(","))
                };
                let in_text =
                    expected.get(&series).unwrap_or_else(|| panic!("{page:?}: text lacks {series}"));
                assert_eq!(in_text.to_bits(), value.to_bits(), "{series}");
                checked += 1;
            }
        }
        let plain = expected.keys().filter(|series| !series.starts_with("podometer_pod_cpu_cores_")).count();
        assert_eq!(checked, plain, "{page:?}: every row of the text but the histogram's");
    }
}

#[test]
fn the_native_histogram_is_whole() {
    let bytes = sample::document(&sample::snapshot(), Page::Metrics, Format::Protobuf, Options::default());
    let families = decode::families(&bytes);
    for (name, classic) in [("podometer_pod_cpu_cores", 17), ("podometer_container_cpu_cores", 0)] {
        let family = families.iter().find(|family| family.name == name).unwrap();
        let histogram = family.metrics[0].histogram.as_ref().unwrap();
        assert_eq!((family.kind, histogram.schema, histogram.count, histogram.zero_count), (4, 3, 5, 1));
        assert_eq!(histogram.zero_threshold.to_bits(), (1.0f64 / 16384.0).to_bits());
        assert_eq!(histogram.classic.len(), classic);
        let mut in_buckets = BTreeMap::new();
        for &(index, count) in &histogram.native {
            // The bucket's bounds by the specification: base 2^(2^-schema), upper bound base^index.
            let upper = 2f64.powf(index as f64 / 8.0);
            in_buckets.insert(index, (upper, count));
        }
        for cores in [0.25, 0.26, 1.0, 3.5] {
            let (upper, _) = in_buckets.values().find(|(upper, _)| cores <= upper * (1.0 + 1e-12)).unwrap();
            assert!(
                cores > upper / 2f64.powf(1.0 / 8.0) * (1.0 - 1e-12),
                "{cores} lies in the bucket up to {upper}"
            );
        }
        assert_eq!(in_buckets.values().map(|(_, count)| count).sum::<i64>(), 4);
        assert_eq!(in_buckets.keys().copied().collect::<Vec<_>>(), [-16, -15, 0, 15]);
    }
}
