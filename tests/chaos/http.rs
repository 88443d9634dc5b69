//! Just enough HTTP/1.1 for a proxy that loses nothing but on purpose.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

/// The head of a message, ending with the empty line, and how its body is bounded.
pub(crate) struct Head {
    pub(crate) text: String,
    pub(crate) length: usize,
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.text.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The second word of the first line of an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.text.split(' ').nth(1)?.parse().ok()
    }
}

/// One direction of a connection.
pub(crate) struct Reader<'a> {
    stream: &'a TcpStream,
    ahead: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(stream: &'a TcpStream) -> Reader<'a> {
        Reader { stream, ahead: Vec::new() }
    }

    fn more(&mut self) -> Option<()> {
        let mut buffer = [0; 16 << 10];
        let read = self.stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        self.ahead.extend_from_slice(&buffer[..read]);
        Some(())
    }

    /// `None` at the end of the connection.
    pub(crate) fn head(&mut self) -> Option<Head> {
        let end = loop {
            if let Some(at) = self.ahead.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more()?;
        };
        let text = String::from_utf8(self.ahead.drain(..end).collect()).ok()?;
        let mut head = Head { text, length: 0 };
        assert!(head.header("transfer-encoding").is_none(), "{} is in chunks", head.text);
        head.length = head.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        Some(head)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.ahead.len() < length {
            self.more()?;
        }
        Some(self.ahead.drain(..length).collect())
    }
}

/// Ends a connection so that the other side sees a reset, and loses what it has not read.
pub(crate) fn reset(stream: &TcpStream) {
    _ = set_socket_linger(stream, Some(Duration::ZERO));
}

/// The body as it was before it was compressed.
pub(crate) fn unpacked(head: &Head, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match head.header("content-encoding") {
        None => plain.extend_from_slice(body),
        Some("gzip") => {
            flate2::read::MultiGzDecoder::new(body).read_to_end(&mut plain).unwrap();
        }
        Some("snappy") => plain = snap::raw::Decoder::new().decompress_vec(body).unwrap(),
        Some(other) => panic!("content-encoding {other}"),
    }
    plain
}
