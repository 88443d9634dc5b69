//! JSON as it comes: an object's fields go where they belong, what is unknown is skipped, and a value of another type
//! than documented loses itself alone.

use std::borrow::Cow;

use super::scanner::{Broken, Scanner};
use super::time::seconds_of;

/// Something that takes an object's fields one by one.
pub(super) trait Fields<'de> {
    /// Takes the field or skips it.
    fn field(&mut self, key: &str, value: Value<'_, 'de>) -> Result<(), Broken>;

    /// False for an element that says nothing of whom it speaks: it is left out of its list.
    fn is_named(&self) -> bool {
        true
    }
}

/// Something that takes a list's elements.
pub(super) trait Elements<'de> {
    fn element(&mut self, scanner: &mut Scanner<'de>) -> Result<(), Broken>;
}

/// A list that grows to a bound; what is beyond is read and counted as a fault.
#[derive(Debug)]
pub(super) struct Bounded<'x, T> {
    pub(super) list: &'x mut Vec<T>,
    pub(super) limit: usize,
}

impl<'de, T: Fields<'de> + Default> Elements<'de> for Bounded<'_, T> {
    fn element(&mut self, scanner: &mut Scanner<'de>) -> Result<(), Broken> {
        let mut item = T::default();
        read_object(scanner, &mut item)?;
        if item.is_named() && self.list.len() < self.limit {
            self.list.push(item);
        } else {
            scanner.fault();
        }
        Ok(())
    }
}

/// The value behind a key, still to be read. Each way of reading takes it whole.
pub(super) struct Value<'x, 'de> {
    scanner: &'x mut Scanner<'de>,
}

impl<'de> Value<'_, 'de> {
    pub(super) fn number(self, into: &mut Option<u64>) -> Result<(), Broken> {
        *into = self.scanner.number()?;
        Ok(())
    }

    /// Seconds since the epoch of an RFC 3339 time.
    pub(super) fn time(self, into: &mut Option<i64>) -> Result<(), Broken> {
        *into = None;
        match self.scanner.peek()? {
            b'"' => {
                *into = seconds_of(&self.scanner.string()?);
                if into.is_none() {
                    self.scanner.fault();
                }
                Ok(())
            }
            other => self.scanner.refuse(other),
        }
    }

    pub(super) fn text(self, into: &mut Cow<'de, str>) -> Result<(), Broken> {
        *into = Cow::default();
        match self.scanner.peek()? {
            b'"' => {
                *into = self.scanner.string()?;
                Ok(())
            }
            other => self.scanner.refuse(other),
        }
    }

    pub(super) fn object<T: Fields<'de>>(self, into: &mut T) -> Result<(), Broken> {
        read_object(self.scanner, into)
    }

    pub(super) fn list<T: Elements<'de>>(self, mut into: T) -> Result<(), Broken> {
        match self.scanner.peek()? {
            b'[' => self.scanner.expect(b'[')?,
            other => return self.scanner.refuse(other),
        }
        if self.scanner.peek()? == b']' {
            return self.scanner.expect(b']');
        }
        loop {
            into.element(self.scanner)?;
            if !self.scanner.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    pub(super) fn skip(self) -> Result<(), Broken> {
        self.scanner.skip()
    }
}

/// Reads an object into what takes its fields.
pub(super) fn read_object<'de, T: Fields<'de>>(
    scanner: &mut Scanner<'de>,
    into: &mut T,
) -> Result<(), Broken> {
    match scanner.peek()? {
        b'{' => scanner.expect(b'{')?,
        other => return scanner.refuse(other),
    }
    if scanner.peek()? == b'}' {
        return scanner.expect(b'}');
    }
    loop {
        let key = scanner.string()?;
        scanner.expect(b':')?;
        into.field(&key, Value { scanner })?;
        if !scanner.goes_on(b'}')? {
            return Ok(());
        }
    }
}
