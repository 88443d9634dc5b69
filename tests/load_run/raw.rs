//! A server of HTTP/2 by hand, for what no library would send.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
/// `:status: 200` in HPACK's static table.
pub(crate) const STATUS_200: &[u8] = &[0x88];

/// The server's side of a connection.
pub(crate) struct Raw {
    stream: TcpStream,
}

/// An end in order: what the client still says is heard, or the kernel would reset the connection.
impl Drop for Raw {
    fn drop(&mut self) {
        if self.stream.shutdown(Shutdown::Write).is_ok() {
            while matches!(self.stream.read(&mut [0; 4096]), Ok(1..)) {}
        }
    }
}

impl Raw {
    /// The next request's stream; `None` at the end of the connection.
    pub(crate) fn request(&mut self) -> Option<u32> {
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            self.stream.read_exact(&mut payload).ok()?;
            if head[3] == HEADERS {
                return Some(u32::from_be_bytes([head[5], head[6], head[7], head[8]]));
            }
        }
    }

    /// False once nobody listens.
    pub(crate) fn say(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        let length = (payload.len() as u32).to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.stream.write_all(&[&head, payload].concat()).is_ok()
    }

    pub(crate) fn go_away(&mut self, last: u32, code: u32) -> bool {
        self.say(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
    }

    pub(crate) fn answer(&mut self, stream: u32) -> bool {
        self.say(HEADERS, END_HEADERS | END_STREAM, stream, STATUS_200)
    }
}

/// Does this with each connection, of which it counts; the client's greeting is read and ours was sent. It ends with the
/// test.
pub(crate) fn raw(
    answer: impl Fn(Raw, usize) + Send + Sync + Clone + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            let place = counted.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || {
                let mut greeting = [0; 24];
                if stream.read_exact(&mut greeting).is_ok() {
                    assert!(greeting.starts_with(b"PRI * HTTP/2.0"));
                    let mut raw = Raw { stream };
                    raw.say(SETTINGS, 0, 0, &[]);
                    answer(raw, place);
                }
            });
        }
    });
    (address, count)
}
