//! Families of a page as points, in the two shapes that Telegraf's inputs.prometheus has for them.
//!
//! Version 1: a measurement a family, with `counter`, `gauge`, `value`, or bounds and quantiles as fields.
//! Version 2: the measurement `prometheus`, with the family's name as field and bounds as tags.
//! Source: Telegraf `plugins/parsers/prometheus`, `metric_v1.go` and `metric_v2.go`.

use super::{Tags, with_target};
use crate::encode::schema::host::point::{Points, float};
use crate::model::scraped::{Family, FamilyKind, Schema, Series, SeriesValue, Spread, Target};

/// The measurement of version 2.
const ALL: &str = "prometheus";

pub(super) fn write(families: &[Family], schema: Schema, target: &Target, points: &mut Points<'_, '_>) {
    let taken_ns = points.time();
    for family in families {
        for series in &family.series {
            let mut own: Tags<'_> =
                series.labels.iter().map(|(key, value)| (&**key, &**value)).filter(is_no_url).collect();
            own.push(("url", &target.url));
            let own = with_target(target, own);
            // As Telegraf has it, a time of the target's counts unless it is none.
            let at_ns = series.at_ms.filter(|at| *at > 0).and_then(|at| at.checked_mul(1_000_000));
            points.set_time(at_ns.unwrap_or(taken_ns));
            match schema {
                Schema::TelegrafV1 => write_v1(family, series, &own, points),
                Schema::TelegrafV2 => write_v2(family, series, &own, points),
            }
        }
    }
    points.set_time(taken_ns);
}

/// The tag `url` is the target's.
fn is_no_url(tag: &(&str, &str)) -> bool {
    tag.0 != "url"
}

fn write_v1(family: &Family, series: &Series, own: &[(&str, &str)], points: &mut Points<'_, '_>) {
    points.point(&family.name, own, |out| match &series.value {
        SeriesValue::Single(value) => {
            let name = match family.kind {
                FamilyKind::Counter => "counter",
                FamilyKind::Gauge => "gauge",
                FamilyKind::Histogram | FamilyKind::Summary | FamilyKind::Untyped => "value",
            };
            out.float(name, *value);
        }
        SeriesValue::Spread(spread) => {
            for (bound, value) in &spread.parts {
                out.float(&go_number(*bound), *value);
            }
            float(out, "count", spread.count);
            float(out, "sum", spread.sum);
        }
    });
}

fn write_v2(family: &Family, series: &Series, own: &[(&str, &str)], points: &mut Points<'_, '_>) {
    let spread = match &series.value {
        SeriesValue::Single(value) => {
            points.point(ALL, own, |out| out.float(&family.name, *value));
            return;
        }
        SeriesValue::Spread(spread) => spread,
    };
    points.point(ALL, own, |out| {
        float(out, &format!("{}_count", family.name), spread.count);
        float(out, &format!("{}_sum", family.name), spread.sum);
    });
    let (tag, field) = match family.kind {
        FamilyKind::Summary => ("quantile", family.name.to_string()),
        _ => ("le", format!("{}_bucket", family.name)),
    };
    let mut with_bound = |bound: f64, value: f64| {
        let bound = go_number(bound);
        let mut own: Tags<'_> = own.iter().copied().filter(|(key, _)| *key != tag).collect();
        own.push((tag, &bound));
        points.point(ALL, &own, |out| out.float(&field, value));
    };
    for (bound, value) in &spread.parts {
        with_bound(*bound, *value);
    }
    if let Some(count) = last_bucket(family.kind, spread) {
        with_bound(f64::INFINITY, count);
    }
}

/// What lies below infinity is everything; some leave it out, and quantiles of histograms need it.
fn last_bucket(kind: FamilyKind, spread: &Spread) -> Option<f64> {
    let has_it = spread.parts.iter().any(|(bound, _)| *bound == f64::INFINITY);
    spread.count.filter(|_| kind == FamilyKind::Histogram && !has_it)
}

/// A float as Go prints it, since Telegraf names fields and tags so: the shortest digits, with an exponent below
/// 1e-4 and from 1e6 on.
fn go_number(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(-4..6) => number.to_string(),
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        Err(_) => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_go_prints_them() {
        for (number, text) in [
            (0.005, "0.005"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (0.99, "0.99"),
            (1.0, "1"),
            (10.0, "10"),
            (0.0, "0"),
            (-2.5, "-2.5"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (250_000.0, "250000"),
            (1e6, "1e+06"),
            (16_777_216.0, "1.6777216e+07"),
            (1.25e300, "1.25e+300"),
        ] {
            assert_eq!(go_number(number), text);
        }
    }
}
