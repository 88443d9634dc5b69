//! A certificate and the authority that signed it. The authority's key is thrown away: it signs one certificate alone.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use secrecy::{ExposeSecret, SecretString};

use super::error::ServeError;
use super::expiry;
use crate::server::server_config;

/// Clocks of other machines may be behind ours.
const CLOCK_SKEW: Duration = Duration::from_hours(1);

/// What a Secret of the type `kubernetes.io/tls` holds.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The authority of this certificate, and that of the one before.
    pub authorities: String,
    pub certificate: String,
    pub key: SecretString,
}

impl Pair {
    /// A new one. `before` is the pair that it takes the place of, which other replicas may show a while longer.
    pub fn make(
        names: &[String],
        now: SystemTime,
        lifetime: Duration,
        before: Option<&Pair>,
    ) -> Result<Pair, ServeError> {
        let failed = |error: rcgen::Error| ServeError::Certificate { problem: error.to_string() };
        let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let at = |time: Duration| date_time_ymd(1970, 1, 1) + time;
        let (from, to) = (at(since_epoch.saturating_sub(CLOCK_SKEW)), at(since_epoch + lifetime));

        let mut authority = CertificateParams::new(Vec::<String>::new()).map_err(failed)?;
        // Each has a name of its own, so that nobody takes one for the other.
        let name = format!("podometer-injector {}", since_epoch.as_nanos());
        authority.distinguished_name.push(DnType::CommonName, name);
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        (authority.not_before, authority.not_after) = (from, to);
        let authority_key = KeyPair::generate().map_err(failed)?;
        let mut authorities = authority.self_signed(&authority_key).map_err(failed)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let mut params = CertificateParams::new(names.to_vec()).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, names.first().cloned().unwrap_or_default());
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (params.not_before, params.not_after) = (from, to);
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &issuer).map_err(failed)?.pem();
        if let Some(before) = before.filter(|before| before.expiry().is_some_and(|end| end > since_epoch)) {
            authorities += &first_certificate(&before.authorities);
        }
        Ok(Pair { authorities, certificate, key: key.serialize_pem().into() })
    }

    /// When it ends, in time since 1970; `None` where it is no certificate.
    pub fn expiry(&self) -> Option<Duration> {
        expiry::of_pem(&self.certificate)
    }

    /// Whether it is in the last third of its life, or past it.
    pub(super) fn is_due(&self, now: SystemTime, lifetime: Duration) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.expiry().is_none_or(|end| end < now + lifetime / 3)
    }

    /// Whether whoever calls by this name takes it.
    pub(super) fn is_for(&self, name: &str) -> bool {
        let Ok(name) = ServerName::try_from(name) else { return false };
        let Ok(der) = CertificateDer::from_pem_slice(self.certificate.as_bytes()) else { return false };
        ParsedCertificate::try_from(&der).is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
    }

    /// Whether whoever trusts these authorities trusts that certificate, too.
    pub(super) fn vouches_for(&self, other: &Pair) -> bool {
        let authority = first_certificate(&other.authorities);
        !authority.is_empty() && self.authorities.contains(authority.trim())
    }

    /// What a listener needs to show it.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, String> {
        let chain = CertificateDer::pem_slice_iter(self.certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("tls.crt is no certificate: {error}"))?;
        let key = PrivateKeyDer::from_pem_slice(self.key.expose_secret().as_bytes())
            .map_err(|error| format!("tls.key is no key: {error}"))?;
        server_config(chain, key).map_err(|error| format!("tls.crt and tls.key do not go together: {error}"))
    }
}

fn first_certificate(pem: &str) -> String {
    const END: &str = "-----END CERTIFICATE-----";
    pem.find(END).map_or_else(String::new, |at| format!("{}\n", &pem[..at + END.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_one_is_trusted_beside_the_one_before() {
        let names = ["podometer-injector.podometer.svc".to_owned()];
        let now = SystemTime::now();
        let day = Duration::from_hours(24);
        let one = Pair::make(&names, now, 90 * day, None).unwrap();
        assert!(one.server_config().is_ok());
        assert!(one.is_for(&names[0]) && !one.is_for("podometer-injector.default.svc") && !one.is_for(""));
        assert!(!one.is_due(now, 90 * day) && one.is_due(now + 61 * day, 90 * day));
        let count = |pair: &Pair| pair.authorities.matches("BEGIN CERTIFICATE").count();
        let two = Pair::make(&names, now + 61 * day, 90 * day, Some(&one)).unwrap();
        assert_eq!((count(&one), count(&two)), (1, 2));
        assert!(two.vouches_for(&one) && !one.vouches_for(&two));
        let three = Pair::make(&names, now + 122 * day, 90 * day, Some(&two)).unwrap();
        assert_eq!(count(&three), 2, "and not those of all times");
        let late = Pair::make(&names, now + 500 * day, 90 * day, Some(&three)).unwrap();
        assert_eq!(count(&late), 1, "an authority that ended is no use");
        assert!(!format!("{one:?}").contains("PRIVATE"));
    }
}
