//! TLS of a run: whom its connections trust, how they show who they are, and the sessions that they share. It is made
//! before the run, so that a file that does not fit is told before anything is sent.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::load::file::{Options, TlsAuth, TlsVersion};
use crate::trust::{Trusted, client_of, system_authorities};

/// In the order in which they are wanted; k6 offers the same.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// Certificates of a file; more is no file of certificates.
const MOST_CERTIFICATES: usize = 1000;

/// What is to be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// PEM file with authorities that are trusted beside the system's.
    pub authorities: Option<PathBuf>,
    /// Any certificate is taken.
    pub is_insecure: bool,
    /// The lowest and the highest.
    pub versions: (TlsVersion, TlsVersion),
    pub identities: Vec<TlsAuth>,
    /// Never offers HTTP/2.
    pub is_http1_only: bool,
}

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path}: {error}", path = path.display())]
    File { path: PathBuf, error: rustls_pki_types::pem::Error },
    #[error("{path} holds no certificate", path = path.display())]
    NoCertificate { path: PathBuf },
    #[error("{path}: more than {MOST_CERTIFICATES} certificates", path = path.display())]
    TooMany { path: PathBuf },
    #[error("{path}: {error}", path = path.display())]
    Refused { path: PathBuf, error: rustls::Error },
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
}

/// The clients of a run. All threads share them, and with them the sessions that can be resumed.
#[derive(Clone)]
pub struct Tls {
    usual: Arc<ClientConfig>,
    /// For hosts that get a certificate of their own.
    others: Vec<(Vec<String>, Arc<ClientConfig>)>,
}

/// Without what is within: there is a key.
impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Default for TlsSettings {
    fn default() -> TlsSettings {
        TlsSettings {
            authorities: None,
            is_insecure: false,
            versions: (TlsVersion::Tls12, TlsVersion::Tls13),
            identities: Vec::new(),
            is_http1_only: false,
        }
    }
}

impl TlsSettings {
    /// As the options of a file want it.
    pub fn of(options: &Options) -> TlsSettings {
        TlsSettings {
            is_insecure: options.insecure_skip_tls_verify,
            versions: options.tls_version,
            identities: options.tls_auth.clone(),
            ..TlsSettings::default()
        }
    }
}

/// TLS of a run that may need none: it is loaded where a server of the plan wants it, and else at the first redirect to
/// one that does.
#[derive(Clone, Debug, Default)]
pub struct LateTls {
    settings: TlsSettings,
    loaded: Arc<OnceLock<Result<Tls, String>>>,
}

impl LateTls {
    pub fn new(settings: TlsSettings) -> LateTls {
        LateTls { settings, ..LateTls::default() }
    }

    /// On failure what is wrong, which is the same each time.
    pub fn get(&self) -> Result<&Tls, &str> {
        let load = || Tls::load(&self.settings).map_err(|error| error.to_string());
        self.loaded.get_or_init(load).as_ref().map_err(String::as_str)
    }

    /// There are files to be read, which may not be there.
    pub(super) fn names_files(&self) -> bool {
        self.settings.authorities.is_some() || !self.settings.identities.is_empty()
    }
}

impl Tls {
    pub fn load(settings: &TlsSettings) -> Result<Tls, TlsError> {
        let mut roots = RootCertStore::empty();
        if !settings.is_insecure {
            roots = system_authorities();
            if let Some(path) = &settings.authorities {
                for certificate in certificates(path)? {
                    let refused = |error| TlsError::Refused { path: path.clone(), error };
                    roots.add(certificate).map_err(refused)?;
                }
            }
        }
        let client = |identity| client(settings, &roots, identity);
        let (for_some, for_all): (Vec<&TlsAuth>, Vec<&TlsAuth>) =
            settings.identities.iter().partition(|identity| !identity.domains.is_empty());
        let usual = client(for_all.first().copied())?;
        let others = for_some.into_iter().map(|one| Ok((one.domains.clone(), client(Some(one))?)));
        Ok(Tls { usual, others: others.collect::<Result<_, TlsError>>()? })
    }

