//! The body of a scrape: a document in chunks, encoded as the reader takes them.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use crate::encode::prometheus::Encoder;

use super::counters::{Counters, CutOff, add};

/// Bytes of one chunk: what a scrape holds in memory.
pub(super) const CHUNK: usize = 64 * 1024;

#[derive(Debug)]
enum Source {
    Encoder(Box<Encoder>),
    Shared(Bytes),
    Ended,
}

/// Fails once the deadline has passed, so that no reader can take for ever.
#[derive(Debug)]
pub(super) struct ScrapeBody {
    source: Source,
    deadline: Instant,
    counters: Arc<Counters>,
}

impl ScrapeBody {
    /// A document that is encoded while it is sent.
    pub(super) fn streamed(encoder: Encoder, deadline: Instant, counters: Arc<Counters>) -> ScrapeBody {
        ScrapeBody { source: Source::Encoder(Box::new(encoder)), deadline, counters }
    }

    /// Bytes that other responses share.
    pub(super) fn shared(bytes: Bytes, deadline: Instant, counters: Arc<Counters>) -> ScrapeBody {
        ScrapeBody { source: Source::Shared(bytes), deadline, counters }
    }

    fn next_chunk(&mut self) -> Bytes {
        match &mut self.source {
            Source::Encoder(encoder) => {
                // A row more than the chunk fits without growing.
                let mut out = Vec::with_capacity(CHUNK + 2048);
                if !encoder.next_chunk(&mut out, CHUNK) {
                    self.source = Source::Ended;
                }
                out.into()
            }
            Source::Shared(bytes) => {
                let chunk = bytes.split_to(CHUNK.min(bytes.len()));
                if bytes.is_empty() {
                    self.source = Source::Ended;
                }
                chunk
            }
            Source::Ended => Bytes::new(),
        }
    }
}

impl Body for ScrapeBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if matches!(self.source, Source::Ended) {
            return Poll::Ready(None);
        }
        if Instant::now() > self.deadline {
            self.source = Source::Ended;
            self.counters.cut_off(CutOff::SlowReader);
            let error = io::Error::new(io::ErrorKind::TimedOut, "the peer reads too slowly");
            return Poll::Ready(Some(Err(error)));
        }
        let chunk = self.next_chunk();
        if chunk.is_empty() {
            return Poll::Ready(None);
        }
        add(&self.counters.response_bytes, chunk.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, Source::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Shared(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Encoder(_) => SizeHint::default(),
            Source::Ended => SizeHint::with_exact(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use http_body_util::BodyExt as _;

    #[tokio::test(start_paused = true)]
    async fn a_body_ends_with_an_error_after_its_deadline() {
        let counters = Arc::new(Counters::default());
        let bytes = Bytes::from(vec![7; CHUNK * 2 + 1]);
        let limit = std::time::Duration::from_secs(30);
        let mut body = ScrapeBody::shared(bytes, Instant::now() + limit, Arc::clone(&counters));
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), CHUNK);
        tokio::time::advance(limit * 2).await;
        assert!(body.frame().await.unwrap().is_err());
        assert!(body.frame().await.is_none());
        assert_eq!(counters.stats().response_bytes, CHUNK as u64);
        assert!(counters.stats().cut_off.contains(&("slow_reader", 1)));
    }

    #[tokio::test]
    async fn shared_bytes_arrive_whole() {
        let bytes: Bytes = (0..CHUNK * 3).map(|byte| byte as u8).collect();
        let deadline = Instant::now() + std::time::Duration::from_secs(30);
        let body = ScrapeBody::shared(bytes.clone(), deadline, Arc::default());
        assert_eq!(body.size_hint().exact(), Some(bytes.len() as u64));
        assert!(body.collect().await.unwrap().to_bytes() == bytes);
    }
}
