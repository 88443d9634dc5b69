//! The options of k6 that mean something here, under its names.
//!
//! Source: k6 `lib/options.go`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::fields::{Field, Fields};
use super::node::Value;
use super::problem::Fault;
use super::values::Reader;
use crate::load::span::Span;
use crate::load::threshold::Expression;

/// How a run goes, apart from its shape. Defaults are k6's.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "k6's own switches, which do not exclude each other")]
pub struct Options {
    pub setup_timeout: Span,
    pub teardown_timeout: Span,
    pub no_setup: bool,
    pub no_teardown: bool,
    /// Requests in a second over all users.
    pub rps: Option<u32>,
    pub dns: Dns,
    pub max_redirects: u32,
    pub user_agent: Option<String>,
    /// Requests of a batch at once, in all and to one host.
    pub batch: u32,
    pub batch_per_host: u32,
    pub insecure_skip_tls_verify: bool,
    /// The lowest and the highest.
    pub tls_version: (TlsVersion, TlsVersion),
    pub tls_auth: Vec<TlsAuth>,
    /// A request that failed ends its iteration.
    pub throw: bool,
    /// Addresses in place of what DNS says, by host or `host:port`.
    pub hosts: BTreeMap<String, String>,
    pub block_hostnames: Vec<String>,
    pub blacklist_ips: Vec<String>,
    pub no_connection_reuse: bool,
    /// Connections end with each iteration.
    pub no_vu_connection_reuse: bool,
    pub min_iteration_duration: Span,
    pub summary_trend_stats: Vec<String>,
    pub summary_time_unit: Option<TimeUnit>,
    /// `None` for k6's own choice.
    pub system_tags: Option<Vec<String>>,
    pub no_cookies_reset: bool,
    pub discard_response_bodies: bool,
    pub local_ips: Vec<String>,
    /// Ours: repeats what is drawn by chance.
    pub seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dns {
    /// `None` for ever.
    pub ttl: Option<Span>,
    pub select: DnsSelect,
    pub policy: DnsPolicy,
}

/// Which of several addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsSelect {
    First,
    Random,
    RoundRobin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsPolicy {
    Any,
    OnlyIpv4,
    OnlyIpv6,
    PreferIpv4,
    PreferIpv6,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    Tls12,
    Tls13,
}

/// A certificate that servers ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsAuth {
    /// PEM files.
    pub cert: PathBuf,
    pub key: PathBuf,
    /// Which servers get it; empty for all.
    pub domains: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    Seconds,
    Millis,
    Micros,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            setup_timeout: Span::from_secs(60),
            teardown_timeout: Span::from_secs(60),
            no_setup: false,
            no_teardown: false,
            rps: None,
            dns: Dns::default(),
            max_redirects: 10,
            user_agent: None,
            batch: 20,
            batch_per_host: 6,
            insecure_skip_tls_verify: false,
            tls_version: (TlsVersion::Tls12, TlsVersion::Tls13),
            tls_auth: Vec::new(),
            throw: false,
            hosts: BTreeMap::new(),
            block_hostnames: Vec::new(),
            blacklist_ips: Vec::new(),
            no_connection_reuse: false,
            no_vu_connection_reuse: false,
            min_iteration_duration: Span::default(),
            summary_trend_stats: ["avg", "min", "med", "max", "p(90)", "p(95)"].map(str::to_owned).into(),
            summary_time_unit: None,
            system_tags: None,
            no_cookies_reset: false,
            discard_response_bodies: false,
            local_ips: Vec::new(),
            seed: None,
        }
    }
}

impl Default for Dns {
    fn default() -> Dns {
        Dns { ttl: Some(Span::from_secs(300)), select: DnsSelect::Random, policy: DnsPolicy::PreferIpv4 }
    }
}

const SELECTS: [(&str, DnsSelect); 3] =
    [("first", DnsSelect::First), ("random", DnsSelect::Random), ("roundRobin", DnsSelect::RoundRobin)];

const POLICIES: [(&str, DnsPolicy); 5] = [
    ("any", DnsPolicy::Any),
    ("onlyIPv4", DnsPolicy::OnlyIpv4),
    ("onlyIPv6", DnsPolicy::OnlyIpv6),
    ("preferIPv4", DnsPolicy::PreferIpv4),
    ("preferIPv6", DnsPolicy::PreferIpv6),
];

const TLS_VERSIONS: [(&str, TlsVersion); 2] = [("tls1.2", TlsVersion::Tls12), ("tls1.3", TlsVersion::Tls13)];

