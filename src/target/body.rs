//! The body of a request, whole and bounded; one that nobody looks at is read past.

use super::connection::{Connection, End};
use super::head::Body;
use super::reply::{Reply, TEXT};
use super::respond::Asked;

/// Largest body.
const MAX_BODY_BYTES: u64 = 1 << 20;

/// What a peer that sent `expect: 100-continue` waits for.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Why there is no body: the connection is gone, or this is to be said and then it ends.
enum Stop {
    Gone(End),
    Say(Reply),
}

impl From<End> for Stop {
    fn from(end: End) -> Self {
        Stop::Gone(end)
    }
}

/// The body, or the answer with which the connection ends.
pub(super) async fn read_body(
    connection: &mut Connection,
    asked: &Asked,
) -> Result<Result<Vec<u8>, Reply>, End> {
    if asked.body == Body::None {
        return Ok(Ok(Vec::new()));
    }
    let timeout = connection.thread().shared.config.request_timeout;
    connection.set_deadline(timeout);
    let mut reader = Reader { connection, kept: asked.wants_body().then(Vec::new), count: 0 };
    let read = match asked.body {
        Body::None => Ok(()),
        Body::Length(length) => reader.counted(length, asked.expects).await,
        Body::Chunked => reader.chunked(asked.expects).await,
    };
    match read {
        Ok(()) => Ok(Ok(reader.kept.unwrap_or_default())),
        Err(Stop::Say(reply)) => Ok(Err(reply)),
        Err(Stop::Gone(end)) => Err(end),
    }
}

/// What was found in the bytes that are there: how many of them it takes, and what it means.
type Found = Result<Option<(usize, u64)>, &'static str>;

struct Reader<'a> {
    connection: &'a mut Connection,
    /// `None` where nobody looks at it.
    kept: Option<Vec<u8>>,
    count: u64,
}

impl Reader<'_> {
    async fn counted(&mut self, length: u64, expects: bool) -> Result<(), Stop> {
        self.make_room_for(length)?;
        self.ask(expects).await?;
        self.take(length).await
    }

    async fn chunked(&mut self, expects: bool) -> Result<(), Stop> {
        self.ask(expects).await?;
        loop {
            let size = self.until(chunk_size).await?;
            if size == 0 {
                break;
            }
            self.make_room_for(size)?;
            self.take(size).await?;
            if self.until(line).await? != 0 {
                return Err(bad("a chunk of the body is longer than it says\n"));
            }
        }
        // Trailers, which nobody looks at, up to an empty line.
        while self.until(line).await? != 0 {}
        Ok(())
    }

    fn make_room_for(&mut self, length: u64) -> Result<(), Stop> {
        self.count = self.count.saturating_add(length);
        if self.count > MAX_BODY_BYTES {
            return Err(Stop::Say(Reply::text(413, TEXT, "the body of the request is larger than 1 MiB\n")));
        }
        Ok(())
    }

    /// Asks for the body, unless it is on its way already.
    async fn ask(&mut self, expects: bool) -> Result<(), Stop> {
        let buffers = self.connection.buffers();
        if expects && buffers.input().is_empty() {
            buffers.output.extend_from_slice(CONTINUE);
            self.connection.flush().await?;
        }
        Ok(())
    }

    async fn take(&mut self, mut left: u64) -> Result<(), Stop> {
        loop {
            let buffers = self.connection.buffers();
            let input = buffers.input();
            let count = input.len().min(left as usize);
            if let Some(kept) = &mut self.kept {
                kept.extend_from_slice(&input[..count]);
            }
            buffers.consume(count);
            left -= count as u64;
            if left == 0 {
                return Ok(());
            }
            self.connection.fill().await?;
        }
    }

    /// Reads on until this finds what it looks for, and gives what it means.
    async fn until(&mut self, find: fn(&[u8]) -> Found) -> Result<u64, Stop> {
        loop {
            let buffers = self.connection.buffers();
            match find(buffers.input()) {
                Ok(Some((length, meaning))) => {
                    buffers.consume(length);
                    return Ok(meaning);
                }
                Ok(None) if buffers.is_full() => return Err(bad("a line between chunks is too long\n")),
                Ok(None) => {}
                Err(why) => return Err(bad(why)),
            }
            self.connection.fill().await?;
        }
    }
}

fn bad(why: &str) -> Stop {
    Stop::Say(Reply::text(400, TEXT, why))
}

fn chunk_size(input: &[u8]) -> Found {
    match httparse::parse_chunk_size(input) {
        Ok(httparse::Status::Complete((length, size))) => Ok(Some((length, size))),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err("the size of a chunk of the body is no number\n"),
    }
}

/// One line; it means how long it is without its end.
fn line(input: &[u8]) -> Found {
    let Some(end) = memchr::memchr(b'\n', input) else { return Ok(None) };
    match input[..end].strip_suffix(b"\r") {
        Some(text) => Ok(Some((end + 1, text.len() as u64))),
        None => Err("a line between chunks ends without a carriage return\n"),
    }
}
