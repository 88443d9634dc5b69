//! Responses out of a stream of bytes, one after the other.

use std::mem::MaybeUninit;

use super::body::{Body, Malformed};

/// Longer heads, and more fields, are refused.
const MOST_HEAD: usize = 64 << 10;
const MOST_FIELDS: usize = 100;
/// The memory of a larger body goes back before the next one: there are thousands of readers.
const MOST_KEPT: usize = 256 << 10;

/// What is wrong with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the response is no HTTP/1.1: {0}")]
    Head(httparse::Error),
    #[error("the head of the response is longer than {MOST_HEAD} bytes")]
    HeadTooLong,
    #[error("the response has two different lengths, or one that is no number")]
    Length,
    #[error("a chunk of the response's body is malformed")]
    Chunk,
    #[error("the connection was closed before the response was whole")]
    Closed,
    #[error("bytes came that nobody asked for")]
    Unasked,
}

impl From<Malformed> for Fault {
    fn from(Malformed: Malformed) -> Fault {
        Fault::Chunk
    }
}

/// What came of the bytes so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The response goes on.
    More,
    Done,
}

/// A response that is whole. What was to be kept of it is in the [`Reader`] until the next one begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// All of it on the wire, heads of interim responses included.
    pub wire_bytes: u64,
    /// Of its content, without the framing of chunks.
    pub body_bytes: u64,
    /// The connection can carry another request.
    pub keeps_alive: bool,
    /// It says where to ask instead.
    pub redirects: bool,
    pub sets_cookies: bool,
}

/// What is wanted of a response beside its status and its sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// The head, for [`Reader::field`].
    pub head: bool,
    /// The head where it redirects or sets cookies, which few do.
    pub news: bool,
    /// So many bytes of the content; the rest is counted.
    pub content: usize,
}

/// Reads one response at a time. The bytes belong to whoever reads them: a reader keeps what is wanted, and the part
/// of a head that came alone, so that thousands of them are small.
#[derive(Debug)]
pub struct Reader {
    /// Of a head that is not whole.
    partial: Vec<u8>,
    head: Vec<u8>,
    content: Vec<u8>,
    keep: Keep,
    state: State,
    is_head: bool,
    response: Response,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No response is awaited.
    Idle,
    Head,
    Body(Body),
}

/// What a head says of what follows it.
struct Framing {
    length: usize,
    status: u16,
    body: Option<Body>,
    keeps_alive: bool,
    redirects: bool,
    sets_cookies: bool,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader {
            partial: Vec::new(),
            head: Vec::new(),
            content: Vec::new(),
            keep: Keep::default(),
            state: State::Idle,
            is_head: false,
            response: Response::default(),
        }
    }
}

impl Reader {
    /// A request goes out: its response is awaited.
    pub fn begin(&mut self, is_head: bool, keep: Keep) {
        self.partial.clear();
        self.head.clear();
        self.content.clear();
        if self.content.capacity() > MOST_KEPT {
            self.content = Vec::new();
        }
        (self.is_head, self.keep) = (is_head, keep);
        self.state = State::Head;
        self.response = Response::default();
    }

    /// Bytes that came.
    pub fn read(&mut self, input: &[u8]) -> Result<Progress, Fault> {
        self.response.wire_bytes += input.len() as u64;
        if self.partial.is_empty() {
            return self.take(input);
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(input);
        self.take(&whole)
    }

    fn take(&mut self, mut input: &[u8]) -> Result<Progress, Fault> {
        loop {
            match &mut self.state {
                State::Idle => return Err(Fault::Unasked),
                State::Head => {
                    let Some(framing) = framing(input, self.is_head)? else {
                        if input.len() > MOST_HEAD {
                            return Err(Fault::HeadTooLong);
                        }
                        self.partial.extend_from_slice(input);
                        return Ok(Progress::More);
                    };
                    let (head, rest) = input.split_at(framing.length);
                    input = rest;
                    // An interim response; another one follows.
                    if framing.status < 200 && framing.status != 101 {
                        continue;
                    }
                    let has_news = framing.redirects || framing.sets_cookies;
                    if self.keep.head || self.keep.news && has_news {
                        self.head.extend_from_slice(head);
                        unfold(&mut self.head);
                    }
                    self.response.status = framing.status;
                    self.response.keeps_alive = framing.keeps_alive;
                    self.response.redirects = framing.redirects;
                    self.response.sets_cookies = framing.sets_cookies;
                    match framing.body {
                        None => return Ok(self.end(input)),
                        Some(body) => self.state = State::Body(body),
                    }
                }
                State::Body(body) => {
                    let (content, keep) = (&mut self.content, self.keep.content);
                    let count = &mut self.response.body_bytes;
                    let (taken, is_over) = body.take(input, |data| {
                        *count += data.len() as u64;
                        let wanted = data.len().min(keep.saturating_sub(content.len()));
                        content.extend_from_slice(&data[..wanted]);
                    })?;
                    if is_over {
                        return Ok(self.end(&input[taken..]));
                    }
                    return Ok(Progress::More);
                }
            }
        }
    }

    /// The head of a response that came in another framing, as HTTP/2's does, with so many fields. It is kept as if it
    /// had come in ours.
    pub fn head_came<'a>(
        &mut self,
        status: u16,
        count: usize,
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), Fault> {
        if count > MOST_FIELDS {
            return Err(Fault::Head(httparse::Error::TooManyHeaders));
        }
        self.response.status = status;
        self.state = State::Body(Body::UntilClose);
        if !self.keep.head && !self.keep.news {
            return Ok(());
        }
        self.head.extend_from_slice(format!("HTTP/1.1 {status} \r\n").as_bytes());
        for (name, value) in fields {
            self.response.redirects |= may_redirect(status) && name.eq_ignore_ascii_case("location");
            self.response.sets_cookies |= name.eq_ignore_ascii_case("set-cookie");
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                self.head.extend_from_slice(part);
            }
        }
        self.head.extend_from_slice(b"\r\n");
        let has_news = self.response.redirects || self.response.sets_cookies;
        if !self.keep.head && !has_news {
            self.head.clear();
        }
        Ok(())
    }

    /// Content of such a response.
    pub fn content_came(&mut self, data: &[u8]) {
        self.response.body_bytes += data.len() as u64;
        let wanted = data.len().min(self.keep.content.saturating_sub(self.content.len()));
        self.content.extend_from_slice(&data[..wanted]);
    }

    /// It is over, however it ended, and so many bytes came on the wire meanwhile.
    pub fn ended(&mut self, wire_bytes: u64) {
        self.response.wire_bytes += wire_bytes;
        self.state = State::Idle;
    }

    /// The server closed the connection, which ends some bodies.
    pub fn closed(&mut self) -> Result<Progress, Fault> {
        if self.state != State::Body(Body::UntilClose) {
            return Err(Fault::Closed);
        }
        self.response.keeps_alive = false;
        Ok(self.end(&[]))
    }

    /// The last response that was whole.
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// Its content, as far as it was wanted.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// The first field of this name in its head, where that was wanted.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
        let mut head = httparse::Response::new(&mut []);
        parser().parse_response_with_uninit_headers(&mut head, &self.head, &mut fields).ok()?;
        head.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    }

    /// All fields of this name, as far as the head was kept.
    pub fn each_field(&self, name: &str, mut use_it: impl FnMut(&[u8])) {
        let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
        let mut head = httparse::Response::new(&mut []);
        let parser = httparse::ParserConfig::default();
        if parser.parse_response_with_uninit_headers(&mut head, &self.head, &mut fields).is_ok() {
            let named = head.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
            named.for_each(|field| use_it(field.value));
        }
    }

    fn end(&mut self, rest: &[u8]) -> Progress {
        self.state = State::Idle;
        // Nothing may come before it is asked for: whose answer would it be? The response is whole all the same.
        self.response.keeps_alive &= rest.is_empty();
        Progress::Done
    }
}

