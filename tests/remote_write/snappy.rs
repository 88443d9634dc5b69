//! Snappy's block format without any compression, which every reader takes.
//!
//! Source: google/snappy `format_description.txt`.

/// The length, and literals of up to 64 KiB.
pub(crate) fn literals(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plain.len() + 16);
    let mut length = plain.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    for chunk in plain.chunks(1 << 16) {
        out.push(61 << 2);
        out.extend_from_slice(&((chunk.len() - 1) as u16).to_le_bytes());
        out.extend_from_slice(chunk);
    }
    out
}
