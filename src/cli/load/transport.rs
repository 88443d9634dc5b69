//! Flags about what requests go over.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::load::engine::TlsSettings;
use crate::load::file::{Options, TlsAuth, TlsVersion};

/// How the server is spoken to.
#[derive(Args, Debug)]
#[command(next_help_heading = "Transport")]
pub(super) struct Transport {
    /// A PEM file with authorities to trust beside the system's.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Takes any certificate: whoever sits in between can read along.
    #[arg(long)]
    insecure_skip_tls_verify: bool,
    /// A PEM file with our own certificate, for servers that ask for one.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// A PEM file with the key of that certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The lowest version of TLS (default 1.2).
    #[arg(long, value_name = "VERSION")]
    tls_min: Option<Version>,
    /// The highest version of TLS (default 1.3).
    #[arg(long, value_name = "VERSION")]
    tls_max: Option<Version>,
    /// Never offers HTTP/2, which else is used with https:// wherever the server has it.
    #[arg(long, conflicts_with = "http2_prior_knowledge")]
    http1: bool,
    /// Speaks HTTP/2 to http:// servers, unasked.
    #[arg(long)]
    http2_prior_knowledge: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Version {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

impl From<Version> for TlsVersion {
    fn from(version: Version) -> TlsVersion {
        match version {
            Version::Tls12 => TlsVersion::Tls12,
            Version::Tls13 => TlsVersion::Tls13,
        }
    }
}

impl Transport {
    pub(super) fn has_prior_knowledge(&self) -> bool {
        self.http2_prior_knowledge
    }

    /// What is said of TLS, above the options of a file; on failure what is wrong.
    pub(super) fn tls(&self, options: &Options) -> Result<TlsSettings, String> {
        let of_file = TlsSettings::of(options);
        let least = self.tls_min.map_or(of_file.versions.0, Into::into);
        let most = self.tls_max.map_or(of_file.versions.1, Into::into);
        if least > most {
            return Err("--tls-min: above --tls-max; allowed: 1.2 to 1.3".to_owned());
        }
        let own = self.tls_cert.as_ref().zip(self.tls_key.as_ref());
        let own =
            own.map(|(cert, key)| TlsAuth { cert: cert.clone(), key: key.clone(), domains: Vec::new() });
        Ok(TlsSettings {
            authorities: self.tls_ca.clone(),
            is_insecure: self.insecure_skip_tls_verify || of_file.is_insecure,
            versions: (least, most),
            identities: own.map_or(of_file.identities, |own| vec![own]),
            is_http1_only: self.http1,
        })
    }
}