/// What the head at the front says; `None` where it is not whole.
fn framing(bytes: &[u8], is_head: bool) -> Result<Option<Framing>, Fault> {
    let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut head = httparse::Response::new(&mut []);
    let length = match parser().parse_response_with_uninit_headers(&mut head, bytes, &mut fields) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(Fault::Head(error)),
    };
    let status = head.code.unwrap_or_default();
    let (mut closes, mut keeps) = (false, head.version == Some(1));
    let (mut fixed, mut is_chunked, mut is_coded) = (None, false, false);
    let (mut redirects, mut sets_cookies) = (false, false);
    let may_redirect = may_redirect(status);
    for field in &*head.headers {
        match field.name.len() {
            8 if may_redirect && field.name.eq_ignore_ascii_case("location") => redirects = true,
            10 if field.name.eq_ignore_ascii_case("set-cookie") => sets_cookies = true,
            10 if field.name.eq_ignore_ascii_case("connection") => {
                closes |= has_token(field.value, b"close");
                keeps |= has_token(field.value, b"keep-alive");
            }
            14 if field.name.eq_ignore_ascii_case("content-length") => {
                let length = number(field.value.trim_ascii()).ok_or(Fault::Length)?;
                if fixed.replace(length).is_some_and(|before| before != length) {
                    return Err(Fault::Length);
                }
            }
            17 if field.name.eq_ignore_ascii_case("transfer-encoding") => {
                is_coded = true;
                is_chunked = has_token(field.value, b"chunked");
            }
            _ => {}
        }
    }
    let body = match fixed {
        _ if is_head || status < 200 || matches!(status, 204 | 304) => None,
        _ if is_chunked => Some(Body::CHUNKED),
        _ if is_coded => Some(Body::UntilClose),
        Some(0) => None,
        Some(length) => Some(Body::Fixed(length)),
        None => Some(Body::UntilClose),
    };
    // Of several lines the careful one counts; and behind 101 another protocol is spoken.
    let keeps_alive = keeps && !closes && status != 101 && body != Some(Body::UntilClose);
    Ok(Some(Framing { length, status, body, keeps_alive, redirects, sets_cookies }))
}

fn may_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Old servers go on with a field in the next line, behind a space.
fn parser() -> httparse::ParserConfig {
    let mut parser = httparse::ParserConfig::default();
    parser.allow_obsolete_multiline_headers_in_responses(true);
    parser
}

/// Makes one line of each field; RFC 9112, section 5.2.
fn unfold(head: &mut [u8]) {
    let mut at = 0;
    while let Some(end) = memchr::memchr(b'\n', &head[at..]).map(|found| at + found) {
        at = end + 1;
        if matches!(head.get(at), Some(b' ' | b'\t')) {
            head[end] = b' ';
            if end > 0 && head[end - 1] == b'\r' {
                head[end - 1] = b' ';
            }
        }
    }
}

/// Digits alone, and not so many that they could be more than there is.
fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 18 {
        return None;
    }
    value
        .iter()
        .try_fold(0_u64, |sum, &byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// Whether a list of tokens holds one.
fn has_token(value: &[u8], token: &[u8]) -> bool {
    value.split(|&byte| byte == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(token))
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
