//! A request on its way to bytes: what is the same each time was written before the run, the rest is filled into a
//! buffer that is used again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::jar::Jar;
use super::plan::Host;
use crate::load::file::Options;
use crate::load::flow::{Address, Auth, Method, Part, Request, Template, Unset, Values};
use crate::load::protocol::Origin;
use crate::load::protocol::http1::{self, RequestFault};

const AGENT: &str = concat!("podometer/", env!("CARGO_PKG_VERSION"));

/// A request as bytes, or how it becomes some.
#[derive(Debug, Default)]
pub(super) struct Wire {
    /// All of it, where nothing is filled in and no cookie was set.
    constant: Option<http1::Request>,
    method: &'static str,
    /// The whole URL where the server is known only then.
    url: Option<Template>,
    /// From the first line on, or from behind the header `Host` where there is a URL.
    head: Template,
    /// The user and the password, where one of them has holes.
    basic: Option<(Template, Template)>,
    /// `name=value; name=value`.
    cookies: Template,
    body: Template,
    /// The length is told even where it is zero.
    has_body: bool,
    is_head: bool,
    names_host: bool,
}

/// Why a request is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The index of a variable without a value.
    Unset(usize),
    Url(&'static str),
}

impl From<Unset> for Trouble {
    fn from(Unset(variable): Unset) -> Trouble {
        Trouble::Unset(variable)
    }
}

impl Wire {
    pub(super) fn of(request: &Request, options: &Options) -> Result<Wire, RequestFault> {
        let headers = headers(request, options);
        let given = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let method = request.method.name();
        let mut parts = Vec::new();
        let url = match &request.address {
            Address::Known { origin, target } => {
                parts.push(literal(format!("{method} ")));
                parts.extend(target.parts().iter().cloned());
                parts.push(literal(" HTTP/1.1\r\n"));
                if !given("host") {
                    parts.push(literal(format!("Host: {}\r\n", origin.authority())));
                }
                None
            }
            Address::Rendered(url) => Some(url.clone()),
        };
        for (name, value) in &headers {
            parts.push(literal(format!("{name}: ")));
            parts.extend(value.parts().iter().cloned());
            parts.push(literal("\r\n"));
        }
        let basic = match &request.auth {
            Some(Auth::Basic { user, password }) if constant_basic(user, password).is_none() => {
                Some((user.clone(), password.clone())).filter(|_| !given("authorization"))
            }
            _ => None,
        };
        let cookies = cookies(request);
        let body = request.body.as_ref().map(|body| body.content.clone()).unwrap_or_default();
        let is_empty = body.as_literal().is_some_and(<[u8]>::is_empty);
        let has_body = !is_empty || matches!(request.method, Method::Post | Method::Put | Method::Patch);
        let constant = constant(request, &headers, &cookies)?;
        Ok(Wire {
            constant,
            method,
            url,
            names_host: given("host"),
            head: Template::new(parts),
            basic,
            cookies,
            body,
            has_body,
            is_head: request.method == Method::Head,
        })
    }

    /// The bytes that serve each time; `None` where something is to be filled in.
    pub(super) fn constant(&self) -> Option<&[u8]> {
        self.constant.as_ref().map(http1::Request::bytes)
    }

    pub(super) fn is_head(&self) -> bool {
        self.is_head
    }

    /// Into a buffer, from its beginning. The server is that of the URL, where this is what decides; else `host` is.
    /// `scratch` is for what is not in its order.
    pub(super) fn render(
        &self,
        values: &mut Values,
        (jar, now_s): (&Jar, i64),
        host: Option<&Host>,
        scratch: &mut Vec<u8>,
        into: &mut Vec<u8>,
    ) -> Result<Option<Origin>, Trouble> {
        into.clear();
        let origin = match &self.url {
            None => None,
            Some(url) => Some(self.first_line(url, values, scratch, into)?),
        };
        self.head.render(values, into)?;
        if let Some((user, password)) = &self.basic {
            scratch.clear();
            user.render(values, scratch)?;
            scratch.push(b':');
            password.render(values, scratch)?;
            into.extend_from_slice(b"Authorization: Basic ");
            encode(scratch, into);
            into.extend_from_slice(b"\r\n");
        }
        let has_own = !self.cookies.parts().is_empty();
        if has_own || !jar.is_empty() {
            let start = into.len();
            into.extend_from_slice(b"Cookie: ");
            let bare = into.len();
            self.cookies.render(values, into)?;
            let server = match (&origin, host) {
                (Some(origin), _) => Some((&*origin.host, origin.is_tls)),
                (None, host) => host.map(|host| (&*host.name, host.is_tls)),
            };
            if let Some(server) = server.filter(|_| !jar.is_empty()) {
                scratch.clear();
                scratch.extend_from_slice(target_of(into));
                jar.write(server, scratch, now_s, into, bare);
            }
            if into.len() == bare {
                into.truncate(start);
            } else {
                into.extend_from_slice(b"\r\n");
            }
        }
        self.end(values, scratch, into)?;
        Ok(origin)
    }

