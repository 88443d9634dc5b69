//! A request with everything that it may carry.

use std::fmt;

use super::check::Check;
use super::extract::{Extract, Source};
use super::record::Record;
use super::statuses::Statuses;
use super::template::{Part, Template};
use crate::load::protocol::Origin;
use crate::load::span::Span;

/// One request as a step of a flow. Its name, tags and what is looked at are known before the run.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub address: Address,
    /// The tag `name`: what was given, or the URL with its holes, so that it takes few values.
    pub name: Box<str>,
    /// The tag `url`: the URL with its holes.
    pub url: Box<str>,
    pub headers: Box<[(Box<str>, Template)]>,
    pub body: Option<Body>,
    pub cookies: Box<[(Box<str>, Template)]>,
    /// The most redirects that are followed; the option `maxRedirects` where nothing is said.
    pub redirects: Option<u32>,
    pub auth: Option<Auth>,
    /// k6's 60s where nothing is said.
    pub timeout: Option<Span>,
    pub tags: Box<[(Box<str>, Box<str>)]>,
    /// 200 to 399 where nothing is said.
    pub expected: Option<Statuses>,
    pub checks: Box<[Check]>,
    pub extract: Box<[Extract]>,
    pub records: Box<[Record]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Delete,
    Get,
    Head,
    Options,
    Patch,
    Post,
    Put,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The server is known before the run; the target is the path with its query and begins with a slash.
    Known { origin: Origin, target: Template },
    /// The whole URL is known only when it is rendered.
    Rendered(Template),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    pub content: Template,
    /// `None` where the request's own headers name it, or nothing does.
    pub content_type: Option<&'static str>,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    Basic { user: Template, password: Template },
    Bearer(Template),
}

/// It says which way, and no secret.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Auth::Basic { .. } => "Basic(***)",
            Auth::Bearer(_) => "Bearer(***)",
        })
    }
}

impl Method {
    /// Every method and its key in files, sorted.
    pub const ALL: [(&'static str, Method); 7] = [
        ("delete", Method::Delete),
        ("get", Method::Get),
        ("head", Method::Head),
        ("options", Method::Options),
        ("patch", Method::Patch),
        ("post", Method::Post),
        ("put", Method::Put),
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Method::Delete => "DELETE",
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
            Method::Patch => "PATCH",
            Method::Post => "POST",
            Method::Put => "PUT",
        }
    }
}

impl Request {
    pub fn is_expected(&self, status: u16) -> bool {
        self.expected.as_ref().map_or(Statuses::usual(status), |expected| expected.has(status))
    }

    /// The body must be kept until the checks are through; else it can be thrown away as it comes.
    pub fn needs_body(&self) -> bool {
        self.checks.iter().any(Check::needs_body)
            || self.extract.iter().any(Extract::needs_body)
            || self.records.iter().any(|record| record.sample.needs_body())
    }

    /// A header of the answer is looked at.
    pub fn needs_head(&self) -> bool {
        self.checks.iter().any(Check::needs_head)
            || self.extract.iter().any(|extract| matches!(extract.source, Source::Header(_)))
    }

    /// It is the same bytes each time but for cookies that were set: it can be written once and kept.
    pub fn is_constant(&self) -> bool {
        self.templates().all(|template| template.as_literal().is_some())
    }

    /// Everything with holes.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let (Address::Known { target: address, .. } | Address::Rendered(address)) = &self.address;
        let auth = match &self.auth {
            Some(Auth::Basic { user, password }) => [Some(user), Some(password)],
            Some(Auth::Bearer(token)) => [Some(token), None],
            None => [None, None],
        };
        let pairs = self.headers.iter().chain(&self.cookies).map(|(_, template)| template);
        let body = self.body.iter().map(|body| &body.content);
        [address].into_iter().chain(pairs).chain(body).chain(auth.into_iter().flatten())
    }
}

impl Address {
    /// On failure what is wrong with the URL, as far as it is known before the run.
    pub fn of(url: Template) -> Result<Address, &'static str> {
        let known = match url.parts() {
            [] => return Err("is empty"),
            [Part::Literal(known), ..] => String::from_utf8_lossy(known).into_owned(),
            _ => return Ok(Address::Rendered(url)),
        };
        let holes = &url.parts()[1..];
        // A hole in the host or right behind it may change the host.
        let authority = known.find("://").map(|at| &known[at + 3..]);
        let is_whole = authority.is_none_or(|rest| rest.contains(['/', '?', '#']));
        if !holes.is_empty() && !is_whole {
            let begins = |scheme: &str| known.to_ascii_lowercase().starts_with(scheme);
            return if begins("http://") || begins("https://") {
                Ok(Address::Rendered(url))
            } else {
                Err("does not begin with http:// or https://")
            };
        }
        let (origin, target) = Origin::split(&known)?;
        let holes = if known.contains('#') { &[] } else { holes };
        let target = [Part::Literal(target.into_bytes().into())].into_iter().chain(holes.iter().cloned());
        Ok(Address::Known { origin, target: Template::new(target) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let auth = Auth::Basic { user: Template::literal("u"), password: Template::literal("p") };
        assert_eq!(format!("{auth:?} {:?}", Auth::Bearer(Template::literal("t"))), "Basic(***) Bearer(***)");
    }
}
