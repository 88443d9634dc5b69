//! How a number is written. CPU rounds up to 1m and memory down to 1Mi, as `kubectl top` does
//! (metrics-server truncates to nanocores first). What is not known is `-`, never 0.

use std::time::Duration;

use crate::encode::document::{Bound, Psi};

/// Cores as `250m`.
pub(super) fn cores(cores: Option<f64>) -> String {
    // A thousandth of a nanocore makes up for decimal fractions that binary ones miss by a hair.
    or_dash(cores, |cores| format!("{}m", ((cores * 1e9 + 1e-3) as u64).div_ceil(1_000_000)))
}

/// Bytes as `12Mi`.
pub(super) fn mebibytes(bytes: Option<u64>) -> String {
    or_dash(bytes, |bytes| format!("{}Mi", bytes >> 20))
}

/// A share as `12.5`.
pub(super) fn percent(percent: Option<f64>) -> String {
    or_dash(percent, |percent| format!("{percent:.1}"))
}

/// Waiting for cpu, memory and io as `1.0/0.0/2.5`; one dash where none is known.
pub(super) fn psi(psi: &Psi) -> String {
    let shares = [psi.cpu_some_avg10, psi.memory_some_avg10, psi.io_some_avg10];
    if shares.iter().all(Option::is_none) {
        return "-".to_owned();
    }
    shares.map(percent).join("/")
}

/// A signed share as `+6.7%`.
pub(super) fn change(ratio: Option<f64>) -> String {
    or_dash(ratio, |ratio| format!("{:+.1}%", ratio * 100.0))
}

pub(super) fn count(count: Option<u64>) -> String {
    or_dash(count, |count| count.to_string())
}

/// A limit, or `none` where there is no limit.
pub(super) fn limit<T: Copy>(limit: Option<Bound<T>>, write: impl Fn(Option<T>) -> String) -> String {
    or_dash(limit, |limit| limit.at().map_or_else(|| "none".to_owned(), |number| write(Some(number))))
}

/// Seconds as `42s`, `7m`, `3h` or `12d`.
pub(super) fn age(seconds: Option<f64>) -> String {
    or_dash(seconds, |seconds| {
        let seconds = seconds as u64;
        match seconds {
            0..120 => format!("{seconds}s"),
            120..7200 => format!("{}m", seconds / 60),
            7200..172_800 => format!("{}h", seconds / 3600),
            _ => format!("{}d", seconds / 86400),
        }
    })
}

/// A window's length for a column's head: `15s`, `1m`.
pub(super) fn span(seconds: f64) -> String {
    Duration::try_from_secs_f64(seconds)
        .map_or_else(|_| "?".to_owned(), |span| humantime::format_duration(span).to_string().replace(' ', ""))
}

fn or_dash<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), write)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_rounds_up_from_whole_nanocores() {
        for (given, written) in [
            (Some(0.0), "0m"),
            (Some(0.000_000_000_4), "0m"),
            (Some(0.000_000_001), "1m"),
            (Some(0.0001), "1m"),
            (Some(0.001), "1m"),
            (Some(0.001_000_001), "2m"),
            (Some(0.1), "100m"),
            (Some(0.29), "290m"),
            (Some(0.57), "570m"),
            (Some(1.9995), "2000m"),
            (Some(64.0), "64000m"),
            (None, "-"),
        ] {
            assert_eq!(cores(given), written, "{given:?}");
        }
    }

    #[test]
    fn memory_rounds_down() {
        let of = |mebi: f64| mebibytes(Some((mebi * 1_048_576.0) as u64));
        assert_eq!((of(0.0), of(0.99), of(1.0)), ("0Mi".into(), "0Mi".into(), "1Mi".into()));
        assert_eq!((of(1.99), of(5000.0), mebibytes(None)), ("1Mi".into(), "5000Mi".into(), "-".into()));
    }

    #[test]
    fn the_other_cells() {
        assert_eq!(psi(&Psi::default()), "-");
        assert_eq!(psi(&Psi { memory_some_avg10: Some(0.25), ..Psi::default() }), "-/0.2/-");
        assert_eq!(limit(Some(Bound::Unlimited), mebibytes), "none");
        assert_eq!(limit(Some(Bound::At(2 << 20)), mebibytes), "2Mi");
        assert_eq!(limit(None, mebibytes), "-");
        assert_eq!([change(Some(0.0667)), change(Some(-0.5)), change(None)], ["+6.7%", "-50.0%", "-"]);
        let ages = [0.9, 119.0, 120.0, 7200.0, 172_800.0].map(|seconds| age(Some(seconds)));
        assert_eq!(ages, ["0s", "119s", "2m", "2h", "2d"]);
        assert_eq!([15.0, 60.0, 90.0, 0.5, -1.0].map(span), ["15s", "1m", "1m30s", "500ms", "?"]);
    }
}