    fn first_line(
        &self,
        url: &Template,
        values: &mut Values,
        scratch: &mut Vec<u8>,
        into: &mut Vec<u8>,
    ) -> Result<Origin, Trouble> {
        scratch.clear();
        url.render(values, scratch)?;
        let text = std::str::from_utf8(scratch).map_err(|_| Trouble::Url("is no text"))?;
        let (origin, target) = Origin::split(text).map_err(Trouble::Url)?;
        for part in [self.method, " ", &target, " HTTP/1.1\r\n"] {
            into.extend_from_slice(part.as_bytes());
        }
        if !self.names_host {
            for part in ["Host: ", &origin.authority(), "\r\n"] {
                into.extend_from_slice(part.as_bytes());
            }
        }
        Ok(origin)
    }

    /// The length of the body, the end of the head, and the body.
    fn end(&self, values: &mut Values, scratch: &mut Vec<u8>, into: &mut Vec<u8>) -> Result<(), Trouble> {
        scratch.clear();
        self.body.render(values, scratch)?;
        if self.has_body {
            into.extend_from_slice(b"Content-Length: ");
            into.extend_from_slice(itoa::Buffer::new().format(scratch.len()).as_bytes());
            into.extend_from_slice(b"\r\n");
        }
        into.extend_from_slice(b"\r\n");
        into.extend_from_slice(scratch);
        Ok(())
    }
}

/// The target of a request's first line.
pub(super) fn target_of(request: &[u8]) -> &[u8] {
    request.split(|&byte| byte == b' ').nth(1).unwrap_or(b"/")
}

/// All but `Host`, cookies and the length.
fn headers(request: &Request, options: &Options) -> Vec<(Box<str>, Template)> {
    let mut headers = request.headers.to_vec();
    headers.retain(|(name, _)| !is_cookie(name));
    let given = |headers: &[(Box<str>, Template)], name: &str| {
        headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
    };
    if let Some(kind) = request.body.as_ref().and_then(|body| body.content_type) {
        headers.push(("Content-Type".into(), Template::literal(kind)));
    }
    if !given(&headers, "user-agent") {
        let agent = options.user_agent.as_deref().unwrap_or(AGENT);
        headers.push(("User-Agent".into(), Template::literal(agent)));
    }
    // The server closes, so that the ports that wait for the last packets are not ours.
    if options.no_connection_reuse && !given(&headers, "connection") {
        headers.push(("Connection".into(), Template::literal("close")));
    }
    let authorization = match &request.auth {
        Some(Auth::Bearer(token)) => {
            let parts = [literal("Bearer ")].into_iter().chain(token.parts().iter().cloned());
            Some(Template::new(parts))
        }
        Some(Auth::Basic { user, password }) => constant_basic(user, password),
        None => None,
    };
    if let Some(value) = authorization.filter(|_| !given(&headers, "authorization")) {
        headers.push(("Authorization".into(), value));
    }
    headers
}

fn constant_basic(user: &Template, password: &Template) -> Option<Template> {
    let pair = [user.as_literal()?, b":", password.as_literal()?].concat();
    Some(Template::literal(format!("Basic {}", STANDARD.encode(pair))))
}

/// Those of the request, and behind them what was given as a header: a request has one `Cookie`.
fn cookies(request: &Request) -> Template {
    let own = request.cookies.iter().map(|(name, value)| (format!("{name}="), value));
    let given = request.headers.iter().filter(|(name, _)| is_cookie(name));
    let mut parts = Vec::new();
    for (begin, value) in own.chain(given.map(|(_, value)| (String::new(), value))) {
        let between = if parts.is_empty() { "" } else { "; " };
        parts.push(literal(format!("{between}{begin}")));
        parts.extend(value.parts().iter().cloned());
    }
    Template::new(parts)
}

fn is_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("cookie")
}

