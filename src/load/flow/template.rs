//! Text with holes, compiled once: literal parts and what stands between them.

use std::fmt;
use std::io::Write;

use super::values::Values;

/// A text that is filled in for each request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Box<[Part]>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Literal(Box<[u8]>),
    /// The default stands in where a variable has no value.
    Hole {
        slot: Slot,
        escape: Escape,
        default: Option<Box<[u8]>>,
    },
}

/// What a hole is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `${__VU}`: the user, counted from one.
    Vu,
    /// `${__ITER}`: the user's iteration, counted from zero.
    Iteration,
    /// `${__RANDOM(1,6)}`: a whole number, both ends included.
    Random { least: u64, most: u64 },
    /// `${__UUID}`: a random UUID, version 4.
    Uuid,
    /// What an earlier step extracted or set: an index into the vocabulary.
    Variable(usize),
    /// A column of a row: both are indices.
    Column { data: usize, column: usize },
}

/// What keeps a value from breaking what stands around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escape {
    #[default]
    Raw,
    /// Inside the quotes of a JSON text.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Bytes that cannot stand in a URL; those that mean something there stay.
    Url,
    /// Line ends would begin another header.
    Header,
}

/// A variable that has no value: its extraction found nothing. The index is that of the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unset(pub usize);

impl Template {
    /// Neighbouring literals become one.
    pub fn new(parts: impl IntoIterator<Item = Part>) -> Template {
        let mut joined: Vec<Part> = Vec::new();
        for part in parts {
            match (joined.last_mut(), part) {
                (Some(Part::Literal(last)), Part::Literal(more)) => {
                    *last = [&last[..], &more[..]].concat().into();
                }
                (_, Part::Literal(empty)) if empty.is_empty() => {}
                (_, part) => joined.push(part),
            }
        }
        Template(joined.into())
    }

    pub fn literal(text: impl AsRef<[u8]>) -> Template {
        Template::new([Part::Literal(text.as_ref().into())])
    }

    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The whole text where there is no hole: it can be written once and kept.
    pub fn as_literal(&self) -> Option<&[u8]> {
        match &*self.0 {
            [] => Some(&[]),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends the text. What was appended before a variable without a value was met stays there.
    pub fn render(&self, values: &mut Values, into: &mut Vec<u8>) -> Result<(), Unset> {
        for part in &self.0 {
            match part {
                Part::Literal(text) => into.extend_from_slice(text),
                Part::Hole { slot, escape, default } => {
                    slot.render(*escape, default.as_deref(), values, into)?;
                }
            }
        }
        Ok(())
    }

    /// The columns' datasets, each perhaps several times.
    pub fn data(&self) -> impl Iterator<Item = usize> {
        self.0.iter().filter_map(|part| match part {
            Part::Hole { slot: Slot::Column { data, .. }, .. } => Some(*data),
            _ => None,
        })
    }
}

impl Slot {
    fn render(
        self,
        escape: Escape,
        default: Option<&[u8]>,
        values: &mut Values,
        into: &mut Vec<u8>,
    ) -> Result<(), Unset> {
        let mut digits = itoa::Buffer::new();
        match self {
            Slot::Vu => into.extend_from_slice(digits.format(values.vu).as_bytes()),
            Slot::Iteration => into.extend_from_slice(digits.format(values.iteration).as_bytes()),
            Slot::Random { least, most } => {
                let drawn = least + values.random.below((most - least).saturating_add(1));
                into.extend_from_slice(digits.format(drawn).as_bytes());
            }
            Slot::Uuid => uuid(values.random.bits(), values.random.bits(), into),
            Slot::Variable(variable) => {
                escape.write(values.get(variable).or(default).ok_or(Unset(variable))?, into);
            }
            Slot::Column { data, column } => escape.write(values.cell(data, column), into),
        }
        Ok(())
    }
}

/// By RFC 9562: all random but the version and the variant.
fn uuid(high: u64, low: u64, into: &mut Vec<u8>) {
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    // Writing to memory cannot fail.
    let _ = write!(
        into,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    );
}

impl Escape {
    pub fn write(self, value: &[u8], into: &mut Vec<u8>) {
        match self {
            Escape::Raw => into.extend_from_slice(value),
            Escape::Json => {
                for &byte in value {
                    match byte {
                        b'"' | b'\\' => into.extend_from_slice(&[b'\\', byte]),
                        0..0x20 => into.extend_from_slice(&[
                            b'\\',
                            b'u',
                            b'0',
                            b'0',
                            HEX[usize::from(byte >> 4)],
                            HEX[usize::from(byte & 15)],
                        ]),
                        _ => into.push(byte),
                    }
                }
            }
            Escape::Form => {
                for &byte in value {
                    match byte {
                        b' ' => into.push(b'+'),
                        b'*' | b'-' | b'.' | b'_' => into.push(byte),
                        _ if byte.is_ascii_alphanumeric() => into.push(byte),
                        _ => percent(byte, into),
                    }
                }
            }
            Escape::Url => {
                for &byte in value {
                    let is_plain = byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte);
                    if is_plain { into.push(byte) } else { percent(byte, into) }
                }
            }
            Escape::Header => {
                into.extend(
                    value.iter().map(|&byte| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { byte }),
                );
            }
        }
    }
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn percent(byte: u8, into: &mut Vec<u8>) {
    into.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
}

/// For messages and goldens; holes by their index.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Literal(text) => f.write_str(&String::from_utf8_lossy(text))?,
                Part::Hole { slot, escape, .. } => match escape {
                    Escape::Raw => write!(f, "${{{slot:?}}}")?,
                    escape => write!(f, "${{{slot:?} {escape:?}}}")?,
                },
            }
        }
        Ok(())
    }
}
