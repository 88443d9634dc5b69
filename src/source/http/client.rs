//! One question, a GET or a POST that only asks: a deadline over all of it, a bound on its answer, and the two
//! retries that are worth it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use rustls::ClientConfig;
use tokio::time::{Instant, timeout_at};

use super::config::{Config, Login, Secret};
use super::connection::{Connection, Pool, connect, resolve};
use super::error::{HttpError, Kind};
use super::rights::{right_for, subject_of};
use super::target::{Target, url_problem};
use super::token::Token;
use super::trust::Trust;

/// A refusal may be a whole page; its beginning says who was refused.
const ERROR_BODY_BYTES: usize = 4096;

/// What is asked, and of whom.
#[derive(Clone, Copy, Debug)]
struct Question<'a> {
    target: &'a Target,
    /// The body of a POST; a GET has none.
    json: Option<&'a Bytes>,
}

/// A client of any number of servers. It holds one connection to each for the next request.
#[derive(Debug)]
pub struct Http {
    config: Config,
    pool: Pool,
    token: Option<Mutex<Token>>,
    trust: Mutex<Trust>,
}

impl Http {
    /// Files are read at the first request that needs them, so that one that comes late does no harm.
    pub fn new(config: &Config) -> Result<Http, HttpError> {
        let trust = Trust::new(config.ca_file.clone(), config.insecure_skip_verify);
        let account = config.token_file.clone().map(Secret::File).map(Login::Bearer);
        let token = config.login.clone().or(account).map(|login| Mutex::new(Token::new(login)));
        Ok(Http { config: config.clone(), pool: Pool::default(), token, trust: Mutex::new(trust) })
    }

    /// The document at `url`, in place of what `body` held. After an error `body` holds what had come.
    pub async fn get(&self, url: &str, body: &mut Vec<u8>) -> Result<(), HttpError> {
        self.ask(url, None, body).await
    }

    /// The answer to `json`, sent by POST. It may be sent twice, so it must change nothing.
    pub async fn post_json(&self, url: &str, json: &Bytes, body: &mut Vec<u8>) -> Result<(), HttpError> {
        self.ask(url, Some(json), body).await
    }

    async fn ask(&self, url: &str, json: Option<&Bytes>, body: &mut Vec<u8>) -> Result<(), HttpError> {
        body.clear();
        let outcome = self.fetch(url, json, body).await;
        outcome.map_err(|kind| {
            let shown = url_problem(url).map_or(url, |(_, shown)| shown);
            HttpError { url: shown.into(), kind }
        })
    }

    async fn fetch(&self, url: &str, json: Option<&Bytes>, body: &mut Vec<u8>) -> Result<(), Kind> {
        let question = Question { target: &Target::parse(url)?, json };
        let deadline = Instant::now() + self.config.timeout;
        let token = self.token(Token::header)?;
        let answer = self.attempt(question, token.as_ref(), deadline, body).await;
        if !matches!(answer, Err(Kind::Unauthorized { .. })) {
            return answer;
        }
        // The token may have been replaced just now; the same one would be refused again.
        let renewed = self.token(Token::read)?;
        if renewed == token {
            return answer;
        }
        self.attempt(question, renewed.as_ref(), deadline, body).await
    }

    fn token(&self, read: fn(&mut Token) -> Result<HeaderValue, Kind>) -> Result<Option<HeaderValue>, Kind> {
        let Some(token) = &self.token else { return Ok(None) };
        read(&mut token.lock().unwrap_or_else(PoisonError::into_inner)).map(Some)
    }

    /// One request, over a kept connection or a new one.
    async fn attempt(
        &self,
        question: Question<'_>,
        token: Option<&HeaderValue>,
        deadline: Instant,
        body: &mut Vec<u8>,
    ) -> Result<(), Kind> {
        let target = question.target;
        let trust = target.is_https.then(|| self.trust()).transpose()?;
        if let Some(mut connection) = self.pool.take(target, trust.as_ref()) {
            let response = self.head(&mut connection, question, token, deadline).await;
            match response {
                // The server closed it while we wrote; nothing was lost.
                Err(Kind::Truncated { .. }) => {}
                response => return self.finish(connection, response?, target, deadline, body).await,
            }
        }
        let mut connection = self.open(target, trust, deadline).await?;
        let response = self.head(&mut connection, question, token, deadline).await?;
        self.finish(connection, response, target, deadline, body).await
    }

