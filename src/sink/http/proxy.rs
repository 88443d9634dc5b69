//! Which proxy stands between us and a server.

use hyper::header::HeaderValue;
use hyper::{StatusCode, Uri};
use hyper_util::client::proxy::matcher::Matcher;

use super::access::basic;
use super::client::SendError;
use super::endpoint::{Endpoint, url_fault};
use super::secret::{Secret, SecretError};
use crate::sink::config::HttpConfig;

/// How to find the proxy of an address.
#[derive(Debug)]
pub(super) struct Proxies {
    matcher: Option<Matcher>,
    /// User and password at a configured proxy.
    login: Option<(String, Secret)>,
}

/// A proxy to go through.
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// Marked sensitive.
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxies {
    pub(super) fn new(config: &HttpConfig) -> Proxies {
        let matcher = match config.proxy.as_str() {
            "none" => None,
            "env" => Some(Matcher::from_env()),
            address => Some(Matcher::builder().all(address).build()),
        };
        let login = config.proxy_username.clone().zip(config.proxy_password_file.clone().map(Secret::File));
        Proxies { matcher, login }
    }

    pub(super) fn of(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, SecretError> {
        let (Some(matcher), Ok(uri)) = (&self.matcher, endpoint.base.parse::<Uri>()) else { return Ok(None) };
        let Some(found) = matcher.intercept(&uri) else { return Ok(None) };
        let Some(host) = found.uri().host() else { return Ok(None) };
        let mut authorization = found.basic_auth().cloned();
        if let Some((user, password)) = &self.login {
            authorization = HeaderValue::try_from(basic(user, &password.read()?)).ok();
        }
        if let Some(header) = &mut authorization {
            header.set_sensitive(true);
        }
        let port = found.uri().port_u16().unwrap_or(80);
        Ok(Some(Proxy { host: host.trim_matches(['[', ']']).to_owned(), port, authorization }))
    }
}

impl Proxy {
    /// It said no, before the server saw anything.
    pub(super) fn refused(&self, status: StatusCode) -> SendError {
        let mend = match status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => "set http.proxy_username and proxy_password_file",
            _ => "it does not let us through: check http.proxy",
        };
        SendError::Proxy(format!("proxy {}:{} answered {status}; {mend}", self.host, self.port))
    }
}

/// What is wrong with the key `http.proxy`.
pub(in crate::sink) fn fault(proxy: &str) -> Option<String> {
    match proxy {
        "env" | "none" => None,
        address if address.starts_with("http://") => url_fault(address),
        _ => Some("is not env, none or the http:// address of a proxy".into()),
    }
}