const TIME_UNITS: [(&str, TimeUnit); 3] =
    [("ms", TimeUnit::Millis), ("s", TimeUnit::Seconds), ("us", TimeUnit::Micros)];

const SYSTEM_TAGS: [(&str, &str); 18] = [
    ("check", "check"),
    ("error", "error"),
    ("error_code", "error_code"),
    ("expected_response", "expected_response"),
    ("group", "group"),
    ("ip", "ip"),
    ("iter", "iter"),
    ("method", "method"),
    ("name", "name"),
    ("ocsp_status", "ocsp_status"),
    ("proto", "proto"),
    ("scenario", "scenario"),
    ("service", "service"),
    ("status", "status"),
    ("subproto", "subproto"),
    ("tls_version", "tls_version"),
    ("url", "url"),
    ("vu", "vu"),
];

/// System tags that no sample here has.
const UNMEASURED: [&str; 6] = ["ip", "iter", "ocsp_status", "service", "subproto", "vu"];

/// k6 knows them; here they change nothing.
const IDLE: [&str; 8] = [
    "cloud",
    "ext",
    "features",
    "handleSummaryTimeout",
    "httpDebug",
    "metricSamplesBufferSize",
    "paused",
    "tlsCipherSuites",
];

/// Options of k6 that stand beside `options` here.
const AT_THE_TOP: [&str; 7] = ["duration", "iterations", "scenarios", "stages", "tags", "thresholds", "vus"];

