//! Which format and coding a scraper wants, from `Accept` and `Accept-Encoding`.
//!
//! Source: RFC 9110 section 12; Prometheus "Content negotiation" (2.42 and 3.5 send different lists).

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING};

use crate::encode::prometheus::Format;

/// What to answer with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub format: Format,
    /// With the escaping scheme that was asked for: our names need none, so every scheme gives the same.
    pub content_type: String,
}

/// The best of the formats that the request accepts; text where it names none of ours.
pub fn format_for(headers: &HeaderMap) -> Choice {
    let mut best: Option<(u32, Format, Option<&'static str>)> = None;
    for header in headers.get_all(ACCEPT) {
        for range in header.to_str().unwrap_or_default().split(',') {
            let Some((quality, format, escaping)) = acceptable(range) else { continue };
            if quality > best.map_or(0, |(best, _, _)| best) {
                best = Some((quality, format, escaping));
            }
        }
    }
    let (_, format, escaping) = best.unwrap_or((1, Format::Text, None));
    let mut content_type = format.content_type().to_owned();
    if let Some(escaping) = escaping {
        content_type.push_str("; escaping=");
        content_type.push_str(escaping);
    }
    Choice { format, content_type }
}

/// Whether the request accepts gzip.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut any) = (None, None);
    for header in headers.get_all(ACCEPT_ENCODING) {
        for coding in header.to_str().unwrap_or_default().split(',') {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let accepted = quality_of(parts) > 0;
            if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
                gzip = Some(accepted);
            } else if name == "*" {
                any = Some(accepted);
            }
        }
    }
    gzip.or(any).unwrap_or(false)
}

/// One media range: its quality in thousandths, our format for it, its escaping scheme.
fn acceptable(range: &str) -> Option<(u32, Format, Option<&'static str>)> {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next()?.to_ascii_lowercase();
    let parameter = |wanted: &str| {
        parts.clone().find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"'))
        })
    };
    let version = parameter("version");
    let format = match &*media {
        "application/vnd.google.protobuf" => {
            let ours = parameter("proto") == Some("io.prometheus.client.MetricFamily")
                && parameter("encoding") == Some("delimited");
            ours.then_some(Format::Protobuf)
        }
        "application/openmetrics-text" => {
            matches!(version, None | Some("1.0.0" | "0.0.1")).then_some(Format::OpenMetrics)
        }
        "text/plain" => matches!(version, None | Some("0.0.4")).then_some(Format::Text),
        "text/*" | "*/*" => Some(Format::Text),
        _ => None,
    }?;
    let escaping = parameter("escaping").and_then(|wanted| {
        ["allow-utf-8", "underscores", "dots", "values"].into_iter().find(|scheme| *scheme == wanted)
    });
    Some((quality_of(parts), format, escaping))
}

/// The `q` parameter in thousandths; 1000 without one, 0 where it is unreadable.
fn quality_of<'a>(mut parameters: impl Iterator<Item = &'a str>) -> u32 {
    let quality = parameters.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f64>().unwrap_or(0.0))
    });
    (quality.unwrap_or(1.0).clamp(0.0, 1.0) * 1000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str) -> (Format, String) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        let choice = format_for(&headers);
        (choice.format, choice.content_type)
    }

    #[test]
    fn formats_are_chosen_as_scrapers_ask() {
        let protobuf =
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
        for (accept, format) in [
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            (
                &format!(
                    "{protobuf};q=0.9,application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5"
                ),
                Format::Protobuf,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.9,text/plain;version=0.0.4;q=0.6",
                Format::Text,
            ),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Format::Text),
            ("application/json", Format::Text),
            ("application/vnd.google.protobuf;encoding=text, text/plain;q=0.1", Format::Text),
            ("application/openmetrics-text;q=0, text/plain;q=0.2", Format::Text),
            ("APPLICATION/OpenMetrics-Text; Version=1.0.0 ; Q=0.3", Format::OpenMetrics),
            ("", Format::Text),
            (";;;=,,q=,;q=nan", Format::Text),
        ] {
            assert_eq!(chosen(accept).0, format, "{accept}");
        }
    }

    #[test]
    fn the_escaping_scheme_is_echoed_only_when_known() {
        let (_, named) = chosen("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8");
        assert_eq!(named, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
        let (_, unknown) = chosen("text/plain;escaping=a\"b");
        assert_eq!(unknown, "text/plain; version=0.0.4; charset=utf-8");
    }

    #[test]
    fn gzip_only_when_accepted() {
        for (accept, expected) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*", true),
            ("identity", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, accept.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), expected, "{accept}");
        }
    }
}
