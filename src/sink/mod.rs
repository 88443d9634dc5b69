//! Where values are sent: each sink accounts for every point it was given.

pub mod influxdb;
