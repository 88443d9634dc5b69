//! Numbers as text, written where they are to stand and three digits at a time, so that a number costs no buffer of
//! its own and no copy of a length that is known only then.

/// The room that an integer needs: a u64 has 20 digits, its last ones are written with a byte to spare, and the
/// type or a line end follows.
pub(super) const ROOM: usize = 24;

const E3: u64 = 1000;
const E6: u64 = 1_000_000;
const E9: u64 = 1_000_000_000;

/// By number below 1000: its three digits and how many of them are leading zeros. Four bytes are one store; the
/// fourth is written over by what follows.
static GROUPS: [[u8; 4]; E3 as usize] = groups();

/// Writes `value` and `end` over the [`ROOM`] that `out` has from `at` on, and cuts off what is left of it.
#[inline]
pub(super) fn write_integer(out: &mut Vec<u8>, at: usize, value: u64, end: u8) {
    let Some(room) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) else { return };
    let length = write_digits(room, value);
    room[length] = end;
    out.truncate(at + length + 1);
}

pub(super) fn append_unsigned(out: &mut Vec<u8>, value: u64, end: u8) {
    let at = out.len();
    out.extend_from_slice(&[0; ROOM]);
    write_integer(out, at, value, end);
}

pub(super) fn append_signed(out: &mut Vec<u8>, value: i64, end: u8) {
    if value < 0 {
        out.push(b'-');
    }
    append_unsigned(out, value.unsigned_abs(), end);
}

/// Appends the shortest text that reads back as `value`, as the zmij crate writes it.
pub(super) fn append_float(out: &mut Vec<u8>, value: f64) {
    let Some((whole, thousandths)) = three_decimals(value) else {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
        return;
    };
    append_unsigned(out, whole, b'.');
    let zeros = match thousandths {
        _ if thousandths % 100 == 0 => 2,
        _ if thousandths % 10 == 0 => 1,
        _ => 0,
    };
    let [first, second, third, _] = GROUPS[thousandths as usize];
    out.extend_from_slice(&[first, second, third]);
    out.truncate(out.len() - zeros);
}

/// What stands before and behind the point of a number with at most three decimals, as percents and seconds have.
///
/// The product may be off by one; the quotient of two integers that f64 holds exactly is what a reader of these
/// decimals makes of them. With at most 15 digits no shorter text reads back the same.
fn three_decimals(value: f64) -> Option<(u64, u64)> {
    if !(0.0..1e12).contains(&value) {
        return None;
    }
    let scaled = (value * E3 as f64 + 0.5) as u64;
    let is_read_back = (scaled as f64 / E3 as f64).to_bits() == value.to_bits();
    is_read_back.then_some((scaled / E3, scaled % E3))
}

/// Writes the digits of `value` to the beginning of `room` and returns how many there are.
#[inline]
fn write_digits(room: &mut [u8; ROOM], value: u64) -> usize {
    if value < E9 {
        return write_up_to_nine(room, value);
    }
    let (above, last) = (value / E9, value % E9);
    let length = if above < E9 {
        write_up_to_nine(room, above)
    } else {
        let length = write_first(room, above / E9);
        write_nine(room, length, above % E9);
        length + 9
    };
    write_nine(room, length, last);
    length + 9
}

#[inline]
fn write_up_to_nine(room: &mut [u8; ROOM], value: u64) -> usize {
    if value < E3 {
        return write_first(room, value);
    }
    let mut length;
    if value < E6 {
        length = write_first(room, value / E3);
    } else {
        length = write_first(room, value / E6);
        write_group(room, length, value / E3 % E3);
        length += 3;
    }
    write_group(room, length, value % E3);
    length + 3
}

