//! Requests out of nodes.

use super::fields::{Field, Fields};
use super::flows::Compiler;
use crate::load::flow::{Address, Auth, Escape, Method, Part, Record, Request, Sample, Slot, Template};

/// Headers that follow from the request itself.
const OWN_HEADERS: [&str; 3] = ["connection", "content-length", "transfer-encoding"];

const MOST_REDIRECTS: i64 = 100;

impl Compiler<'_, '_, '_> {
    /// A map with a method as a key, which has been taken.
    pub(super) fn request(
        &mut self,
        method: Method,
        url: &Field<'_>,
        fields: &mut Fields<'_>,
    ) -> Option<Request> {
        let address = self.address(url);
        let name = fields.take("name").and_then(|field| self.reader.word(&field));
        let headers = fields.take("headers").map(|field| self.headers(&field)).unwrap_or_default();
        let mut body = self.reader.body(&mut self.scope, fields, self.surroundings);
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some(body) = body.as_mut().filter(|_| has_type) {
            body.content_type = None;
        }
        let cookies = fields.take("cookies").map(|field| self.cookies(&field)).unwrap_or_default();
        let redirects = fields.take("redirects");
        let redirects = redirects.and_then(|field| self.reader.whole_within(&field, 0, MOST_REDIRECTS));
        let auth = fields.take("auth").and_then(|field| self.auth(&field));
        let timeout = fields.take("timeout").and_then(|field| self.reader.span(&field));
        let tags = fields.take("tags").map(|field| self.reader.pairs(&field)).unwrap_or_default();
        let expected = fields.take("expect").and_then(|field| self.reader.statuses(&field));
        let checks = fields.take("check").map(|field| self.reader.checks(&field)).unwrap_or_default();
        let records = fields.take("record").map(|field| self.records(&field)).unwrap_or_default();
        let extract = fields.take("extract");
        let extract = extract.map(|field| self.reader.extracts(&mut self.scope, &field)).unwrap_or_default();
        let (address, shown) = address?;
        Some(Request {
            method,
            address,
            name: name.unwrap_or_else(|| shown.clone()).into(),
            url: shown.into(),
            headers: headers.into(),
            body,
            cookies: cookies.into(),
            redirects,
            auth,
            timeout,
            tags: tags.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            expected,
            checks: checks.into(),
            extract: extract.into(),
            records: records.into(),
        })
    }

    /// The address, and the URL with its holes as they were written.
    fn address(&mut self, field: &Field<'_>) -> Option<(Address, String)> {
        let url = self.reader.template(&mut self.scope, field, Escape::Url)?;
        let shown = self.shown(&url);
        match Address::of(url) {
            Ok(address) => Some((address, shown)),
            Err(reason) => {
                self.reader.refuse(field, reason, "a URL such as http://host:8080/path");
                None
            }
        }
    }

    fn shown(&self, url: &Template) -> String {
        let scope = &self.scope;
        let mut shown = String::new();
        for part in url.parts() {
            match part {
                Part::Literal(text) => shown.push_str(&String::from_utf8_lossy(text)),
                Part::Hole { slot, .. } => {
                    let name = match *slot {
                        Slot::Vu => "__VU".to_owned(),
                        Slot::Iteration => "__ITER".to_owned(),
                        Slot::Random { .. } => "__RANDOM".to_owned(),
                        Slot::Uuid => "__UUID".to_owned(),
                        Slot::Variable(variable) => scope.variables[variable].to_string(),
                        Slot::Column { data, column } => {
                            let data = &scope.data[data];
                            format!("{}.{}", data.name, data.table.columns()[column])
                        }
                    };
                    shown.push_str("${");
                    shown.push_str(&name);
                    shown.push('}');
                }
            }
        }
        shown
    }

    fn headers(&mut self, field: &Field<'_>) -> Vec<(Box<str>, Template)> {
        let mut headers = Vec::new();
        for (entry, field) in self.reader.named(field) {
            let name = entry.key.as_str();
            if name.is_empty() || !name.bytes().all(is_token) {
                self.reader.refuse_with(&field, "is no name of a header");
            } else if OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                self.reader.refuse_with(&field, "follows from the request and cannot be given");
            }
            if let Some(value) = self.reader.template(&mut self.scope, &field, Escape::Header) {
                headers.push((name.into(), value));
            }
        }
        headers
    }

    fn cookies(&mut self, field: &Field<'_>) -> Vec<(Box<str>, Template)> {
        let mut cookies = Vec::new();
        for (entry, field) in self.reader.named(field) {
            if entry.key.is_empty() || !entry.key.bytes().all(is_token) {
                self.reader.refuse_with(&field, "is no name of a cookie");
            }
            if let Some(value) = self.reader.template(&mut self.scope, &field, Escape::Header) {
                cookies.push((entry.key.as_str().into(), value));
            }
        }
        cookies
    }

    fn auth(&mut self, field: &Field<'_>) -> Option<Auth> {
        let mut fields = self.reader.fields(field)?;
        let (basic, bearer) = (fields.take("basic"), fields.take("bearer"));
        let is_known = fields.finish(self.reader);
        match (basic, bearer) {
            (Some(basic), None) => {
                let mut fields = self.reader.fields(&basic)?;
                let (user, password) = (fields.take("user"), fields.take("password"));
                let is_known = fields.finish(self.reader);
                let (Some(user), Some(password)) = (user, password) else {
                    if is_known {
                        self.reader.refuse_with(&basic, "lacks user or password");
                    }
                    return None;
                };
                let user = self.reader.template(&mut self.scope, &user, Escape::Raw);
                let password = self.reader.template(&mut self.scope, &password, Escape::Raw);
                Some(Auth::Basic { user: user?, password: password? })
            }
            (None, Some(token)) => {
                self.reader.template(&mut self.scope, &token, Escape::Header).map(Auth::Bearer)
            }
            _ if !is_known => None,
            _ => {
                let allowed = "is not one way; allowed: {basic: {user: U, password: P}} or {bearer: TOKEN}";
                self.reader.refuse_with(field, allowed);
                None
            }
        }
    }

    /// Samples of an answer.
    fn records(&mut self, field: &Field<'_>) -> Vec<Record> {
        let mut records = Vec::new();
        for (entry, field) in self.reader.named(field) {
            let sample = self.reader.sample(&field);
            if let (Some(metric), Some(sample)) = (self.metric(&entry.key, &field), sample) {
                records.push(Record { metric, sample });
            }
        }
        records
    }

    /// Samples without an answer: numbers, and texts that come to one.
    pub(super) fn plain_records(&mut self, field: &Field<'_>) -> Vec<Record> {
        let mut records = Vec::new();
        for (entry, field) in self.reader.named(field) {
            let metric = self.metric(&entry.key, &field);
            let Some(text) = self.reader.template(&mut self.scope, &field, Escape::Raw) else { continue };
            let number = text.as_literal().map(|text| String::from_utf8_lossy(text).parse::<f64>());
            let sample = match number {
                None => Sample::Text(text),
                Some(Ok(number)) if number.is_finite() => Sample::Number(number),
                Some(_) => {
                    self.reader.refuse(
                        &field,
                        "is no number",
                        "a number, or a text such as ${VARIABLE} that is one",
                    );
                    continue;
                }
            };
            records.extend(metric.map(|metric| Record { metric, sample }));
        }
        records
    }
}

/// By RFC 9110.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
