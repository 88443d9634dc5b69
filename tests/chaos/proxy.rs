//! Between the child and the real server: it passes on, or fails in one of the ways in which networks and servers
//! fail, and writes down what became of each request.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::dice::Dice;
use crate::faults::{Counts, Fault, REQUEST_FAULTS};
use crate::http::{Head, Reader, reset, unpacked};
use crate::points::Form;

/// One request that arrived whole.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) life: u64,
    pub(crate) numbers: Vec<u64>,
    /// The status that was handed to the child, all of the answer with it.
    pub(crate) told: Option<u16>,
    /// By the proxy; the server never saw the request.
    pub(crate) is_own: bool,
    /// The child took the answer: it asked again on the same connection, which it keeps only then.
    pub(crate) is_noted: bool,
}

pub(crate) struct Proxy {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    server: u16,
    form: Form,
    log: Mutex<Vec<Exchange>>,
    dice: Mutex<Dice>,
    counts: Arc<Counts>,
    /// How many of a thousand requests fail.
    permille: AtomicU64,
    timeout_ms: AtomicU64,
    is_closed: AtomicBool,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::Relaxed);
        // The listener wakes and ends.
        _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

impl Proxy {
    pub(crate) fn start(server: u16, form: Form, seed: u64, counts: Arc<Counts>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            server,
            form,
            log: Mutex::default(),
            dice: Mutex::new(Dice::new(seed)),
            counts,
            permille: AtomicU64::new(0),
            timeout_ms: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if serving.is_closed.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || shared.serve(&client));
            }
        });
        Proxy { url, shared }
    }

    pub(crate) fn fail(&self, permille: u64, timeout_ms: u64) {
        self.shared.permille.store(permille, Ordering::Relaxed);
        self.shared.timeout_ms.store(timeout_ms, Ordering::Relaxed);
    }

    /// What was written down, in the order in which requests were whole.
    pub(crate) fn log(&self) -> Vec<Exchange> {
        self.shared.log.lock().unwrap().clone()
    }
}

/// What follows a request on its connection.
enum Next {
    Go,
    End,
}

impl Shared {
    fn serve(&self, client: &TcpStream) {
        _ = client.set_nodelay(true);
        let mut reader = Reader::new(client);
        let mut server: Option<TcpStream> = None;
        let mut previous: Option<usize> = None;
        while let Some(head) = reader.head() {
            if let Some(place) = previous.take() {
                let exchange = &mut self.log.lock().unwrap()[place];
                exchange.is_noted = exchange.told.is_some();
            }
            let (next, place) = self.pass(&head, &mut reader, client, &mut server);
            previous = place;
            if matches!(next, Next::End) {
                return;
            }
        }
    }

    /// One request; returns its place in the log.
    fn pass(
        &self,
        head: &Head,
        reader: &mut Reader<'_>,
        client: &TcpStream,
        server: &mut Option<TcpStream>,
    ) -> (Next, Option<usize>) {
        let fault = self.draw();
        if let Some(Fault::ResetBefore) = fault {
            reset(client);
            return (Next::End, None);
        }
        if let Some(Fault::ResetWithin | Fault::HalfBody) = fault {
            let half = reader.bytes(head.length / 2).unwrap_or_default();
            if fault == Some(Fault::HalfBody)
                && let Some(server) = self.connected(server)
            {
                _ = send(server, &forwarded(head).1, &half);
            }
            reset(client);
            return (Next::End, None);
        }
        let Some(body) = reader.bytes(head.length) else { return (Next::End, None) };
        let (life, forwarded) = forwarded(head);
        let numbers = self.form.numbers(&unpacked(head, &body));
        let place = {
            let mut log = self.log.lock().unwrap();
            log.push(Exchange { life, numbers, told: None, is_own: false, is_noted: false });
            log.len() - 1
        };
        if let Some(answer) = fault.and_then(Fault::answer) {
            self.log.lock().unwrap()[place].is_own = true;
            return (self.hand(client, place, answer.0, answer.1.as_bytes()), Some(place));
        }
        let timeout = Duration::from_millis(self.timeout_ms.load(Ordering::Relaxed) + 50);
        if fault == Some(Fault::LateRequest) {
            std::thread::sleep(timeout);
        }
        let Some(upstream) = self.connected(server) else { return (Next::End, Some(place)) };
        if !send(upstream, &forwarded, &body) {
            return (Next::End, Some(place));
        }
        if fault == Some(Fault::ResetAfter) {
            reset(client);
            return (Next::End, Some(place));
        }
        let Some((status, answer)) = answer_of(upstream) else { return (Next::End, Some(place)) };
        match fault {
            Some(Fault::SwallowedAnswer) => {
                reset(client);
                (Next::End, Some(place))
            }
            Some(Fault::HalfAnswer) => {
                // Not even the status line is whole.
                _ = (&*client).write_all(&answer[..answer.len().min(10)]);
                (Next::End, Some(place))
            }
            Some(Fault::LateAnswer) => {
                std::thread::sleep(timeout);
                (self.hand(client, place, status, &answer), Some(place))
            }
            _ => (self.hand(client, place, status, &answer), Some(place)),
        }
    }

    fn draw(&self) -> Option<Fault> {
        let mut dice = self.dice.lock().unwrap();
        if dice.below(1000) >= self.permille.load(Ordering::Relaxed) {
            return None;
        }
        let fault = dice.weighted(REQUEST_FAULTS);
        self.counts.add(fault);
        Some(fault)
    }

    fn connected<'a>(&self, server: &'a mut Option<TcpStream>) -> Option<&'a TcpStream> {
        if server.is_none() {
            *server = TcpStream::connect(("127.0.0.1", self.server)).ok();
            // Otherwise a body waits for the acknowledgement of its head.
            _ = server.as_ref().map(|stream| stream.set_nodelay(true));
        }
        server.as_ref()
    }

    fn hand(&self, client: &TcpStream, place: usize, status: u16, answer: &[u8]) -> Next {
        // Noted before it is sent: the child may be faster than we are.
        self.log.lock().unwrap()[place].told = Some(status);
        let mut client = client;
        if client.write_all(answer).is_ok() {
            return Next::Go;
        }
        self.log.lock().unwrap()[place].told = None;
        Next::End
    }
}

/// The child's life, which is the beginning of the path, and the head without it.
fn forwarded(head: &Head) -> (u64, String) {
    let (before, rest) = head.text.split_once("/life").unwrap();
    let (life, after) = rest.split_once('/').unwrap();
    (life.parse().unwrap(), format!("{before}/{after}"))
}

fn send(mut server: &TcpStream, head: &str, body: &[u8]) -> bool {
    server.write_all(head.as_bytes()).is_ok() && server.write_all(body).is_ok()
}

/// Status and bytes of a whole answer.
fn answer_of(server: &TcpStream) -> Option<(u16, Vec<u8>)> {
    let mut reader = Reader::new(server);
    let head = reader.head()?;
    let body = reader.bytes(head.length)?;
    let mut bytes = head.text.clone().into_bytes();
    bytes.extend_from_slice(&body);
    Some((head.status()?, bytes))
}