impl Reader<'_> {
    pub(super) fn options(&mut self, field: &Field<'_>) -> Options {
        let mut options = Options::default();
        let Some(mut fields) = self.fields(field) else { return options };
        self.plain_options(&mut fields, &mut options);
        if let Some(field) = fields.take("dns") {
            options.dns = self.dns(&field).unwrap_or_default();
        }
        if let Some(found) = fields.take("tlsVersion").and_then(|field| self.tls_versions(&field)) {
            options.tls_version = found;
        }
        if let Some(field) = fields.take("tlsAuth") {
            let items = self.items(&field);
            options.tls_auth = items.iter().filter_map(|item| self.tls_auth(item)).collect();
        }
        if let Some(field) = fields.take("hosts") {
            options.hosts = self.pairs(&field).into_iter().collect();
        }
        if let Some(field) = fields.take("summaryTrendStats") {
            options.summary_trend_stats = self.trend_stats(&field);
        }
        options.summary_time_unit =
            fields.take("summaryTimeUnit").and_then(|field| self.choice(&field, &TIME_UNITS));
        options.system_tags = fields.take("systemTags").map(|field| {
            let items = self.items(&field);
            items.iter().filter_map(|item| self.choice(item, &SYSTEM_TAGS)).map(str::to_owned).collect()
        });
        if let Some(field) = field.node.entry("localIPs").filter(|entry| !entry.node.is_null()) {
            let message = "options.localIPs: connections cannot be bound to an address yet; leave it out";
            self.complain(field.place, Fault::Refused(message.to_owned()));
        }
        if let Some(entry) = field.node.entry("systemTags") {
            for tag in options.system_tags.iter().flatten().filter(|tag| UNMEASURED.contains(&tag.as_str())) {
                self.remark(entry.place, format!("options.systemTags: nothing here has the tag {tag}"));
            }
        }
        for entry in AT_THE_TOP.iter().filter_map(|key| field.node.entry(key)) {
            let key = &entry.key;
            let message = format!("options.{key}: stands at the top of the file; move it there");
            self.complain(entry.place, Fault::Refused(message));
        }
        fields.pass_over(&AT_THE_TOP);
        for key in IDLE {
            if let Some(field) = fields.take(key) {
                self.remark(field.node.place, format!("{}: does nothing here", field.path));
            }
        }
        fields.finish(self);
        options
    }

    /// Those that are one value each.
    fn plain_options(&mut self, fields: &mut Fields<'_>, options: &mut Options) {
        for (key, span) in [
            ("setupTimeout", &mut options.setup_timeout),
            ("teardownTimeout", &mut options.teardown_timeout),
            ("minIterationDuration", &mut options.min_iteration_duration),
        ] {
            *span = fields.take(key).and_then(|field| self.span(&field)).unwrap_or(*span);
        }
        for (key, flag) in [
            ("noSetup", &mut options.no_setup),
            ("noTeardown", &mut options.no_teardown),
            ("insecureSkipTLSVerify", &mut options.insecure_skip_tls_verify),
            ("throw", &mut options.throw),
            ("noConnectionReuse", &mut options.no_connection_reuse),
            ("noVUConnectionReuse", &mut options.no_vu_connection_reuse),
            ("noCookiesReset", &mut options.no_cookies_reset),
            ("discardResponseBodies", &mut options.discard_response_bodies),
        ] {
            *flag = fields.take(key).and_then(|field| self.flag(&field)).unwrap_or(*flag);
        }
        for (key, least, number) in [
            ("maxRedirects", 0, &mut options.max_redirects),
            ("batch", 1, &mut options.batch),
            ("batchPerHost", 1, &mut options.batch_per_host),
        ] {
            let given = fields.take(key).and_then(|field| self.whole_within(&field, least, 1000));
            *number = given.unwrap_or(*number);
        }
        options.rps = fields.take("rps").and_then(|field| self.whole_within(&field, 0, 10_000_000));
        // k6 takes 0 for no bound.
        options.rps = options.rps.filter(|rps| *rps > 0);
        options.user_agent = fields.take("userAgent").and_then(|field| self.text(&field));
        options.seed = fields.take("seed").and_then(|field| {
            let seed = self.whole(&field)?;
            Some(seed as u64)
        });
        for (key, texts) in [
            ("blockHostnames", &mut options.block_hostnames),
            ("blacklistIPs", &mut options.blacklist_ips),
            ("localIPs", &mut options.local_ips),
        ] {
            *texts = fields.take(key).map(|field| self.texts(&field)).unwrap_or_default();
        }
    }

    fn dns(&mut self, field: &Field<'_>) -> Option<Dns> {
        let mut dns = Dns::default();
        let mut fields = self.fields(field)?;
        if let Some(field) = fields.take("ttl") {
            dns.ttl = match self.text(&field)?.as_str() {
                "inf" => None,
                _ => self.span(&field).or(dns.ttl),
            };
        }
        dns.select =
            fields.take("select").and_then(|field| self.choice(&field, &SELECTS)).unwrap_or(dns.select);
        dns.policy =
            fields.take("policy").and_then(|field| self.choice(&field, &POLICIES)).unwrap_or(dns.policy);
        fields.finish(self);
        Some(dns)
    }

    /// One alone is both ends.
    fn tls_versions(&mut self, field: &Field<'_>) -> Option<(TlsVersion, TlsVersion)> {
        if matches!(field.node.value, Value::Scalar { .. }) {
            return self.choice(field, &TLS_VERSIONS).map(|version| (version, version));
        }
        let mut fields = self.fields(field)?;
        let (mut least, mut most) = Options::default().tls_version;
        least = fields.take("min").and_then(|field| self.choice(&field, &TLS_VERSIONS)).unwrap_or(least);
        most = fields.take("max").and_then(|field| self.choice(&field, &TLS_VERSIONS)).unwrap_or(most);
        fields.finish(self);
        if least > most {
            self.refuse_with(field, "min is above max");
        }
        Some((least, most))
    }

    fn tls_auth(&mut self, field: &Field<'_>) -> Option<TlsAuth> {
        let mut fields = self.fields(field)?;
        let base = self.file.parent().unwrap_or(Path::new(""));
        let mut path = |key| Some(base.join(self.word(&fields.take(key)?)?));
        let (cert, key) = (path("cert"), path("key"));
        let domains = fields.take("domains").map(|field| self.texts(&field)).unwrap_or_default();
        let is_known = fields.finish(self);
        let (Some(cert), Some(key)) = (cert, key) else {
            if is_known {
                self.refuse_with(field, "lacks cert or key; allowed: two PEM files");
            }
            return None;
        };
        Some(TlsAuth { cert, key, domains })
    }

    fn trend_stats(&mut self, field: &Field<'_>) -> Vec<String> {
        let mut stats = Vec::new();
        for item in self.items(field) {
            let Some(stat) = self.text(&item) else { continue };
            let is_word = !stat.contains(['<', '>', '=', '!']);
            let known = Expression::parse(&format!("{stat}<0"));
            let of_trend = |found: Expression| {
                stat == "count" || found.method.fits(crate::load::metric::MetricType::Trend)
            };
            if !is_word || !known.is_ok_and(of_trend) {
                self.refuse(&item, "is no number of a trend", "avg, min, med, max, count, p(0) to p(100)");
            }
            stats.push(stat);
        }
        stats
    }
}