fn constant(
    request: &Request,
    headers: &[(Box<str>, Template)],
    cookies: &Template,
) -> Result<Option<http1::Request>, RequestFault> {
    let Address::Known { origin, target } = &request.address else { return Ok(None) };
    if !request.is_constant() {
        return Ok(None);
    }
    let text =
        |template: &Template| String::from_utf8_lossy(template.as_literal().unwrap_or_default()).into_owned();
    let mut all: Vec<(String, String)> =
        headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    if !cookies.parts().is_empty() {
        all.push(("Cookie".to_owned(), text(cookies)));
    }
    let body = request.body.as_ref().and_then(|body| body.content.as_literal()).unwrap_or_default();
    http1::Request::new(request.method.name(), &text(target), &origin.authority(), &all, body).map(Some)
}

fn literal(text: impl AsRef<[u8]>) -> Part {
    Part::Literal(text.as_ref().into())
}

/// Base64 of what is in one buffer behind what is in another.
fn encode(from: &[u8], into: &mut Vec<u8>) {
    let at = into.len();
    into.resize(at + from.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(from, &mut into[at..]).unwrap_or(0);
    into.truncate(at + written);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::engine::{Plan, Settings};
    use crate::load::file::{File, Surroundings};
    use crate::load::shortcuts::Shortcuts;
    use std::path::Path;

    fn plan(steps: &str) -> Plan {
        let text = format!("flows:\n  default:\n{steps}\n");
        let variable = |_: &str| None;
        let read = |_: &Path| -> std::io::Result<Vec<u8>> { Err(std::io::ErrorKind::NotFound.into()) };
        let surroundings =
            Surroundings { variable: &variable, read: &read, overrides: Shortcuts::default(), metrics: &[] };
        let file = File::parse(Path::new("t"), &text, &surroundings).unwrap();
        Plan::of(file, Settings::default()).unwrap()
    }

    const STEPS: &str = "
    - post: http://h:8/a?b=c
      headers: {X-A: b, host: other}
      cookies: {own: 1}
      auth: {basic: {user: u, password: p}}
      json: {k: v}
    - post: http://h:8/${__VU}
      headers: {X-A: '${__ITER}', cookie: given=1}
      cookies: {own: '${__VU}'}
      auth: {basic: {user: '${__VU}', password: p}}
      form: {id: '${__UUID}'}
    - get: http://h/
";

    fn text(plan: &Plan, place: usize, jar: &Jar) -> String {
        let script = &plan.scenarios[0].script;
        let mut values = Values::new(&plan.vocabulary, 7, 1);
        let (mut scratch, mut into) = (Vec::new(), b"rest of another".to_vec());
        let host = plan.hosts.get(script.requests[place].host.unwrap());
        let wire = &script.requests[place].wire;
        assert_eq!(wire.render(&mut values, (jar, 0), host, &mut scratch, &mut into), Ok(None));
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn what_is_filled_in_is_a_whole_request() {
        let plan = plan(STEPS);
        let text = text(&plan, 1, &Jar::default());
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let expected = format!(
            "POST /7 HTTP/1.1\r\nHost: h:8\r\nX-A: 0\r\nContent-Type: application/x-www-form-urlencoded\r\nUser-Agent: {AGENT}\r\nAuthorization: Basic Nzpw\r\nCookie: own=7; given=1\r\nContent-Length: 39"
        );
        assert_eq!((head, body.len()), (expected.as_str(), 39));
    }

    #[test]
    fn what_is_constant_is_the_same_when_it_is_rendered() {
        let plan = plan(STEPS);
        for place in [0, 2] {
            let constant = plan.scenarios[0].script.requests[place].wire.constant().unwrap();
            assert_eq!(text(&plan, place, &Jar::default()).as_bytes(), constant);
        }
        assert!(plan.scenarios[0].script.requests[1].wire.constant().is_none());
        let mut jar = Jar::default();
        jar.set(&plan.hosts[1].origin(), b"/", b"a=b", 0);
        assert!(text(&plan, 2, &jar).contains("\r\nCookie: a=b\r\n\r\n"));
        assert!(!text(&plan, 0, &Jar::default()).contains("Host: h"), "the request names its own");
    }

    #[test]
    fn filling_in_allocates_nothing() {
        let plan = plan(STEPS);
        let wire = &plan.scenarios[0].script.requests[1].wire;
        let (mut values, mut jar) = (Values::new(&plan.vocabulary, 7, 1), Jar::default());
        jar.set(&plan.hosts[0].origin(), b"/", b"a=b", 0);
        let (mut scratch, mut into) = (Vec::new(), Vec::new());
        let host = plan.hosts.first();
        let mut render = || wire.render(&mut values, (&jar, 0), host, &mut scratch, &mut into).unwrap();
        render();
        let counted = allocation_counter::measure(|| {
            for _ in 0..100 {
                render();
            }
        });
        assert_eq!(counted.count_total, 0);
    }
}