    fn trust(&self) -> Result<Arc<ClientConfig>, Kind> {
        self.trust.lock().unwrap_or_else(PoisonError::into_inner).config()
    }

    async fn open(
        &self,
        target: &Target,
        trust: Option<Arc<ClientConfig>>,
        deadline: Instant,
    ) -> Result<Connection, Kind> {
        let addresses = self.within(deadline, "looking up the host", resolve(target)).await?;
        let stream = self.within(deadline, "connecting", connect(&addresses)).await?;
        let tls = trust.map(|trust| (trust, self.config.server_name.as_deref()));
        self.within(deadline, "shaking hands", Connection::open(stream, target, tls)).await
    }

    async fn head(
        &self,
        connection: &mut Connection,
        question: Question<'_>,
        token: Option<&HeaderValue>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, Kind> {
        let Question { target, json } = question;
        let method = if json.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::builder()
            .method(method)
            .uri(target.path.as_str())
            .header(HOST, &target.authority)
            .header(USER_AGENT, concat!("podometer/", env!("CARGO_PKG_VERSION")));
        if let Some(accept) = self.config.accept {
            request = request.header(ACCEPT, accept);
        }
        if json.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token);
        }
        let request = request.body(Full::new(json.cloned().unwrap_or_default()));
        let request = request.map_err(|_| Kind::BadUrl { problem: "has a path that HTTP cannot carry" })?;
        let exchange = async {
            let broken = |error: hyper::Error| Kind::Truncated { bytes: 0, error: chain(&error) };
            connection.sender.ready().await.map_err(broken)?;
            connection.sender.send_request(request).await.map_err(broken)
        };
        self.within(deadline, "waiting for the answer", exchange).await
    }

    /// Reads the body; the connection is kept when it came whole.
    async fn finish(
        &self,
        connection: Connection,
        response: Response<Incoming>,
        target: &Target,
        deadline: Instant,
        body: &mut Vec<u8>,
    ) -> Result<(), Kind> {
        let status = response.status();
        let limit = if status == StatusCode::OK { self.config.max_body_bytes } else { ERROR_BODY_BYTES };
        body.clear();
        let read = self.within(deadline, "reading the answer", read(response.into_body(), limit, body)).await;
        if read.is_ok() {
            self.pool.keep(connection);
        }
        if status == StatusCode::OK {
            return read;
        }
        let text = String::from_utf8_lossy(body);
        Err(match status {
            StatusCode::UNAUTHORIZED => Kind::Unauthorized { token_file: self.config.token_file.clone() },
            StatusCode::FORBIDDEN => Kind::Forbidden {
                subject: subject_of(&text).map(str::to_owned),
                right: right_for(target.path()),
            },
            StatusCode::NOT_FOUND => Kind::NotFound,
            _ => Kind::Status { status: status.as_u16(), body: text.into_owned() },
        })
    }

    async fn within<T>(
        &self,
        deadline: Instant,
        phase: &'static str,
        step: impl Future<Output = Result<T, Kind>>,
    ) -> Result<T, Kind> {
        let limit = self.config.timeout;
        timeout_at(deadline, step).await.unwrap_or(Err(Kind::Timeout { limit, phase }))
    }
}

/// Appends the body as far as `limit`.
async fn read(mut incoming: Incoming, limit: usize, body: &mut Vec<u8>) -> Result<(), Kind> {
    if incoming.size_hint().lower() > limit as u64 {
        return Err(Kind::TooLarge { limit });
    }
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| Kind::Truncated { bytes: body.len(), error: chain(&error) })?;
        let Ok(data) = frame.into_data() else { continue };
        let room = limit - body.len();
        body.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Err(Kind::TooLarge { limit });
        }
    }
    Ok(())
}

/// The error with its causes: the outermost of hyper's says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    // The library's address of its manual tells an operator nothing.
    if let Some(end) = text.find(": https://") {
        text.truncate(end);
    }
    text
}
