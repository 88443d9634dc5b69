//! InfluxDB line protocol.

mod line;

pub use line::LineWriter;
