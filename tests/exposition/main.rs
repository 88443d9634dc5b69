//! The exposition formats on a small hand-made snapshot, held against goldens, promtool and a decoder of
//! the test's own.

mod decode;
mod golden;
mod names;
mod neighbour;
mod protobuf;
mod rows;
mod sample;
