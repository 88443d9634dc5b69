//! Bytes that came and are not read yet, and bytes that are to go out. A connection that waits has none of either:
//! the thread lends them, so that many idle connections cost little and few hot buffers serve all.

use std::cell::RefCell;

use super::head::MAX_HEAD_BYTES;

/// More bytes of answers than this are sent before another request is read.
pub(super) const FLUSH_BYTES: usize = 64 * 1024;

/// How many pairs wait to be lent again.
const MAX_KEPT: usize = 64;

/// What one busy connection holds.
#[derive(Debug)]
pub(super) struct Buffers {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
    /// Answers that are not sent yet.
    pub(super) output: Vec<u8>,
}

impl Default for Buffers {
    fn default() -> Self {
        Buffers { bytes: vec![0; MAX_HEAD_BYTES].into_boxed_slice(), start: 0, end: 0, output: Vec::new() }
    }
}

impl Buffers {
    /// What came and is not read yet.
    pub(super) fn input(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The input, and the output to write to while it is read.
    pub(super) fn split(&mut self) -> (&[u8], &mut Vec<u8>) {
        (&self.bytes[self.start..self.end], &mut self.output)
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Where more can be read to; empty where nothing more fits.
    pub(super) fn space(&mut self) -> &mut [u8] {
        if self.end == self.bytes.len() && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.bytes[self.end..]
    }

    pub(super) fn came(&mut self, count: usize) {
        self.end += count;
    }

    pub(super) fn is_full(&self) -> bool {
        self.end - self.start == self.bytes.len()
    }

    fn is_empty(&self) -> bool {
        self.start == self.end && self.output.is_empty()
    }
}

/// The buffers that nobody holds. The one that came back last is lent first: the cache still knows it.
#[derive(Debug, Default)]
pub(super) struct Pool {
    free: RefCell<Vec<Buffers>>,
}

impl Pool {
    pub(super) fn lend(&self) -> Buffers {
        self.free.borrow_mut().pop().unwrap_or_default()
    }

    /// Takes back what holds nothing; what does stays where it is.
    pub(super) fn take_back(&self, held: &mut Option<Buffers>) {
        let Some(buffers) = held.take_if(|buffers| buffers.is_empty()) else { return };
        let mut free = self.free.borrow_mut();
        if free.len() < MAX_KEPT && buffers.output.capacity() <= 2 * FLUSH_BYTES {
            free.push(buffers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_stays_in_order() {
        let mut buffers = Buffers::default();
        let fill = |buffers: &mut Buffers, byte: u8| {
            let space = buffers.space();
            space.fill(byte);
            let count = space.len();
            buffers.came(count);
            count
        };
        assert_eq!(fill(&mut buffers, b'a'), MAX_HEAD_BYTES);
        assert!(buffers.is_full() && buffers.space().is_empty());
        buffers.consume(MAX_HEAD_BYTES - 1);
        assert_eq!(buffers.input(), b"a");
        assert_eq!(fill(&mut buffers, b'b'), MAX_HEAD_BYTES - 1);
        assert!(buffers.input().starts_with(b"abb"));
        buffers.consume(usize::MAX);
        assert!(buffers.input().is_empty());
    }

    #[test]
    fn only_empty_buffers_go_back() {
        let pool = Pool::default();
        let mut held = Some(pool.lend());
        held.as_mut().unwrap().output.push(1);
        pool.take_back(&mut held);
        assert!(held.is_some());
        held.as_mut().unwrap().output.clear();
        pool.take_back(&mut held);
        assert!(held.is_none() && pool.free.borrow().len() == 1);
    }
}
