//! When a certificate ends: the one field of X.509 that is of interest here.
//!
//! Source: RFC 5280, 4.1 (TBSCertificate is version, serial, signature, issuer, validity, ...), X.690 for lengths.

use std::time::{Duration, SystemTime};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The version, which may be missing.
const VERSION: u8 = 0xa0;

/// The end of the first certificate of a PEM text, in time since 1970.
pub(super) fn of_pem(pem: &str) -> Option<Duration> {
    of_der(&CertificateDer::from_pem_slice(pem.as_bytes()).ok()?)
}

fn of_der(certificate: &[u8]) -> Option<Duration> {
    let (_, whole, _) = element(certificate)?;
    let (_, mut fields, _) = element(whole)?;
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    // Serial number, signature, issuer.
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (tag, validity, _) = element(fields)?;
    let (_, _, not_after) = element(validity)?;
    let (kind, text, _) = element(not_after)?;
    let text = std::str::from_utf8(text).ok().filter(|text| tag == SEQUENCE && text.is_ascii())?;
    let digits = match kind {
        // Two digits of the year, up to 2049.
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| digits.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    let time = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    humantime::parse_rfc3339(&time).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()
}

/// Tag, content and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f).min(9))?;
        let length =
            digits.iter().try_fold(0usize, |sum, digit| sum.checked_mul(256)?.checked_add((*digit).into()));
        (length?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        for days in [20_000_u64, 40_000] {
            let end = Duration::from_hours(days * 24);
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap();
            params.not_after = rcgen::date_time_ymd(1970, 1, 1) + end;
            assert_eq!(of_pem(&params.self_signed(&key).unwrap().pem()), Some(end));
        }
        assert_eq!(of_pem("no certificate"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = of_der(&bytes);
        }
    }
}