    pub(super) fn client(&self, host: &str) -> &Arc<ClientConfig> {
        let own = self.others.iter().find(|(domains, _)| domains.iter().any(|domain| is_of(host, domain)));
        own.map_or(&self.usual, |(_, client)| client)
    }
}

/// `*.` in front of a domain stands for whatever is below it.
fn is_of(host: &str, domain: &str) -> bool {
    match domain.strip_prefix('*') {
        Some(end) if end.starts_with('.') => {
            let begins = host.len().checked_sub(end.len());
            begins
                .is_some_and(|at| at > 0 && host.get(at..).is_some_and(|tail| tail.eq_ignore_ascii_case(end)))
        }
        _ => host.eq_ignore_ascii_case(domain),
    }
}

fn client(
    settings: &TlsSettings,
    roots: &RootCertStore,
    identity: Option<&TlsAuth>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let trusted = if settings.is_insecure { Trusted::Anyone } else { Trusted::Authorities(roots.clone()) };
    let (least, most) = settings.versions;
    let versions: Vec<&'static SupportedProtocolVersion> =
        [(TlsVersion::Tls13, &TLS13), (TlsVersion::Tls12, &TLS12)]
            .into_iter()
            .filter(|(version, _)| (least..=most).contains(version))
            .map(|(_, version)| version)
            .collect();
    let builder = client_of(trusted, &versions)?;
    let mut client = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = certificates(&identity.cert)?;
            let failed = |error| TlsError::File { path: identity.key.clone(), error };
            let key = PrivateKeyDer::from_pem_file(&identity.key).map_err(failed)?;
            let refused = |error| TlsError::Refused { path: identity.cert.clone(), error };
            builder.with_client_auth_cert(chain, key).map_err(refused)?
        }
    };
    let offered = if settings.is_http1_only { &PROTOCOLS[1..] } else { &PROTOCOLS };
    client.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(client))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |error| TlsError::File { path: path.to_owned(), error };
    let found = CertificateDer::pem_file_iter(path).map_err(failed)?.take(MOST_CERTIFICATES + 1);
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(failed)?;
    match found.len() {
        0 => Err(TlsError::NoCertificate { path: path.to_owned() }),
        1..=MOST_CERTIFICATES => Ok(found),
        _ => Err(TlsError::TooMany { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_whole_or_end_alike() {
        for (host, domain, is) in [
            ("a.example", "A.example", true),
            ("a.example", "b.example", false),
            ("a.example", "*.example", true),
            ("a.b.example", "*.example", true),
            ("example", "*.example", false),
            (".example", "*.example", false),
            ("aexample", "*example", false),
            ("\u{e9}.example", "*.example", true),
        ] {
            assert_eq!(is_of(host, domain), is, "{host} {domain}");
        }
    }

    #[test]
    fn a_client_of_a_domain_goes_before_the_usual_one() {
        let tls = Tls::load(&TlsSettings { is_insecure: true, ..TlsSettings::default() }).unwrap();
        let other = Arc::new((*tls.usual).clone());
        let tls = Tls { others: vec![(vec!["*.example".into()], Arc::clone(&other))], ..tls };
        assert!(Arc::ptr_eq(tls.client("a.example"), &other));
        assert!(Arc::ptr_eq(tls.client("example"), &tls.usual));
        assert_eq!(tls.usual.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert!(!format!("{tls:?}").contains("key"), "{tls:?}");
    }

    #[test]
    fn files_that_do_not_fit_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let empty = directory.path().join("empty.pem");
        std::fs::write(&empty, "nothing\n").unwrap();
        let told = |path: &Path| {
            let settings = TlsSettings { authorities: Some(path.to_owned()), ..TlsSettings::default() };
            Tls::load(&settings).unwrap_err().to_string()
        };
        assert!(told(&empty).ends_with("empty.pem holds no certificate"));
        assert!(told(Path::new("/no/such.pem")).starts_with("/no/such.pem: "));
        let identity = TlsAuth { cert: empty.clone(), key: empty, domains: Vec::new() };
        let settings = TlsSettings { identities: vec![identity], ..TlsSettings::default() };
        assert!(Tls::load(&settings).unwrap_err().to_string().contains("empty.pem"));
    }
}
