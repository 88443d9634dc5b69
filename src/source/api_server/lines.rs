//! A stream of lines, as watches give it: one JSON object each, whenever something happens.

use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use kube::client::Body;
use tokio::time::{Instant, timeout_at};

use super::connect::ApiServer;
use super::error::{ApiError, Kind};
use super::get::next;

/// An open stream. Dropping it ends the request.
#[derive(Debug)]
pub struct Lines {
    response: Response<Body>,
    /// What came behind the last line.
    pending: Bytes,
    /// What has come of the line.
    line: Vec<u8>,
    /// True where `line` is whole and has been given out.
    is_whole: bool,
    /// When something last came.
    heard: Instant,
    limit: usize,
    received: usize,
}

impl ApiServer {
    /// Opens the stream at `path` (with its query). No line may be longer than `limit` bytes.
    pub async fn lines(&self, path: &str, limit: usize) -> Result<Lines, ApiError> {
        let opened = timeout_at(Instant::now() + self.timeout, self.open(path)).await;
        let response = opened.unwrap_or(Err(Kind::Timeout { limit: self.timeout }));
        let response = response.map_err(|kind| self.error(path, kind))?;
        Ok(Lines::new(response, limit))
    }

    /// The next line without its end; `None` at the end of the stream. A stream that says nothing for `idle` is
    /// taken for dead. An unfinished line at the end is an error: what it would have said is not known. Nothing is
    /// lost where the caller stops waiting and asks again.
    pub async fn next_line<'a>(
        &self,
        lines: &'a mut Lines,
        idle: Duration,
    ) -> Result<Option<&'a [u8]>, ApiError> {
        let found = timeout_at(lines.heard + idle, lines.advance()).await;
        match found.unwrap_or(Err(Kind::Timeout { limit: idle })) {
            Ok(true) => Ok(Some(&lines.line)),
            Ok(false) => Ok(None),
            Err(kind) => Err(ApiError::new(&*self.url, kind)),
        }
    }
}

impl Lines {
    fn new(response: Response<Body>, limit: usize) -> Lines {
        let (pending, line) = (Bytes::new(), Vec::new());
        Lines { response, pending, line, is_whole: false, heard: Instant::now(), limit, received: 0 }
    }

    /// Bytes that came since the stream was opened.
    pub fn received(&self) -> usize {
        self.received
    }

    /// True when `line` holds the next one.
    async fn advance(&mut self) -> Result<bool, Kind> {
        if std::mem::take(&mut self.is_whole) {
            self.line.clear();
            // A long line's memory is not kept for the short ones that follow.
            self.line.shrink_to(64 << 10);
        }
        loop {
            let end = memchr::memchr(b'\n', &self.pending);
            let part = self.pending.split_to(end.unwrap_or(self.pending.len()));
            if self.line.len() + part.len() > self.limit {
                return Err(Kind::TooLarge { limit: self.limit });
            }
            self.line.extend_from_slice(&part);
            if end.is_some() {
                self.pending = self.pending.split_off(1);
                self.is_whole = true;
                return Ok(true);
            }
            match next(self.response.body_mut(), self.received).await? {
                Some(data) => {
                    self.received += data.len();
                    self.heard = Instant::now();
                    self.pending = data;
                }
                None if self.line.is_empty() => return Ok(false),
                None => {
                    let error = "the stream ended within a line".to_owned();
                    return Err(Kind::Truncated { bytes: self.received, error });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &'static str, limit: usize) -> Lines {
        Lines::new(Response::new(Body::from(text.as_bytes().to_vec())), limit)
    }

    #[tokio::test]
    async fn lines_end_with_the_stream_and_are_bounded() {
        let mut two = lines("{\"a\":1}\n\n{}\n", 10);
        for expected in ["{\"a\":1}", "", "{}"] {
            assert!(two.advance().await.unwrap());
            assert_eq!(two.line, expected.as_bytes());
        }
        assert!(!two.advance().await.unwrap());
        assert_eq!(two.received(), 12);
        assert_eq!(lines("0123456789\n", 9).advance().await.unwrap_err().reason(), "too_large");
        let mut cut = lines("{}\n{\"a\"", 99);
        assert!(cut.advance().await.unwrap());
        assert_eq!(cut.advance().await.unwrap_err().reason(), "truncated");
    }
}