/// Nine digits, leading zeros among them.
#[inline]
fn write_nine(room: &mut [u8; ROOM], at: usize, value: u64) {
    let room = &mut room[at..at + 10];
    room[..4].copy_from_slice(&GROUPS[(value / E6) as usize]);
    room[3..7].copy_from_slice(&GROUPS[(value / E3 % E3) as usize]);
    room[6..].copy_from_slice(&GROUPS[(value % E3) as usize]);
}

/// The first one to three digits, without leading zeros.
#[inline]
fn write_first(room: &mut [u8; ROOM], value: u64) -> usize {
    let group = GROUPS[value as usize];
    let zeros = group[3];
    let digits = u32::from_le_bytes(group) >> (8 * zeros);
    room[..4].copy_from_slice(&digits.to_le_bytes());
    3 - usize::from(zeros)
}

#[inline]
fn write_group(room: &mut [u8; ROOM], at: usize, value: u64) {
    room[at..at + 4].copy_from_slice(&GROUPS[value as usize]);
}

const fn groups() -> [[u8; 4]; E3 as usize] {
    let mut groups = [[0; 4]; E3 as usize];
    let mut value = 0;
    while value < groups.len() {
        let digits = [(value / 100) as u8, (value / 10 % 10) as u8, (value % 10) as u8];
        let zeros = (value < 100) as u8 + (value < 10) as u8;
        groups[value] = [b'0' + digits[0], b'0' + digits[1], b'0' + digits[2], zeros];
        value += 1;
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn integer(value: u64) -> String {
        let mut out = b"v=".to_vec();
        append_unsigned(&mut out, value, b'i');
        let text = String::from_utf8(out.split_off(2)).unwrap();
        text.strip_suffix('i').unwrap().to_owned()
    }

    fn float(value: f64) -> String {
        let mut out = b"v=".to_vec();
        append_float(&mut out, value);
        String::from_utf8(out.split_off(2)).unwrap()
    }

    fn is_as_zmij(value: f64) -> bool {
        float(value) == zmij::Buffer::new().format_finite(value)
    }

    #[test]
    fn every_group_of_three_digits_is_right_in_every_place() {
        for group in 0..E3 {
            for value in [group, group * E3 + 7, group * E6 + 999, group * E9, E9 * E9 + group * E6] {
                assert_eq!(integer(value), value.to_string());
            }
        }
    }

    #[test]
    fn every_length_is_right() {
        for power in (0..20).map(|exponent| 10_u64.pow(exponent)) {
            for value in [power - 1, power, power + 1, power.saturating_mul(9)] {
                assert_eq!(integer(value), value.to_string());
            }
        }
        assert_eq!(integer(u64::MAX), u64::MAX.to_string());
    }

    #[test]
    fn short_decimals_are_as_zmij_writes_them() {
        for edge in
            [0.0, -0.0, 1e-3, 9.99e-4, 1e-5, 0.1 + 0.2, 1.0, 1e12, 999_999_999_999.999, 1e15, 1e16, -2.5]
        {
            assert!(is_as_zmij(edge), "{edge}");
        }
        for (value, text) in
            [(0.0, "0.0"), (90.0, "90.0"), (12.5, "12.5"), (0.07, "0.07"), (100.001, "100.001")]
        {
            assert_eq!((three_decimals(value).is_some(), &*float(value)), (true, text));
        }
        assert_eq!(three_decimals(1.0 / 3.0), None);
        for thousandths in 0..200_000 {
            assert!(is_as_zmij(f64::from(thousandths) / 1000.0), "{thousandths}");
        }
    }

    proptest! {
        #[test]
        fn integers_are_right(value: u64, shift in 0..64) {
            let value = value >> shift;
            prop_assert_eq!(integer(value), value.to_string());
        }

        #[test]
        fn floats_are_as_zmij_writes_them(value: f64, scaled: u64, shift in 0..64, exponent in 0..12) {
            prop_assert!(!value.is_finite() || is_as_zmij(value));
            prop_assert!(is_as_zmij((scaled >> shift) as f64 / 10_f64.powi(exponent)));
        }
    }
}
